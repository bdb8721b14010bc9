/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over an ONNX graph: which nodes are needed, in which order names get values, and how the
 * finished graph is packed.
 *
 * Only ancestors of what was asked for are looked at, so that a file whose classifier does not fit
 * the asked size still works up to a convolution. A node all of whose inputs come from the file
 * alone is computed once in a network's life (constants.c). Nodes that nobody reads in the end
 * (those that were asked for their shape only) are dropped.
 */
#include "model/onnx/lower.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/onnx/lowering.h"

static const fvi_onnx_op onnx_ops[] = {
#define FVI_ONNX_OP(NAME, first, last, handler, param) \
    {NAME, first, last, fvi_lower_##handler, param},
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP
};

static const fvi_onnx_op *find_op(const fvi_site *s) {
    const char *domain = s->proto->domain;
    if (domain && domain[0] && strcmp(domain, "ai.onnx") != 0) return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(onnx_ops); i++)
        if (!strcmp(onnx_ops[i].name, s->proto->op_type) && s->l->opset >= onnx_ops[i].first &&
            s->l->opset <= onnx_ops[i].last)
            return &onnx_ops[i];
    return NULL;
}

static fv_status refuse(fvi_site *s) {
    const char *domain = s->proto->domain;
    int own = domain && domain[0] && strcmp(domain, "ai.onnx") != 0;
    int64_t opset = own ? fvi_onnx_opset(s->l->onnx, domain) : s->l->opset;
    return s->status =
               fvi_fail(s->l->err, FV_UNSUPPORTED,
                        "operator \"%s%s%s\" (node \"%s\", opset %" PRId64 ") is not supported",
                        own ? domain : "", own ? "." : "", s->proto->op_type, s->label, opset);
}

/* ---- names ---- */

static void scope_set(const fvi_scope *scope, const char *name, int v) {
    g_hash_table_insert(scope->values, (void *)name, GINT_TO_POINTER(v + 1));
}

static int constant_value(fvi_site *s, const char *name, const fvi_const *c, int stable) {
    int v = fvi_emit_alias(s, c, c->dtype, stable);
    if (v >= 0) g_array_index(s->l->values, fvi_draft, v).v.name = name;
    return v;
}

/* An initialiser of a subgraph, or NULL. */
static const fvi_const *subgraph_initializer(fvi_site *s, const fvi_scope *scope,
                                             const char *name) {
    int unused;
    const fvi_const *c = fvi_constants_find(s->l->cache, scope->graph, name, &unused);
    const Onnx__TensorProto *t = c ? NULL : g_hash_table_lookup(scope->inits, name);
    if (!t) return c;
    fvi_pool *pool = s->l->cache ? fvi_constants_pool(s->l->cache) : s->l->pool;
    s->status = fvi_onnx_tensor(s->l->onnx, t, pool, &c, s->l->err);
    if (!s->status) fvi_constants_keep(s->l->cache, scope->graph, name, c);
    return s->status ? NULL : c;
}

/* The initialisers of a subgraph by name; of several of one name the first. */
static GHashTable *initializers_by_name(const Onnx__GraphProto *g) {
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = g->n_initializer; i-- > 0;)
        if (g->initializer[i]->name)
            g_hash_table_insert(by_name, g->initializer[i]->name, g->initializer[i]);
    return by_name;
}

/* See lowering.h. */
int fvi_scope_find(fvi_site *s, const fvi_scope *scope, const char *name) {
    for (; scope && !s->status; scope = scope->outer) {
        void *found;
        if (g_hash_table_lookup_extended(scope->values, name, NULL, &found)) {
            if (!found)
                fvi_site_fail(s, FV_UNSUPPORTED, "\"%s\" is an output of its node that is not made",
                              name);
            return GPOINTER_TO_INT(found) - 1;
        }
        const fvi_const *c = scope->outer ? subgraph_initializer(s, scope, name)
                                          : fvi_onnx_initializer(s->l->onnx, name);
        if (!c) continue;
        int v = constant_value(s, name, c, 1);
        if (v >= 0) scope_set(scope, name, v);
        return v;
    }
    fvi_site_fail(s, FV_FORMAT, "there is no value \"%s\"", name);
    return -1;
}

/* ---- what is needed ---- */

/* All names a node reads, its subgraphs' too. */
static void add_inputs(GHashTable *needed, const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_input; i++) g_hash_table_add(needed, n->input[i]);
    for (size_t a = 0; a < n->n_attribute; a++) {
        const Onnx__GraphProto *g = n->attribute[a]->g;
        if (!g) continue;
        for (size_t i = 0; i < g->n_node; i++) add_inputs(needed, g->node[i]);
        for (size_t i = 0; i < g->n_output; i++)
            if (g->output[i]->name) g_hash_table_add(needed, g->output[i]->name);
    }
}

/* Extends `needed` by the ancestors of what is in it; nodes stand in topological order. */
static void add_ancestors(GHashTable *needed, const Onnx__NodeProto *const *nodes, int n) {
    for (int i = n - 1; i >= 0; i--) {
        int wanted = 0;
        for (size_t k = 0; k < nodes[i]->n_output; k++)
            wanted |= nodes[i]->output[k][0] && g_hash_table_contains(needed, nodes[i]->output[k]);
        if (wanted) add_inputs(needed, nodes[i]);
    }
}

/* ---- one node ---- */

/* Takes all outputs from the network's constants; 1 when that was possible. */
static int take_kept(fvi_site *s) {
    int unfoldable = 0;
    for (int i = 0; i < s->n_out; i++) {
        const char *name = s->proto->output[i];
        if (!fvi_site_wants(s, i)) continue;
        const fvi_const *c = fvi_constants_find(s->l->cache, s->scope->graph, name, &unfoldable);
        if (unfoldable) s->stable = 0;
        if (!c) return 0;
        fvi_site_out(s, i, fvi_emit_alias(s, c, c->dtype, 1));
    }
    return 1;
}

static void keep_outputs(fvi_site *s) {
    for (int i = 0; i < s->n_out; i++)
        if (s->out[i] >= 0)
            fvi_constants_keep(s->l->cache, s->scope->graph, s->proto->output[i],
                               fvi_site_const(s, s->out[i]));
}

static void read_inputs(fvi_site *s) {
    s->stable = s->proto->n_attribute == 0 || !fvi_onnx_attr(s->proto, "then_branch");
    int64_t elements = 0;
    int known = 1;
    for (int i = 0; i < s->n_in && !s->status; i++) {
        const char *name = s->proto->input[i];
        s->in[i] = name[0] ? fvi_scope_find(s, s->scope, name) : -1;
        if (s->in[i] < 0) continue;
        const fvi_draft *d = &g_array_index(s->l->values, fvi_draft, s->in[i]);
        s->stable = s->stable && d->stable;
        known = known && d->v.constant;
        elements += fvi_shape_count(&d->v.shape);
    }
    if (known) fvi_site_charge(s, elements);
}

/* Takes what was computed before, or runs the handler and keeps what can be. */
static void make_outputs(fvi_site *s) {
    int stable = s->stable;
    if (s->status || (stable && take_kept(s))) return;
    s->first_value = (int)s->l->values->len;
    s->op->lower(s);
    if (!s->status && stable) keep_outputs(s);
}

static fv_status lower_node(fvi_lowering *l, const fvi_scope *scope, const Onnx__NodeProto *n) {
    fvi_site s = {
        .l = l, .scope = scope, .proto = n, .n_in = (int)n->n_input, .n_out = (int)n->n_output};
    s.label = n->name && n->name[0] ? n->name : n->n_output ? n->output[0] : "?";
    s.op = find_op(&s);
    if (!s.op) return refuse(&s);
    int *slots = g_try_new(int, n->n_input + n->n_output + 1);
    if (!slots) return fvi_site_nomem(&s);
    for (size_t i = 0; i < n->n_input + n->n_output; i++) slots[i] = -1;
    s.in = slots;
    s.out = slots + n->n_input;
    read_inputs(&s);
    s.first_value = (int)l->values->len;
    s.first_node = (int)l->nodes->len;
    make_outputs(&s);
    if (!s.status) fvi_site_finish(&s);
    for (int i = 0; i < s.n_out; i++)
        if (n->output[i][0]) scope_set(scope, n->output[i], s.out[i]);
    g_free(slots);
    return s.status;
}

static fv_status lower_nodes(fvi_lowering *l, const fvi_scope *scope,
                             const Onnx__NodeProto *const *nodes, int n) {
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++) {
        int wanted = 0;
        for (size_t k = 0; k < nodes[i]->n_output; k++)
            wanted |=
                nodes[i]->output[k][0] && g_hash_table_contains(scope->needed, nodes[i]->output[k]);
        if (wanted) st = lower_node(l, scope, nodes[i]);
    }
    return st;
}

/* See lowering.h. */
fv_status fvi_lower_subgraph(fvi_site *s, const Onnx__GraphProto *g, int *out) {
    if (s->l->depth >= FVI_SUBGRAPH_MAX_DEPTH)
        return fvi_site_fail(s, FV_UNSUPPORTED, "subgraphs nest deeper than %d",
                             FVI_SUBGRAPH_MAX_DEPTH);
    GHashTable *needed = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_scope scope = {s->scope, g, g_hash_table_new(g_str_hash, g_str_equal), needed,
                       initializers_by_name(g)};
    const Onnx__NodeProto *const *nodes = (const Onnx__NodeProto *const *)g->node;
    for (size_t i = 0; i < g->n_output; i++)
        if (g->output[i]->name) g_hash_table_add(needed, g->output[i]->name);
    add_ancestors(needed, nodes, (int)g->n_node);
    s->l->depth++;
    s->status = lower_nodes(s->l, &scope, nodes, (int)g->n_node);
    s->l->depth--;
    for (size_t i = 0; i < g->n_output && !s->status; i++)
        out[i] = g->output[i]->name ? fvi_scope_find(s, &scope, g->output[i]->name) : -1;
    g_hash_table_destroy(needed);
    g_hash_table_destroy(scope.values);
    g_hash_table_destroy(scope.inits);
    return s->status;
}

/* ---- inputs ---- */

static const fvi_binding *find_binding(const fvi_binding *b, int nb, const char *name) {
    for (int i = 0; i < nb; i++)
        if (!strcmp(b[i].name, name)) return &b[i];
    return NULL;
}

/* The file's shape, free sizes 1; 0 when it gives none. */
static int file_shape(const Onnx__ValueInfoProto *v, fvi_shape *out) {
    const Onnx__TypeProto__Tensor *t = v->type ? v->type->tensor_type : NULL;
    memset(out, 0, sizeof *out);
    if (!t || !t->shape || t->shape->n_dim > FVI_MAX_DIMS) return 0;
    out->ndim = (int)t->shape->n_dim;
    for (int i = 0; i < out->ndim; i++)
        out->dim[i] = t->shape->dim[i]->has_dim_value && t->shape->dim[i]->dim_value > 0
                          ? t->shape->dim[i]->dim_value
                          : 1;
    return 1;
}

static int file_type(const Onnx__ValueInfoProto *v) {
    return v->type && v->type->tensor_type && v->type->tensor_type->has_elem_type
               ? v->type->tensor_type->elem_type
               : FVI_F32;
}

static int bound_constant(fvi_site *s, const fvi_binding *b) {
    uint8_t *data;
    int v = fvi_emit_constant(s, b->constant->dtype, &b->constant->shape, &data);
    size_t bytes =
        (size_t)fvi_shape_count(&b->constant->shape) * fvi_dtype_size(b->constant->dtype);
    if (v >= 0) memcpy(data, b->constant->bytes, bytes);
    return v;
}

/* Makes the value of one input of the file and, when it is a run-time one, notes it in `inputs`. */
static fv_status bind_input(fvi_site *s, const Onnx__ValueInfoProto *input, const fvi_binding *b,
                            int needed, GArray *inputs) {
    const char *name = input->name;
    fvi_shape shape;
    int known = file_shape(input, &shape), v;
    if (!b && fvi_onnx_initializer(s->l->onnx, name)) return FV_OK; /* an old file's weight */
    if (b && b->constant) {
        v = bound_constant(s, b);
    } else {
        int type = file_type(input);
        if (b) shape = b->shape;
        if (!needed && (!(known || b) || fvi_dtype_is_int((fvi_dtype)type))) return FV_OK;
        if (fvi_dtype_is_int((fvi_dtype)type))
            return fvi_fail(s->l->err, FV_UNSUPPORTED,
                            "input \"%s\" holds integers (%s); only f32 inputs run", name,
                            fvi_dtype_name((fvi_dtype)type));
        if (!(known || b) || fvi_shape_count(&shape) < 0)
            return fvi_fail(s->l->err, FV_SHAPE, "input \"%s\" has no usable shape", name);
        fvi_draft d = {{NULL, shape, -1, NULL}, FVI_F32, 0};
        g_array_append_val(s->l->values, d);
        v = (int)s->l->values->len - 1;
        g_array_append_val(inputs, v);
    }
    if (v < 0) return s->status;
    g_array_index(s->l->values, fvi_draft, v).v.name = name;
    scope_set(s->scope, name, v);
    return FV_OK;
}

/* ---- packing ---- */

/* Marks nodes and values that the outputs need, and every run-time input. */
static void mark(fvi_lowering *l, const int *outputs, int n, const GArray *inputs, char *node_used,
                 char *value_used) {
    for (int i = 0; i < n; i++) value_used[outputs[i]] = 1;
    for (guint i = 0; i < inputs->len; i++) value_used[g_array_index(inputs, int, i)] = 1;
    for (int i = (int)l->nodes->len - 1; i >= 0; i--) {
        const fvi_node *node = &g_array_index(l->nodes, fvi_node, i);
        node_used[i] = value_used[node->out];
        for (int k = 0; node_used[i] && k < node->n_in; k++)
            if (node->in[k] >= 0) value_used[node->in[k]] = 1;
    }
}

/* Numbers of values and nodes in g, by their numbers while lowering. */
typedef struct numbering {
    int *value, *node;
} numbering;

/* Copies one value; a constant of this lowering only is interned. 0: no memory. */
static int pack_value(fvi_lowering *l, fvi_graph *g, const fvi_draft *d, const numbering *new) {
    fvi_value *v = &g->values[g->n_values++];
    *v = d->v;
    if (v->producer >= 0) v->producer = new->node[v->producer];
    if (v->constant && l->cache && !d->stable)
        v->constant = fvi_constants_intern(l->cache, v->constant);
    return !d->v.constant || v->constant;
}

static void renumber(fvi_graph *g, const numbering *new) {
    for (int i = 0; i < g->n_nodes; i++) {
        fvi_node *node = &g->nodes[i];
        node->out = new->value[node->out];
        for (int k = 0; k < node->n_in; k++)
            if (node->in[k] >= 0) node->in[k] = new->value[node->in[k]];
    }
    for (int i = 0; i < g->n_inputs; i++) g->inputs[i] = new->value[g->inputs[i]];
    for (int i = 0; i < g->n_outputs; i++) g->outputs[i] = new->value[g->outputs[i]];
}

/* Copies what is used into g, renumbered. */
static fv_status pack(fvi_lowering *l, fvi_graph *g, const char *node_used,
                      const char *value_used) {
    numbering new = {fvi_pool_array(l->pool, l->values->len + 1, sizeof(int)),
                     fvi_pool_array(l->pool, l->nodes->len + 1, sizeof(int))};
    g->values = fvi_pool_array(l->pool, l->values->len + 1, sizeof *g->values);
    g->nodes = fvi_pool_array(l->pool, l->nodes->len + 1, sizeof *g->nodes);
    int fits = new.value &&new.node && g->values && g->nodes;
    for (guint i = 0; i < l->nodes->len && fits; i++) {
        if (!node_used[i]) continue;
        new.node[i] = g->n_nodes;
        g->nodes[g->n_nodes++] = g_array_index(l->nodes, fvi_node, i);
    }
    for (guint i = 0; i < l->values->len && fits; i++) {
        if (!value_used[i]) continue;
        new.value[i] = g->n_values;
        fits = pack_value(l, g, &g_array_index(l->values, fvi_draft, i), &new);
    }
    if (!fits)
        return fvi_fail(l->err, FV_NOMEM, "the lowered graph needs more than %zu MiB",
                        fvi_limits_constants(l->limits) >> 20);
    renumber(g, &new);
    return FV_OK;
}

static fv_status build(fvi_lowering *l, const int *outputs, int n, const GArray *inputs,
                       fvi_graph *g) {
    char *used = g_try_malloc0((gsize)l->nodes->len + l->values->len + 1);
    g->inputs = fvi_pool_array(l->pool, inputs->len + 1, sizeof(int));
    g->outputs = fvi_pool_array(l->pool, (size_t)n + 1, sizeof(int));
    fv_status st = used && g->inputs && g->outputs
                       ? FV_OK
                       : fvi_fail(l->err, FV_NOMEM, "no memory for the graph");
    if (!st) {
        g->pool = l->pool;
        g->n_inputs = (int)inputs->len;
        g->n_outputs = n;
        for (int i = 0; i < g->n_inputs; i++) g->inputs[i] = g_array_index(inputs, int, i);
        for (int i = 0; i < n; i++) g->outputs[i] = outputs[i];
        mark(l, outputs, n, inputs, used, used + l->nodes->len);
        st = pack(l, g, used, used + l->nodes->len);
    }
    g_free(used);
    return st;
}

/* ---- the whole ---- */

/* What is asked for: names, or the file's outputs. */
typedef struct wanted {
    const char *const *names;
    int n;
} wanted;

/* Fills `needed`. A name that the main graph does not have may be one we invent: then everything
 * the file's outputs need is lowered, and it is looked for afterwards. */
static void add_wanted(fvi_lowering *l, const wanted *w, GHashTable *needed) {
    const Onnx__GraphProto *g = fvi_onnx_proto(l->onnx)->graph;
    int invented = 0;
    for (int i = 0; i < w->n; i++) {
        g_hash_table_add(needed, (void *)w->names[i]);
        invented |= !g_hash_table_contains(l->value_names, w->names[i]);
    }
    for (size_t i = 0; i < g->n_output && (invented || !w->n); i++)
        g_hash_table_add(needed, g->output[i]->name);
    int count;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(l->onnx, &count);
    add_ancestors(needed, nodes, count);
}

static int find_value(fvi_site *s, const char *name) {
    if (g_hash_table_contains(s->scope->values, name) || fvi_onnx_initializer(s->l->onnx, name))
        return fvi_scope_find(s, s->scope, name);
    for (guint i = 0; i < s->l->values->len; i++) {
        const char *own = g_array_index(s->l->values, fvi_draft, i).v.name;
        if (own && !strcmp(own, name)) return (int)i;
    }
    s->status = fvi_fail(s->l->err, FV_NOTFOUND, "there is no value \"%s\"", name);
    return -1;
}

static fv_status walk(fvi_lowering *l, const fvi_binding *b, int nb, const wanted *w,
                      fvi_graph *g) {
    const Onnx__GraphProto *graph = fvi_onnx_proto(l->onnx)->graph;
    Onnx__NodeProto self = ONNX__NODE_PROTO__INIT;
    self.op_type = (char *)"graph";
    GHashTable *needed = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_scope scope = {NULL, graph, g_hash_table_new(g_str_hash, g_str_equal), needed, NULL};
    fvi_site s = {.l = l, .scope = &scope, .proto = &self, .label = graph->name ? graph->name : ""};
    GArray *inputs = g_array_new(FALSE, FALSE, sizeof(int));
    int n = w->n ? w->n : (int)graph->n_output, count;
    int *outputs = g_try_new(int, (gsize)n + 1);
    fv_status st = outputs ? FV_OK : fvi_site_nomem(&s);
    add_wanted(l, w, needed);
    for (size_t i = 0; i < graph->n_input && !st; i++) {
        const char *name = graph->input[i]->name;
        st = bind_input(&s, graph->input[i], find_binding(b, nb, name),
                        g_hash_table_contains(needed, name), inputs);
    }
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(l->onnx, &count);
    if (!st) st = lower_nodes(l, &scope, nodes, count);
    for (int i = 0; i < n && !st; i++) {
        outputs[i] = find_value(&s, w->n ? w->names[i] : graph->output[i]->name);
        st = s.status;
    }
    if (!st) st = build(l, outputs, n, inputs, g);
    g_free(outputs);
    g_array_free(inputs, TRUE);
    g_hash_table_destroy(needed);
    g_hash_table_destroy(scope.values);
    return st;
}

static void reserve(fvi_lowering *l, char *name) {
    g_hash_table_insert(l->value_names, name, GUINT_TO_POINTER(1));
}

/* Names of the file, which no invented one may take. */
static void reserve_names(fvi_lowering *l) {
    const Onnx__GraphProto *g = fvi_onnx_proto(l->onnx)->graph;
    for (size_t i = 0; i < g->n_input; i++) reserve(l, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name) reserve(l, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++) reserve(l, g->node[i]->output[k]);
}

/* See lower.h. */
fv_status fvi_lower(const fvi_onnx *o, fvi_constants *cache, const fvi_binding *b, int nb,
                    const char *const *names, int nw, fvi_graph **out, fv_error *err) {
    fvi_lowering l = {.onnx = o, .cache = cache, .opset = fvi_onnx_opset(o, ""), .err = err};
    l.limits = fvi_onnx_limits(o);
    l.pool = fvi_pool_new(fvi_limits_constants(l.limits));
    fvi_graph *g = l.pool ? fvi_pool_alloc(l.pool, sizeof *g) : NULL;
    if (!g) {
        fvi_pool_free(l.pool);
        return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    }
    l.values = g_array_new(FALSE, FALSE, sizeof(fvi_draft));
    l.nodes = g_array_new(FALSE, FALSE, sizeof(fvi_node));
    l.value_names = g_hash_table_new(g_str_hash, g_str_equal);
    l.node_names = g_hash_table_new(g_str_hash, g_str_equal);
    reserve_names(&l);
    fvi_constants_lock(cache);
    fv_status st = walk(&l, b, nb, &(wanted){names, nw}, g);
    fvi_constants_unlock(cache);
    g_hash_table_destroy(l.value_names);
    g_hash_table_destroy(l.node_names);
    g_array_free(l.values, TRUE);
    g_array_free(l.nodes, TRUE);
    if (st)
        fvi_pool_free(l.pool);
    else
        *out = g;
    return st;
}
