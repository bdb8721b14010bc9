/* SPDX-License-Identifier: Apache-2.0 */
/* A graph under construction: its values and nodes, their names, and the packing of the finished
 * graph.
 *
 * Names are given when an operation ends: the node of its first output gets the operation's name,
 * nodes of other outputs that output's name, all others "LABEL/kind"; a number is appended if a
 * name is used already. Nodes and values that no output needs (only their shape was needed) are
 * dropped.
 *
 * What it does not do: compute anything (constant_fold.h) or choose nodes (emit.h).
 */
#include "graph/build/build.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"

const fvi_binding *fvi_binding_find(const fvi_binding *b, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(b[i].name, name)) return &b[i];
    return NULL;
}

fv_status fvi_build_new(const fvi_build_limits *limits, fvi_constant_cache *cache,
                        fvi_builder **out, fv_error *err) {
    fvi_pool *pool = fvi_pool_new(limits->constant_bytes);
    fvi_builder *b = g_try_new0(fvi_builder, 1);
    if (!pool || !b) {
        fvi_pool_free(pool);
        g_free(b);
        return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    }
    *b = (fvi_builder){.limits = *limits, .cache = cache, .pool = pool, .err = err};
    b->values = g_array_new(FALSE, FALSE, sizeof(fvi_pending_value));
    b->nodes = g_array_new(FALSE, FALSE, sizeof(fvi_node));
    b->inputs = g_array_new(FALSE, FALSE, sizeof(int));
    b->outputs = g_array_new(FALSE, FALSE, sizeof(int));
    b->value_names = g_hash_table_new(g_str_hash, g_str_equal);
    b->node_names = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_constant_cache_lock(cache);
    *out = b;
    return FV_OK;
}

/* NULL allowed. */
void fvi_build_free(fvi_builder *b) {
    if (!b) return;
    fvi_constant_cache_unlock(b->cache);
    g_hash_table_destroy(b->value_names);
    g_hash_table_destroy(b->node_names);
    g_array_free(b->values, TRUE);
    g_array_free(b->nodes, TRUE);
    g_array_free(b->inputs, TRUE);
    g_array_free(b->outputs, TRUE);
    fvi_pool_free(b->pool); /* NULL once the graph owns it */
    g_free(b);
}

/* ---- failing -------------------------------------------------------------------------------- */

fv_status fvi_build_fail(fvi_builder *b, fv_status status, const char *format, ...) {
    if (b->status) return b->status;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    b->status = fvi_fail(b->err, status, "%s \"%s\": %s", b->op->source_op, b->op->label, text);
    g_free(text);
    return b->status;
}

fv_status fvi_build_nomem(fvi_builder *b) {
    return fvi_build_fail(b, FV_NOMEM, "constants need more than %zu MiB (limit max_memory)",
                          b->limits.constant_bytes >> 20);
}

int fvi_build_charge(fvi_builder *b, int64_t elements) {
    int64_t most = b->limits.folds;
    if (elements <= most - b->folded) {
        b->folded += elements;
        return b->status == FV_OK;
    }
    fvi_build_fail(b, FV_NOMEM,
                   "folding constants takes more than %" PRId64 " elements (limit max_work)", most);
    return 0;
}

/* ---- values and nodes ----------------------------------------------------------------------- */

fvi_pending_value *fvi_build_value(const fvi_builder *b, int v) {
    return &g_array_index(b->values, fvi_pending_value, v);
}

fvi_shape fvi_build_shape(const fvi_builder *b, int v) {
    return v >= 0 ? fvi_build_value(b, v)->v.shape : (fvi_shape){0};
}

fvi_dtype fvi_build_dtype(const fvi_builder *b, int v) {
    return v >= 0 ? fvi_build_value(b, v)->dtype : FVI_F32;
}

const fvi_const *fvi_build_const(const fvi_builder *b, int v) {
    return v >= 0 ? fvi_build_value(b, v)->v.constant : NULL;
}

int fvi_build_axis(fvi_builder *b, int64_t axis, int ndim) {
    if (axis >= -ndim && axis < ndim) return (int)(axis < 0 ? axis + ndim : axis);
    fvi_build_fail(b, FV_SHAPE, "axis %" PRId64 " does not exist in %d dimensions", axis, ndim);
    return 0;
}

fvi_pool *fvi_build_constant_pool(const fvi_builder *b) {
    return b->op->file_constant && b->cache ? fvi_constant_cache_pool(b->cache) : b->pool;
}

int fvi_build_append_value(fvi_builder *b, const fvi_shape *shape, fvi_dtype t, const fvi_const *c,
                           int producer) {
    fvi_pending_value p = {{NULL, *shape, producer, c}, t, c && b->op->file_constant};
    g_array_append_val(b->values, p);
    return (int)b->values->len - 1;
}

int fvi_build_append_node(fvi_builder *b, fvi_kind kind, const fvi_node_attr *a,
                          const fvi_shape *shape, fvi_dtype t, int n_in, const int *in) {
    int *copy = fvi_pool_array(b->pool, (size_t)n_in, sizeof *copy);
    if (!copy) {
        fvi_build_nomem(b);
        return -1;
    }
    int64_t most = b->limits.nodes;
    if (b->nodes->len >= most) {
        fvi_build_fail(b, FV_NOMEM, "the network has more than %" PRId64 " nodes (limit max_nodes)",
                       most);
        return -1;
    }
    memcpy(copy, in, (size_t)n_in * sizeof *copy);
    fvi_node node = {.kind = kind, .source_op = b->op->source_op, .n_in = n_in, .in = copy};
    if (a) node.a = *a;
    node.out = fvi_build_append_value(b, shape, t, NULL, (int)b->nodes->len);
    g_array_append_val(b->nodes, node);
    return node.out;
}

int fvi_build_input(fvi_builder *b, const char *name, const fvi_shape *shape) {
    fvi_pending_value p = {{name, *shape, -1, NULL}, FVI_F32, 0};
    g_array_append_val(b->values, p);
    int v = (int)b->values->len - 1;
    g_array_append_val(b->inputs, v);
    return v;
}

void fvi_build_output(fvi_builder *b, int v) { g_array_append_val(b->outputs, v); }

/* ---- names ---------------------------------------------------------------------------------- */

void fvi_build_reserve(fvi_builder *b, const char *name) {
    g_hash_table_insert(b->value_names, (void *)name, GUINT_TO_POINTER(1));
}

/* A name not in use yet; `used` has the last number appended to each name. */
static const char *unique(fvi_builder *b, GHashTable *used, const char *name) {
    guint k = GPOINTER_TO_UINT(g_hash_table_lookup(used, name));
    const char *found = name;
    if (k) {
        do found = fvi_pool_printf(b->pool, "%s/%u", name, ++k);
        while (found && g_hash_table_contains(used, found));
        g_hash_table_insert(used, (void *)name, GUINT_TO_POINTER(k));
    }
    if (found) g_hash_table_insert(used, (void *)found, GUINT_TO_POINTER(1));
    return found;
}

const char *fvi_build_unique(fvi_builder *b, const char *name) {
    return unique(b, b->value_names, name);
}

void fvi_build_begin(fvi_builder *b, fvi_operation *op) {
    op->first_value = (int)b->values->len;
    op->first_node = (int)b->nodes->len;
    op->outer = b->op;
    b->op = op;
}

static const char *node_name(fvi_builder *b, const fvi_node *node) {
    const fvi_operation *op = b->op;
    const char *value = fvi_build_value(b, node->out)->v.name;
    for (int i = 0; value && i < op->n_out; i++) {
        if (op->out[i] != node->out) continue;
        const char *own = op->name && op->name[0] && i == 0 ? op->name : value;
        if (g_hash_table_contains(b->node_names, own)) own = value;
        return unique(b, b->node_names, own);
    }
    char *kind = g_ascii_strdown(fvi_kind_name(node->kind), -1);
    const char *name = fvi_pool_printf(b->pool, "%s/%s", op->label, kind);
    g_free(kind);
    return name ? unique(b, b->node_names, name) : NULL;
}

void fvi_build_end(fvi_builder *b) {
    fvi_operation *op = b->op;
    for (guint i = (guint)op->first_node; i < b->nodes->len && !b->status; i++) {
        fvi_node *node = &g_array_index(b->nodes, fvi_node, i);
        if (node->name) continue;
        node->name = node_name(b, node);
        if (!node->name) fvi_build_nomem(b);
    }
    for (guint v = (guint)op->first_value; v < b->values->len && !b->status; v++) {
        fvi_value *value = &fvi_build_value(b, (int)v)->v;
        if (value->name) continue;
        const char *name = value->producer < 0
                               ? fvi_pool_printf(b->pool, "%s/constant", op->label)
                               : g_array_index(b->nodes, fvi_node, value->producer).name;
        value->name = name ? unique(b, b->value_names, name) : NULL;
        if (!value->name) fvi_build_nomem(b);
    }
    b->op = op->outer;
}

/* ---- packing -------------------------------------------------------------------------------- */

/* Marks nodes and values that the outputs need, and every run-time input. */
static void mark(const fvi_builder *b, char *node_used, char *value_used) {
    for (guint i = 0; i < b->outputs->len; i++) value_used[g_array_index(b->outputs, int, i)] = 1;
    for (guint i = 0; i < b->inputs->len; i++) value_used[g_array_index(b->inputs, int, i)] = 1;
    for (int i = (int)b->nodes->len - 1; i >= 0; i--) {
        const fvi_node *node = &g_array_index(b->nodes, fvi_node, i);
        node_used[i] = value_used[node->out];
        for (int k = 0; node_used[i] && k < node->n_in; k++)
            if (node->in[k] >= 0) value_used[node->in[k]] = 1;
    }
}

/* Indices of values and nodes in the graph, by their indices in the builder. */
typedef struct numbering {
    int *value, *node;
} numbering;

/* Copies one value; a constant made by this lowering is interned. Returns 0 if out of memory. */
static int pack_value(const fvi_builder *b, fvi_graph *g, const fvi_pending_value *p,
                      const numbering *new) {
    fvi_value *v = &g->values[g->n_values++];
    *v = p->v;
    if (v->producer >= 0) v->producer = new->node[v->producer];
    if (v->constant && b->cache && !p->file_constant)
        v->constant = fvi_constant_cache_intern(b->cache, v->constant);
    return !p->v.constant || v->constant;
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

/* Copies the values and nodes in use to g, renumbered. */
static fv_status pack(const fvi_builder *b, fvi_graph *g, const char *node_used,
                      const char *value_used) {
    numbering new = {fvi_pool_array(b->pool, b->values->len + 1, sizeof(int)),
                     fvi_pool_array(b->pool, b->nodes->len + 1, sizeof(int))};
    g->values = fvi_pool_array(b->pool, b->values->len + 1, sizeof *g->values);
    g->nodes = fvi_pool_array(b->pool, b->nodes->len + 1, sizeof *g->nodes);
    int fits = new.value &&new.node && g->values && g->nodes;
    for (guint i = 0; i < b->nodes->len && fits; i++) {
        if (!node_used[i]) continue;
        new.node[i] = g->n_nodes;
        g->nodes[g->n_nodes++] = g_array_index(b->nodes, fvi_node, i);
    }
    for (guint i = 0; i < b->values->len && fits; i++) {
        if (!value_used[i]) continue;
        new.value[i] = g->n_values;
        fits = pack_value(b, g, fvi_build_value(b, (int)i), &new);
    }
    if (!fits)
        return fvi_fail(b->err, FV_NOMEM, "the lowered graph needs more than %zu MiB",
                        b->limits.constant_bytes >> 20);
    renumber(g, &new);
    return FV_OK;
}

static int *copy_indices(fvi_pool *pool, const GArray *from, int *count) {
    int *copy = fvi_pool_array(pool, (size_t)from->len + 1, sizeof *copy);
    if (copy && from->len) memcpy(copy, from->data, from->len * sizeof *copy);
    *count = (int)from->len;
    return copy;
}

fv_status fvi_build_finish(fvi_builder *b, fvi_graph **out) {
    if (b->status) return b->status;
    fvi_graph *g = fvi_pool_alloc(b->pool, sizeof *g);
    char *used = g_try_malloc0((gsize)b->nodes->len + b->values->len + 1);
    if (g) {
        g->pool = b->pool;
        g->inputs = copy_indices(b->pool, b->inputs, &g->n_inputs);
        g->outputs = copy_indices(b->pool, b->outputs, &g->n_outputs);
    }
    if (!used || !g || !g->inputs || !g->outputs) {
        b->status = fvi_fail(b->err, FV_NOMEM, "no memory for the graph");
    } else {
        mark(b, used, used + b->nodes->len);
        b->status = pack(b, g, used, used + b->nodes->len);
    }
    g_free(used);
    if (b->status) return b->status;
    b->pool = NULL;
    *out = g;
    return FV_OK;
}
