/* SPDX-License-Identifier: Apache-2.0 */
/* A graph under construction: its values and nodes, their names, and the packing of the finished
 * graph.
 *
 * Names are given when an operation ends: the node of its first output gets the operation's name,
 * nodes of other outputs that output's name, all others "LABEL/kind"; a number is appended if a
 * name is used already. Nodes and values that no output needs (only their shape was needed) are
 * dropped.
 *
 * What it does not do: compute anything (constant_fold.h), choose nodes (emit.h) or pack (pack.c).
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
    *b = (fvi_builder){.limits = *limits, .cache = cache, .pool = pool};
    b->err = &b->spare;
    b->caller = err;
    b->evaluated = g_hash_table_new(NULL, NULL);
    b->values = g_array_new(FALSE, FALSE, sizeof(fvi_pending_value));
    b->nodes = g_array_new(FALSE, FALSE, sizeof(fvi_node));
    b->inputs = g_array_new(FALSE, FALSE, sizeof(int));
    b->outputs = g_array_new(FALSE, FALSE, sizeof(int));
    b->filled = g_ptr_array_new();
    b->value_names = g_hash_table_new(g_str_hash, g_str_equal);
    b->node_names = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_constant_cache_lock(cache);
    *out = b;
    return FV_OK;
}

/* NULL allowed. */
void fvi_build_free(fvi_builder *b) {
    if (!b) return;
    if (b->status) (void)fvi_fail(b->caller, b->status, "%s", b->err->text);
    fvi_constant_cache_unlock(b->cache);
    g_hash_table_destroy(b->value_names);
    g_hash_table_destroy(b->node_names);
    g_hash_table_destroy(b->evaluated);
    g_array_free(b->values, TRUE);
    g_array_free(b->nodes, TRUE);
    g_array_free(b->inputs, TRUE);
    g_array_free(b->outputs, TRUE);
    g_ptr_array_unref(b->filled);
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
    return fvi_build_fail(
        b, FV_NOMEM,
        "constants need more than %zu MiB, a quarter of the memory " FVI_LIMIT("memory"),
        b->limits.constant_bytes >> 20);
}

int fvi_build_charge(fvi_builder *b, int64_t elements) {
    int64_t most = b->limits.folds;
    if (elements <= most - b->folded) {
        b->folded += elements;
        return b->status == FV_OK;
    }
    fvi_build_fail(b, FV_NOMEM,
                   "folding constants takes more than %" PRId64 " elements " FVI_LIMIT("work"),
                   most);
    return 0;
}

static char *opaque_text(fvi_builder *b, const char *text) {
    char *copy = fvi_pool_strdup(b->pool, text);
    if (!copy) fvi_build_nomem(b);
    return copy;
}

fv_status fvi_build_blame(fvi_builder *b, int v) {
    if (b->status) return b->status;
    const fvi_value *value = &fvi_build_value(b, v)->v;
    const fvi_opaque *o = &g_array_index(b->nodes, fvi_node, value->producer).a.opaque;
    return b->status = fvi_fail(b->err, o->status, "%s", o->why);
}

static gboolean is_dropped(gpointer v, gpointer c, gpointer first) {
    return GPOINTER_TO_INT(v) >= GPOINTER_TO_INT(first) ||
           GPOINTER_TO_INT(c) >= GPOINTER_TO_INT(first);
}

void fvi_build_undo(fvi_builder *b) {
    const fvi_operation *op = b->op;
    g_array_set_size(b->nodes, (guint)op->first_node);
    g_array_set_size(b->values, (guint)op->first_value);
    g_hash_table_foreach_remove(b->evaluated, is_dropped, GINT_TO_POINTER(op->first_value));
    for (int i = 0; i < op->n_out; i++) op->out[i] = -1;
}

int fvi_build_opaque(fvi_builder *b, const char *kind, fvi_opaque_gives gives, int n_in,
                     const int *in, const fvi_stated *like) {
    fvi_node_attr a = {.opaque = {.status = b->status, .gives = gives}};
    b->status = FV_OK;
    a.opaque.kind = opaque_text(b, kind);
    a.opaque.why = opaque_text(b, b->err->text);
    if (b->status) return -1;
    return fvi_build_append_node(b, FVI_OPAQUE, &a, &like->shape, like->type, n_in, in);
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
    fvi_pending_value p = {{NULL, *shape, producer, c, 0, 0}, t, c && b->op->file_constant};
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
        fvi_build_fail(b, FV_NOMEM,
                       "the network has more than %" PRId64 " nodes " FVI_LIMIT("nodes"), most);
        return -1;
    }
    if (n_in) memcpy(copy, in, (size_t)n_in * sizeof *copy);
    const char *source_op = b->op->is_own ? NULL : b->op->source_op;
    fvi_node node = {.kind = kind, .source_op = source_op, .n_in = n_in, .in = copy};
    if (a) node.a = *a;
    node.out = fvi_build_append_value(b, shape, t, NULL, (int)b->nodes->len);
    g_array_append_val(b->nodes, node);
    return node.out;
}

int fvi_build_input(fvi_builder *b, const char *name, const fvi_shape *shape) {
    fvi_pending_value p = {{name, *shape, -1, NULL, 0, 0}, FVI_F32, 0};
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

static fvi_node *node_of(const fvi_builder *b, int v) {
    const int producer = v >= 0 ? fvi_build_value(b, v)->v.producer : -1;
    return producer >= b->op->first_node ? &g_array_index(b->nodes, fvi_node, producer) : NULL;
}

/* Of a layer that ends in a normalisation, an activation or both, the node that has its weights;
 * else NULL. */
static const fvi_node *weighted_node(const fvi_builder *b) {
    const fvi_operation *op = b->op;
    const fvi_node *last = op->is_layer && op->n_out ? node_of(b, op->out[0]) : NULL, *at = last;
    while (at && (at->kind == FVI_UNARY || at->kind == FVI_SOFTMAX || at->kind == FVI_BATCH_NORM)) {
        const fvi_node *before = node_of(b, at->in[0]);
        if (!before) break;
        at = before;
    }
    return at && at != last && fvi_kind_has(at->kind, FVI_TRAINED) ? at : NULL;
}

/* What a node does, for the name of one that is a part of an operation. */
static char *part_name(const fvi_node *node) {
    if (node->kind == FVI_UNARY && node->a.unary.f != FVI_LINEAR)
        return g_strdup(fvi_unary_info(node->a.unary.f)->key);
    return g_ascii_strdown(fvi_kind_name(node->kind), -1);
}

static const char *node_name(fvi_builder *b, const fvi_node *node) {
    const fvi_operation *op = b->op;
    const fvi_node *weighted = weighted_node(b);
    if (node == weighted) return unique(b, b->node_names, op->name);
    const int is_end = weighted && node == node_of(b, op->out[0]);
    const char *value = fvi_build_value(b, node->out)->v.name;
    for (int i = 0; value && !is_end && i < op->n_out; i++) {
        if (op->out[i] != node->out) continue;
        const char *own = op->name && op->name[0] && i == 0 ? op->name : value;
        if (g_hash_table_contains(b->node_names, own)) own = value;
        return unique(b, b->node_names, own);
    }
    char *kind = is_end ? part_name(node) : g_ascii_strdown(fvi_kind_name(node->kind), -1);
    const char *name = fvi_pool_printf(b->pool, "%s/%s", op->label, kind);
    g_free(kind);
    return name ? unique(b, b->node_names, name) : NULL;
}

/* The name of a value that the file does not name: its node's, unless that is the file's value. */
static const char *value_name(fvi_builder *b, const fvi_value *value) {
    if (value->producer < 0) return fvi_pool_printf(b->pool, "%s/constant", b->op->label);
    const fvi_node *node = &g_array_index(b->nodes, fvi_node, value->producer);
    if (node != weighted_node(b)) return node->name;
    char *kind = part_name(node);
    const char *name = fvi_pool_printf(b->pool, "%s/%s", b->op->label, kind);
    g_free(kind);
    return name;
}

void fvi_build_end(fvi_builder *b) {
    fvi_operation *op = b->op;
    for (guint i = (guint)op->first_node; i < b->nodes->len && !b->status; i++) {
        fvi_node *node = &g_array_index(b->nodes, fvi_node, i);
        if (node->name) continue;
        if (op->n_out && op->out[0] == node->out) node->source_name = op->source_name;
        node->name = node_name(b, node);
        if (!node->name) fvi_build_nomem(b);
    }
    for (guint v = (guint)op->first_value; v < b->values->len && !b->status; v++) {
        fvi_value *value = &fvi_build_value(b, (int)v)->v;
        if (value->name) continue;
        const char *name = value_name(b, value);
        value->name = name ? unique(b, b->value_names, name) : NULL;
        if (!value->name) fvi_build_nomem(b);
    }
    b->op = op->outer;
}
