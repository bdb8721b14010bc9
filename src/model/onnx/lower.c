/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering an ONNX graph: selects the nodes that are needed, and keeps the names of their values.
 *
 * Only nodes that the requested values depend on are lowered. So layers before a classifier can be
 * used at an input size that the classifier does not accept. If all inputs of a node depend on the
 * file only, its outputs are computed once and kept with the network
 * (graph/build/constant_cache.h).
 *
 * What cannot be computed (an operator that is not known, an input that does not fit) becomes an
 * OPAQUE node, and so does what needs its result where the file does not tell that one's shape. So
 * the graph can always be listed; what is run must not hold such a node.
 */
#include "model/onnx/lower.h"

#include <string.h>

#include "base/error.h"
#include "graph/build/bind.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/names/names.h"
#include "model/onnx/normalize.h"
#include "model/onnx/open.h"
#include "model/onnx/operators.h"
#include "model/onnx/tensors/tensor.h"

#define SUBGRAPH_MAX_DEPTH 16

#define NEWEST FVI_OPSET_MAX

static const fvi_onnx_op onnx_ops[] = {
#define FVI_ONNX_OP(NAME, first, last, handler, param) \
    {NAME, first, last, fvi_lower_##handler, param},
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP
};

#undef NEWEST

/* "com.example." of an operator that is not ONNX's own, else "". */
static char *domain_prefix(const Onnx__NodeProto *n) {
    const int own = !n->domain || !n->domain[0] || !strcmp(n->domain, "ai.onnx");
    return own ? g_strdup("") : g_strdup_printf("%s.", n->domain);
}

/* The version of the operator set of its domain. */
static int64_t node_opset(const fvi_onnx_node *node) {
    const char *domain = node->proto->domain;
    return domain && domain[0] ? fvi_onnx_opset(node->l->onnx, domain) : node->l->opset;
}

static const fvi_onnx_op *find_op(const fvi_onnx_node *node) {
    const int64_t opset = node_opset(node);
    char *domain = domain_prefix(node->proto);
    char *name = g_strconcat(domain, node->proto->op_type, NULL);
    const fvi_onnx_op *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(onnx_ops) && !found; i++)
        if (!strcmp(onnx_ops[i].name, name) && opset >= onnx_ops[i].first &&
            opset <= onnx_ops[i].last)
            found = &onnx_ops[i];
    g_free(domain);
    g_free(name);
    return found;
}

static void refuse(fvi_onnx_node *node) {
    char *domain = domain_prefix(node->proto);
    const int blocked = !strcmp(domain, "com.microsoft.nchwc."); /* in blocks of 8 or 16 channels */
    node->b->status =
        fvi_fail(node->b->err, FV_UNSUPPORTED,
                 "operator \"%s%s\" (node \"%s\", opset %" PRId64 ") is not supported%s", domain,
                 node->proto->op_type, node->operation.label, node_opset(node),
                 blocked ? ": ONNX Runtime saved it for one processor; save with "
                           "ORT_ENABLE_EXTENDED, not ORT_ENABLE_ALL, or use the original"
                         : "");
    g_free(domain);
}

/* ---- names ---- */

static fvi_scope scope_open(const fvi_scope *outer, const Onnx__GraphProto *g) {
    return (fvi_scope){.outer = outer,
                       .graph = g,
                       .values = g_hash_table_new(g_str_hash, g_str_equal),
                       .needed = g_hash_table_new(g_str_hash, g_str_equal),
                       .stated = g_hash_table_new(g_str_hash, g_str_equal)};
}

static void scope_close(fvi_scope *scope) {
    g_hash_table_destroy(scope->values);
    g_hash_table_destroy(scope->needed);
    g_hash_table_destroy(scope->stated);
    if (scope->inits) g_hash_table_destroy(scope->inits);
    if (scope->given) g_hash_table_destroy(scope->given);
}

static void scope_set(const fvi_scope *scope, const char *name, int v) {
    g_hash_table_insert(scope->values, (void *)name, GINT_TO_POINTER(v + 1));
}

/* Makes a value of a constant of the file. */
static int constant_value(fvi_builder *b, const char *name, const fvi_const *c) {
    int v = fvi_emit_alias(b, c, c->dtype, 1);
    if (v >= 0) fvi_build_value(b, v)->v.name = name;
    return v;
}

/* An initialiser of a subgraph, or NULL. */
static const fvi_const *subgraph_initializer(fvi_lowering *l, const fvi_scope *scope,
                                             const char *name) {
    int unused;
    fvi_builder *b = l->b;
    const fvi_const *c = fvi_constant_cache_find(b->cache, scope->graph, name, &unused);
    const Onnx__TensorProto *t = c ? NULL : g_hash_table_lookup(scope->inits, name);
    if (!t) return c;
    fvi_pool *pool = b->cache ? fvi_constant_cache_pool(b->cache) : b->pool;
    b->status = fvi_onnx_tensor(l->onnx, t, pool, &c, b->err);
    if (!b->status) fvi_constant_cache_keep(b->cache, scope->graph, name, c);
    return b->status ? NULL : c;
}

/* The initialisers of a subgraph by name; if several have one name, the first. */
static GHashTable *initializers_by_name(const Onnx__GraphProto *g) {
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = g->n_initializer; i-- > 0;)
        if (g->initializer[i]->name)
            g_hash_table_insert(by_name, g->initializer[i]->name, g->initializer[i]);
    return by_name;
}

int fvi_scope_find(fvi_lowering *l, const fvi_scope *scope, const char *name) {
    for (; scope && !l->b->status; scope = scope->outer) {
        void *found;
        if (g_hash_table_lookup_extended(scope->values, name, NULL, &found))
            return GPOINTER_TO_INT(found) - 1;
        const fvi_const *c = scope->outer ? subgraph_initializer(l, scope, name)
                                          : fvi_onnx_initializer(l->onnx, name);
        if (!c) continue;
        int v = constant_value(l->b, name, c);
        if (v >= 0) scope_set(scope, name, v);
        return v;
    }
    const char *problem = fvi_onnx_initializer_problem(l->onnx, name);
    if (problem)
        fvi_build_fail(l->b, FV_UNSUPPORTED, "\"%s\" %s", name, problem);
    else
        fvi_build_fail(l->b, FV_FORMAT, "there is no value \"%s\"", name);
    return -1;
}

/* ---- what is needed ---- */

/* Whether a node makes a value that is needed and not given by the caller. */
static int is_wanted(const fvi_scope *scope, const Onnx__NodeProto *n) {
    for (size_t k = 0; k < n->n_output; k++) {
        const char *name = n->output[k];
        if (name[0] && g_hash_table_contains(scope->needed, name) &&
            !(scope->given && g_hash_table_contains(scope->given, name)))
            return 1;
    }
    return 0;
}

/* Adds to scope->needed all names that those in it depend on; nodes are in topological order. */
static void add_ancestors(const fvi_scope *scope, const Onnx__NodeProto *const *nodes, int n) {
    for (int i = n - 1; i >= 0; i--) {
        if (is_wanted(scope, nodes[i])) fvi_onnx_add_reads(scope->needed, nodes[i]);
    }
}

/* ---- one node ---- */

/* Gets all outputs from the constant cache; 0 if one is missing. */
static int find_cached_outputs(fvi_onnx_node *node) {
    int unfoldable = 0;
    for (int i = 0; i < node->n_out; i++) {
        const char *name = node->proto->output[i];
        if (!fvi_onnx_wants(node, i)) continue;
        const fvi_const *c =
            fvi_constant_cache_find(node->b->cache, node->scope->graph, name, &unfoldable);
        if (unfoldable) node->operation.file_constant = 0;
        if (!c) return 0;
        fvi_onnx_out(node, i, fvi_emit_alias(node->b, c, c->dtype, 1));
    }
    return 1;
}

static void cache_outputs(fvi_onnx_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] >= 0)
            fvi_constant_cache_keep(node->b->cache, node->scope->graph, node->proto->output[i],
                                    fvi_build_const(node->b, node->out[i]));
}

/* Whether a node holds graphs: If, Loop, Scan. */
static int holds_graphs(const Onnx__NodeProto *n) {
    for (size_t a = 0; a < n->n_attribute; a++)
        if (n->attribute[a]->g) return 1;
    return 0;
}

static void read_inputs(fvi_onnx_node *node) {
    int file_constant = !holds_graphs(node->proto);
    int64_t elements = 0;
    int known = 1;
    for (int i = 0; i < node->n_in && !node->b->status; i++) {
        const char *name = node->proto->input[i];
        node->in[i] = name[0] ? fvi_scope_find(node->l, node->scope, name) : -1;
        if (node->in[i] < 0) continue;
        const fvi_pending_value *p = fvi_build_value(node->b, node->in[i]);
        file_constant = file_constant && p->file_constant;
        known = known && p->v.constant;
        elements += MAX(fvi_shape_count(&p->v.shape), 0);
    }
    node->operation.file_constant = file_constant;
    if (known) fvi_build_charge(node->b, elements);
}

/* Fails if an input's shape is not known, because what makes it could not be computed. */
static void check_inputs(fvi_onnx_node *node) {
    for (int i = 0; i < node->n_in && !node->b->status; i++)
        if (fvi_build_shape(node->b, node->in[i]).ndim < 0)
            fvi_build_fail(node->b, FV_UNSUPPORTED, "its input \"%s\" cannot be computed",
                           node->proto->input[i]);
}

/* Gets the outputs from the cache; else runs the handler, and caches outputs that are constant. */
static void make_outputs(fvi_onnx_node *node) {
    int file_constant = node->operation.file_constant;
    if (node->b->status || (file_constant && find_cached_outputs(node))) return;
    node->op->lower(node);
    if (!node->b->status && file_constant) cache_outputs(node);
}

/* ---- nodes that cannot be computed ---- */

static void add_stated(GHashTable *stated, Onnx__ValueInfoProto *const *info, size_t n) {
    for (size_t i = n; i-- > 0;) /* of several the first */
        if (info[i]->name) g_hash_table_insert(stated, info[i]->name, info[i]);
}

/* The shape the file states for a value, if it is complete, and the type. */
static fvi_stated stated_of(const fvi_onnx_node *node, const char *name) {
    const Onnx__GraphProto *g = node->scope->graph;
    GHashTable *stated = node->scope->stated;
    fvi_stated out = {{.ndim = -1}, FVI_F32};
    if (!g_hash_table_size(stated)) {
        add_stated(stated, g->output, g->n_output);
        add_stated(stated, g->value_info, g->n_value_info);
    }
    const Onnx__ValueInfoProto *info = g_hash_table_lookup(stated, name);
    if (!info) return out;
    const fvi_model_input in = fvi_onnx_input(info);
    const int64_t count = fvi_shape_count(&in.shape);
    if (count > 0 && count <= node->b->limits.elements) out.shape = in.shape;
    if (in.type > 0 && in.type <= FVI_BF16 && fvi_dtype_size((fvi_dtype)in.type))
        out.type = (fvi_dtype)in.type;
    return out;
}

/* Appends the values of the graph around it that a node's own graphs read. */
static void add_captured(const fvi_onnx_node *node, const Onnx__NodeProto *n, GArray *in) {
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter at;
    gpointer name, found;
    if (holds_graphs(n)) fvi_onnx_add_reads(names, n);
    g_hash_table_iter_init(&at, names);
    while (g_hash_table_iter_next(&at, &name, NULL)) {
        if (!g_hash_table_lookup_extended(node->scope->values, name, NULL, &found)) continue;
        const int v = GPOINTER_TO_INT(found) - 1;
        if (v >= 0) g_array_append_val(in, v);
    }
    g_hash_table_unref(names);
}

static gboolean is_made_since(gpointer name, gpointer value, gpointer first) {
    (void)name;
    return GPOINTER_TO_INT(value) - 1 >= GPOINTER_TO_INT(first);
}

/* Forgets names of values that will be dropped: constants of the graphs around a node that were
 * read by its own graphs for the first time. Returns how many names were looked at. */
static int64_t forget_since(const fvi_onnx_node *node) {
    int64_t looked_at = 0;
    const fvi_scope *scope = holds_graphs(node->proto) ? node->scope : NULL;
    for (; scope; scope = scope->outer) {
        looked_at += g_hash_table_size(scope->values);
        g_hash_table_foreach_remove(scope->values, is_made_since,
                                    GINT_TO_POINTER(node->operation.first_value));
    }
    return looked_at;
}

/* The values a node reads, by the graph's own names: its handler may have replaced some. */
static GArray *inputs_of(const fvi_onnx_node *node) {
    GArray *in = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < node->n_in; i++) {
        const char *name = node->proto->input[i];
        gpointer found = name[0] ? g_hash_table_lookup(node->scope->values, name) : NULL;
        const int v = GPOINTER_TO_INT(found) - 1;
        g_array_append_val(in, v);
    }
    add_captured(node, node->proto, in);
    return in;
}

/* What the outputs of a node that cannot be computed are. */
static fvi_opaque_gives what_it_gives(const Onnx__NodeProto *n) {
    static const char *const movers[] = {"Cast",    "Flatten", "Identity",  "OneHot",
                                         "Reshape", "Squeeze", "Unsqueeze", NULL};
    if (n->domain && n->domain[0]) return FVI_OPAQUE_ANYTHING;
    if (g_strv_contains(movers, n->op_type)) return FVI_OPAQUE_MOVED;
    return !strcmp(n->op_type, "ArgMax") ||
                   (!strcmp(n->op_type, "TopK") && fvi_onnx_attr_int(n, "largest", 1))
               ? FVI_OPAQUE_RANKED
               : FVI_OPAQUE_ANYTHING;
}

/* Makes an OPAQUE node for output i, for the reason that the builder failed. */
static void give_up_output(fvi_onnx_node *node, int i) {
    fvi_builder *b = node->b;
    const char *output = node->proto->output[i];
    char *domain = domain_prefix(node->proto);
    char *kind = g_strdup_printf("%s: %s%s", node->op ? "not computed" : "unknown", domain,
                                 node->proto->op_type);
    GArray *in = inputs_of(node);
    const fvi_stated like = stated_of(node, output);
    const int v = fvi_build_opaque(b, kind, what_it_gives(node->proto), (int)in->len,
                                   (const int *)(const void *)in->data, &like);
    node->out[i] = v;
    if (v >= 0 && output[0])
        fvi_build_value(b, v)->v.name = node->scope->outer ? fvi_build_unique(b, output) : output;
    g_array_unref(in);
    g_free(domain);
    g_free(kind);
}

/* Makes OPAQUE nodes of a node that failed, unless the failure is that of the whole file. */
static void give_up(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const fv_status st = b->status;
    if (st != FV_UNSUPPORTED && st != FV_SHAPE) return;
    const int64_t looked_at = forget_since(node);
    fvi_build_undo(b);
    for (int i = 0; i < node->n_out && (!i || !b->status); i++) {
        b->status = st; /* of each output; the text is still there */
        give_up_output(node, i);
    }
    if (!node->n_out) b->status = FV_OK;
    fvi_build_charge(b, looked_at);
}

/* Makes OPAQUE nodes of outputs that are wanted and that the handler did not make. */
static void give_up_unmade(fvi_onnx_node *node) {
    for (int i = 0; i < node->n_out && !node->b->status; i++) {
        if (node->out[i] >= 0 || !fvi_onnx_wants(node, i)) continue;
        fvi_build_fail(node->b, FV_UNSUPPORTED, "its output \"%s\" is not computed here%s%s",
                       node->proto->output[i], node->unmade ? ": " : "",
                       node->unmade ? node->unmade : "");
        give_up_output(node, i);
    }
}

static fv_status lower_node(fvi_lowering *l, const fvi_scope *scope, const Onnx__NodeProto *n) {
    fvi_onnx_node node = {.b = l->b,
                          .l = l,
                          .scope = scope,
                          .proto = n,
                          .n_in = (int)n->n_input,
                          .n_out = (int)n->n_output};
    const char *name = fvi_onnx_layer_name(l->onnx, n);
    const char *label = name[0] ? name : n->n_output ? n->output[0] : "?";
    node.operation = (fvi_operation){
        .source_op = n->op_type, .name = name, .label = label, .source_name = n->name};
    node.op = find_op(&node);
    int *slots = g_try_new(int, n->n_input + n->n_output + 1);
    if (!slots) return fvi_build_nomem(l->b);
    for (size_t i = 0; i < n->n_input + n->n_output; i++) slots[i] = -1;
    node.in = slots;
    node.out = node.operation.out = slots + n->n_input;
    node.operation.n_out = node.n_out;
    fvi_build_begin(l->b, &node.operation);
    read_inputs(&node);
    node.operation.first_value = (int)l->b->values->len;
    if (!node.op && !l->b->status) refuse(&node);
    check_inputs(&node);
    fvi_onnx_check_attributes(l->b, n);
    make_outputs(&node);
    give_up_unmade(&node);
    give_up(&node);
    fvi_build_end(l->b);
    for (int i = 0; i < node.n_out; i++)
        if (n->output[i][0] && node.out[i] >= 0 &&
            !(scope->given && g_hash_table_contains(scope->given, n->output[i])))
            scope_set(scope, n->output[i], node.out[i]);
    g_free(slots);
    return l->b->status;
}

static fv_status lower_nodes(fvi_lowering *l, const fvi_scope *scope,
                             const Onnx__NodeProto *const *nodes, int n) {
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++) {
        if (is_wanted(scope, nodes[i])) st = lower_node(l, scope, nodes[i]);
    }
    return st;
}

fv_status fvi_lower_subgraph(fvi_onnx_node *node, const Onnx__GraphProto *g, const int *in,
                             int *out) {
    fvi_lowering *l = node->l;
    if (l->depth >= SUBGRAPH_MAX_DEPTH)
        return fvi_build_fail(l->b, FV_UNSUPPORTED, "subgraphs nest deeper than %d",
                              SUBGRAPH_MAX_DEPTH);
    fvi_scope scope = scope_open(node->scope, g);
    scope.inits = initializers_by_name(g);
    const Onnx__NodeProto *const *nodes = (const Onnx__NodeProto *const *)g->node;
    for (size_t i = 0; i < g->n_input; i++)
        if (in && in[i] >= 0 && g->input[i]->name) scope_set(&scope, g->input[i]->name, in[i]);
    for (size_t i = 0; i < g->n_output; i++)
        if (g->output[i]->name) g_hash_table_add(scope.needed, g->output[i]->name);
    add_ancestors(&scope, nodes, (int)g->n_node);
    l->depth++;
    lower_nodes(l, &scope, nodes, (int)g->n_node);
    l->depth--;
    for (size_t i = 0; i < g->n_output && !l->b->status; i++)
        out[i] = g->output[i]->name ? fvi_scope_find(l, &scope, g->output[i]->name) : -1;
    scope_close(&scope);
    return l->b->status;
}

/* ---- inputs ---- */

static int file_type(const Onnx__ValueInfoProto *v) {
    return v->type && v->type->tensor_type && v->type->tensor_type->has_elem_type
               ? v->type->tensor_type->elem_type
               : FVI_F32;
}

/* Makes the value of one input of the file. */
static fv_status bind_input(fvi_lowering *l, const fvi_scope *scope,
                            const Onnx__ValueInfoProto *input, const fvi_binding *bound) {
    const char *name = input->name;
    const int needed = g_hash_table_contains(scope->needed, name);
    const fvi_shape shape = fvi_onnx_input(input).shape;
    if (!bound && fvi_onnx_initializer(l->onnx, name)) return FV_OK; /* a weight */
    if (!bound && !needed && shape.ndim < 0) return FV_OK;
    if (bound && bound->constant && bound->filled && needed)
        g_ptr_array_add(l->b->filled, input->name);
    const int v = fvi_bind_input(l->b, name, file_type(input), &shape, bound);
    if (v >= 0) scope_set(scope, name, v);
    return l->b->status;
}

/* ---- the whole graph ---- */

/* Fills `needed`. A name that the main graph does not have may be one that lowering generates. Then
 * everything that the file's outputs depend on is lowered, and find_value looks the name up. */
static void add_wanted(const fvi_lowering *l, const fvi_graph_request *r, const fvi_scope *scope) {
    GHashTable *needed = scope->needed;
    const Onnx__GraphProto *g = scope->graph;
    int generated = 0;
    for (int i = 0; i < r->n_wanted; i++) {
        g_hash_table_add(needed, (void *)r->wanted[i]);
        generated |= !g_hash_table_contains(l->b->value_names, r->wanted[i]);
    }
    for (size_t i = 0; i < g->n_output && (generated || !r->n_wanted); i++)
        g_hash_table_add(needed, g->output[i]->name);
    int count;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(l->onnx, &count);
    add_ancestors(scope, nodes, count);
}

static int find_value(fvi_lowering *l, const fvi_scope *scope, const char *name) {
    if (g_hash_table_contains(scope->values, name) || fvi_onnx_initializer(l->onnx, name))
        return fvi_scope_find(l, scope, name);
    for (guint i = 0; i < l->b->values->len; i++) {
        const char *own = fvi_build_value(l->b, (int)i)->v.name;
        if (own && !strcmp(own, name)) return (int)i;
    }
    l->b->status = fvi_fail(l->b->err, FV_NOTFOUND, "there is no value \"%s\"", name);
    return -1;
}

/* Notes the names of values inside the graph that the caller gives. */
static void note_given(const fvi_graph_request *r, const fvi_scope *scope) {
    for (int i = 0; i < r->n_bindings; i++)
        g_hash_table_add(scope->given, (void *)r->bindings[i].name);
    for (size_t i = 0; i < scope->graph->n_input; i++)
        g_hash_table_remove(scope->given, scope->graph->input[i]->name);
}

/* Makes inputs of those values. */
static void bind_inside(fvi_lowering *l, const fvi_graph_request *r, const fvi_scope *scope) {
    for (int i = 0; i < r->n_bindings && !l->b->status; i++) {
        const fvi_binding *bound = &r->bindings[i];
        if (!g_hash_table_contains(scope->given, bound->name)) continue;
        const int v = bound->constant ? fvi_bind_constant(l->b, bound->constant)
                                      : fvi_build_input(l->b, bound->name, &bound->shape);
        if (v < 0) return;
        fvi_build_value(l->b, v)->v.name = bound->name;
        scope_set(scope, bound->name, v);
    }
}

/* Makes v an output of the graph, which the file may say is of integers, though they are computed
 * as real numbers (quantised ones).
 *   info  of an output of the file; or NULL */
static void add_output(fvi_builder *b, int v, const Onnx__ValueInfoProto *info) {
    const int type = info ? fvi_onnx_input(info).type : FVI_F32;
    if (v >= 0 && type > 0 && type <= FVI_BF16 && fvi_dtype_size((fvi_dtype)type))
        fvi_build_value(b, v)->v.is_integer |= fvi_dtype_is_int((fvi_dtype)type);
    fvi_build_output(b, v);
}

/* Lowers inputs and nodes, then sets the outputs to the requested values. */
static void lower_graph(fvi_lowering *l, const fvi_graph_request *r, const fvi_scope *scope) {
    const Onnx__GraphProto *graph = scope->graph;
    int n = r->n_wanted ? r->n_wanted : (int)graph->n_output, count;
    add_wanted(l, r, scope);
    for (size_t i = 0; i < graph->n_input && !l->b->status; i++)
        bind_input(l, scope, graph->input[i],
                   fvi_binding_find(r->bindings, r->n_bindings, graph->input[i]->name));
    bind_inside(l, r, scope);
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(l->onnx, &count);
    if (!l->b->status) lower_nodes(l, scope, nodes, count);
    for (int i = 0; i < n && !l->b->status; i++) {
        const Onnx__ValueInfoProto *info = r->n_wanted ? NULL : graph->output[i];
        add_output(l->b, find_value(l, scope, info ? info->name : r->wanted[i]), info);
    }
}

/* Reserves the names in the file, so that generated names differ from them. */
static void reserve_names(fvi_builder *b, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_input; i++) fvi_build_reserve(b, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name) fvi_build_reserve(b, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            fvi_build_reserve(b, g->node[i]->output[k]);
}

fv_status fvi_onnx_lower(const fvi_onnx *o, fvi_builder *b, const fvi_graph_request *request) {
    const Onnx__GraphProto *graph = fvi_onnx_proto(o)->graph;
    fvi_lowering l = {.b = b, .onnx = o, .opset = fvi_onnx_opset(o, ""), .request = request};
    fvi_scope scope = scope_open(NULL, graph);
    scope.given = g_hash_table_new(g_str_hash, g_str_equal);
    note_given(request, &scope);
    fvi_operation whole = {.source_op = "graph", .label = graph->name ? graph->name : ""};
    reserve_names(b, graph);
    fvi_build_begin(b, &whole);
    lower_graph(&l, request, &scope);
    fvi_build_end(b);
    scope_close(&scope);
    return b->status;
}
