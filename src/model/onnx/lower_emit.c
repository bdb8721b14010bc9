/* SPDX-License-Identifier: Apache-2.0 */
/* Making values and nodes: one emitter for each shape of the small op set that handlers compose.
 *
 * An emitter whose inputs are all constants computes its result at once instead of appending a node
 * (fold.c), so handlers never ask whether they are folding. Emitters that would change nothing
 * return their input. Names come last: fvi_site_out gives the file's, fvi_site_finish the rest.
 */
#include <string.h>

#include "graph/const.h"
#include "model/onnx/lowering.h"

static fvi_draft *draft(const fvi_site *s, int v) {
    return &g_array_index(s->l->values, fvi_draft, v);
}

static int append_value(fvi_site *s, const fvi_shape *shape, fvi_dtype t, const fvi_const *c,
                        int producer) {
    fvi_draft d = {{NULL, *shape, producer, c}, t, c && s->stable};
    g_array_append_val(s->l->values, d);
    return (int)s->l->values->len - 1;
}

static fvi_pool *constant_pool(const fvi_site *s) {
    return s->stable && s->l->cache ? fvi_constants_pool(s->l->cache) : s->l->pool;
}

/* See lowering.h. */
int fvi_emit_constant(fvi_site *s, fvi_dtype t, const fvi_shape *shape, void *data) {
    if (s->status) return -1;
    int64_t n = fvi_shape_count(shape);
    int64_t most = MIN(FVI_FOLD_MAX_ELEMENTS, s->l->limits->elements);
    if (n < 0 || n > most) {
        char text[FVI_SHAPE_TEXT];
        fvi_site_fail(s, FV_NOMEM, "makes a constant of %s; at most %" PRId64 " elements can be",
                      fvi_shape_text(shape, text), most);
        return -1;
    }
    if (!fvi_site_charge(s, n)) return -1;
    fvi_pool *pool = constant_pool(s);
    fvi_const *c = fvi_pool_alloc(pool, sizeof *c);
    uint8_t *bytes = fvi_pool_array(pool, (size_t)n + 1, fvi_dtype_size(t));
    if (!c || !bytes) {
        fvi_site_nomem(s);
        return -1;
    }
    *c = (fvi_const){t, *shape, bytes};
    *(uint8_t **)data = bytes;
    return append_value(s, shape, t, c, -1);
}

int fvi_emit_scalar(fvi_site *s, fvi_dtype t, double x) {
    uint8_t *data;
    int v = fvi_emit_constant(s, t, &(fvi_shape){0}, &data);
    if (v >= 0) fvi_put_real(t, data, 0, x);
    return v;
}

/* See lowering.h. */
int fvi_emit_alias(fvi_site *s, const fvi_const *c, fvi_dtype t, int stable) {
    if (s->status) return -1;
    int v = append_value(s, &c->shape, t, c, -1);
    draft(s, v)->stable = stable;
    return v;
}

/* A constant of other shape over the same bytes. */
static int reshaped_constant(fvi_site *s, int x, const fvi_shape *shape) {
    fvi_const *c = fvi_pool_alloc(constant_pool(s), sizeof *c);
    if (!c) {
        fvi_site_nomem(s);
        return -1;
    }
    *c = *draft(s, x)->v.constant;
    c->shape = *shape;
    return fvi_emit_alias(s, c, draft(s, x)->dtype, draft(s, x)->stable && s->stable);
}

static int append_node(fvi_site *s, fvi_kind kind, const fvi_node_attr *a, const fvi_shape *shape,
                       fvi_dtype t, int n_in, const int *in) {
    int *copy = fvi_pool_array(s->l->pool, (size_t)n_in, sizeof *copy);
    if (!copy) {
        fvi_site_nomem(s);
        return -1;
    }
    int64_t most = s->l->limits->nodes;
    if (s->l->nodes->len >= most) {
        fvi_site_fail(s, FV_NOMEM, "the network has more than %" PRId64 " nodes (limit max_nodes)",
                      most);
        return -1;
    }
    memcpy(copy, in, (size_t)n_in * sizeof *copy);
    fvi_node node = {.kind = kind, .source_op = s->proto->op_type, .n_in = n_in, .in = copy};
    if (a) node.a = *a;
    node.out = append_value(s, shape, t, NULL, (int)s->l->nodes->len);
    g_array_append_val(s->l->nodes, node);
    return node.out;
}

static fvi_dtype result_type(const fvi_site *s, fvi_kind kind, const fvi_node_attr *a,
                             const int *in) {
    if (kind == FVI_BINARY && a->binary.f >= FVI_LESS) return FVI_BOOL;
    if (kind == FVI_UNARY && (a->unary.f == FVI_IS_NAN || a->unary.f == FVI_NOT)) return FVI_BOOL;
    return draft(s, in[kind == FVI_WHERE ? 1 : 0])->dtype;
}

/* See lowering.h. */
int fvi_emit(fvi_site *s, fvi_kind kind, const fvi_node_attr *a, const fvi_shape *shape, int n_in,
             const int *in) {
    int known = n_in > 0;
    if (s->status) return -1;
    char text[FVI_SHAPE_TEXT];
    int64_t count = fvi_shape_count(shape), most = s->l->limits->elements;
    if (count < 0 || count > most) {
        fvi_site_fail(s, FV_SHAPE, "its result is %s, more than %" PRId64 " elements",
                      fvi_shape_text(shape, text), most);
        return -1;
    }
    for (int i = 0; i < n_in; i++) known = known && (in[i] < 0 || draft(s, in[i])->v.constant);
    fvi_dtype t = result_type(s, kind, a, in);
    if (!known || !fvi_fold_knows(kind, a, draft(s, in[0])->v.constant, shape))
        return append_node(s, kind, a, shape, t, n_in, in);
    const fvi_const **c = g_try_new0(const fvi_const *, (gsize)n_in + 1);
    uint8_t *data;
    int v = c ? fvi_emit_constant(s, t, shape, &data) : -1;
    if (v >= 0) {
        for (int i = 0; i < n_in; i++) c[i] = in[i] < 0 ? NULL : draft(s, in[i])->v.constant;
        if (fvi_site_charge(s, fvi_fold_work(kind, a, c, n_in, shape)))
            fvi_constant_fold(s, kind, a, c, n_in, shape, t, data);
    } else {
        fvi_site_nomem(s);
    }
    g_free(c);
    return s->status ? -1 : v;
}

int fvi_emit_unary(fvi_site *s, fvi_unary f, float p, float q, int x) {
    if (x < 0 || s->status) return -1;
    fvi_node_attr a = {.unary = {f, p, q}};
    fvi_shape shape = fvi_site_shape(s, x);
    return fvi_emit(s, FVI_UNARY, &a, &shape, 1, &x);
}

static int broadcast(fvi_site *s, const fvi_shape *a, const fvi_shape *b, fvi_shape *out) {
    if (s->status || fvi_shape_broadcast(a, b, out) == 0) return s->status == FV_OK;
    char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
    fvi_site_fail(s, FV_SHAPE, "%s and %s do not fit together", fvi_shape_text(a, ta),
                  fvi_shape_text(b, tb));
    return 0;
}

int fvi_emit_binary(fvi_site *s, fvi_binary f, int a, int b) {
    if (a < 0 || b < 0 || s->status) return -1;
    fvi_node_attr attr = {.binary = {f}};
    fvi_shape sa = fvi_site_shape(s, a), sb = fvi_site_shape(s, b), out;
    if (!broadcast(s, &sa, &sb, &out)) return -1;
    return fvi_emit(s, FVI_BINARY, &attr, &out, 2, (int[]){a, b});
}

int fvi_emit_where(fvi_site *s, int condition, int a, int b) {
    if (condition < 0 || a < 0 || b < 0 || s->status) return -1;
    fvi_shape sc = fvi_site_shape(s, condition), sa = fvi_site_shape(s, a),
              sb = fvi_site_shape(s, b), ab, out;
    if (!broadcast(s, &sa, &sb, &ab) || !broadcast(s, &sc, &ab, &out)) return -1;
    return fvi_emit(s, FVI_WHERE, NULL, &out, 3, (int[]){condition, a, b});
}

/* Fails when the numbers of elements differ. */
int fvi_emit_reshape(fvi_site *s, int x, const fvi_shape *shape) {
    if (x < 0 || s->status) return -1;
    fvi_shape from = fvi_site_shape(s, x);
    if (fvi_shape_count(&from) != fvi_shape_count(shape)) {
        char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
        fvi_site_fail(s, FV_SHAPE, "%s cannot become %s", fvi_shape_text(&from, ta),
                      fvi_shape_text(shape, tb));
        return -1;
    }
    if (fvi_shape_equal(&from, shape)) return x;
    if (fvi_site_const(s, x)) return reshaped_constant(s, x, shape);
    return fvi_emit(s, FVI_RESHAPE, NULL, shape, 1, &x);
}

/* Fails unless x broadcasts to exactly that shape. */
int fvi_emit_expand(fvi_site *s, int x, const fvi_shape *shape) {
    if (x < 0 || s->status) return -1;
    fvi_shape from = fvi_site_shape(s, x), out;
    if (!broadcast(s, &from, shape, &out)) return -1;
    if (!fvi_shape_equal(&out, shape)) {
        char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
        fvi_site_fail(s, FV_SHAPE, "%s cannot be expanded to %s", fvi_shape_text(&from, ta),
                      fvi_shape_text(shape, tb));
        return -1;
    }
    return fvi_shape_equal(&from, shape) ? x : fvi_emit(s, FVI_EXPAND, NULL, shape, 1, &x);
}

/* perm is a permutation of x's axes. */
int fvi_emit_transpose(fvi_site *s, int x, const int *perm) {
    if (x < 0 || s->status) return -1;
    fvi_shape from = fvi_site_shape(s, x), to = {.ndim = from.ndim};
    fvi_node_attr a = {0};
    int same = 1;
    for (int i = 0; i < from.ndim; i++) {
        to.dim[i] = from.dim[perm[i]];
        a.transpose.perm[i] = perm[i];
        same = same && perm[i] == i;
    }
    return same ? x : fvi_emit(s, FVI_TRANSPOSE, &a, &to, 1, &x);
}

int fvi_emit_reduce(fvi_site *s, fvi_reduce f, unsigned axes, int keepdims, int x) {
    if (x < 0 || s->status) return -1;
    fvi_shape from = fvi_site_shape(s, x), to = {0};
    fvi_node_attr a = {.reduce = {f, axes, keepdims}};
    for (int i = 0; i < from.ndim; i++) {
        int reduced = axes >> i & 1;
        if (!reduced || keepdims) to.dim[to.ndim++] = reduced ? 1 : from.dim[i];
    }
    return fvi_emit(s, FVI_REDUCE, &a, &to, 1, &x);
}

/* See lowering.h. */
int fvi_emit_slice(fvi_site *s, int x, int axis, int64_t start, int64_t count) {
    if (x < 0 || s->status) return -1;
    fvi_shape shape = fvi_site_shape(s, x);
    if (start == 0 && count == shape.dim[axis]) return x;
    fvi_node_attr a = {0};
    for (int i = 0; i < shape.ndim; i++) a.slice.step[i] = 1;
    a.slice.start[axis] = start;
    shape.dim[axis] = count;
    return fvi_emit(s, FVI_SLICE, &a, &shape, 1, &x);
}

/* Sizes other than the axis' must be equal. Empty parts are left out. */
int fvi_emit_concat(fvi_site *s, int axis, int n, const int *in) {
    if (s->status) return -1;
    fvi_shape shape = fvi_site_shape(s, in[0]);
    int64_t total = 0;
    for (int k = 0; k < n; k++) {
        fvi_shape part = fvi_site_shape(s, in[k]), like = part;
        if (part.ndim == shape.ndim) like.dim[axis] = shape.dim[axis];
        if (!fvi_shape_equal(&like, &shape)) {
            char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
            fvi_site_fail(s, FV_SHAPE, "%s and %s cannot be joined along axis %d",
                          fvi_shape_text(&shape, ta), fvi_shape_text(&part, tb), axis);
            return -1;
        }
        total += part.dim[axis]; /* at most 2^31 parts of 2^31: no overflow */
    }
    shape.dim[axis] = total;
    int *kept = g_try_new(int, (gsize)n + 1);
    if (!kept) return fvi_site_nomem(s), -1;
    int count = 0;
    for (int k = 0; k < n; k++)
        if (fvi_site_shape(s, in[k]).dim[axis] > 0) kept[count++] = in[k];
    fvi_node_attr a = {.axis = {axis}};
    int v = count == 0   ? in[0]
            : count == 1 ? kept[0]
                         : fvi_emit(s, FVI_CONCAT, &a, &shape, count, kept);
    g_free(kept);
    return v;
}

/* See lowering.h: a [.., m, k] (trans_a: [.., k, m]), b [.., k, n]. */
int fvi_emit_matmul(fvi_site *s, int a, int b, int bias, const fvi_node_attr *attr) {
    if (a < 0 || b < 0 || s->status) return -1;
    fvi_shape sa = fvi_site_shape(s, a), sb = fvi_site_shape(s, b), out;
    int ta = attr->matmul.trans_a != 0, tb = attr->matmul.trans_b != 0;
    int64_t m = sa.dim[sa.ndim - 2 + ta], ka = sa.dim[sa.ndim - 1 - ta];
    int64_t kb = sb.dim[sb.ndim - 2 + tb], n = sb.dim[sb.ndim - 1 - tb];
    fvi_shape ba = {.ndim = sa.ndim - 2}, bb = {.ndim = sb.ndim - 2};
    memcpy(ba.dim, sa.dim, sizeof ba.dim);
    memcpy(bb.dim, sb.dim, sizeof bb.dim);
    if (ka != kb || fvi_shape_broadcast(&ba, &bb, &out) < 0) {
        char xa[FVI_SHAPE_TEXT], xb[FVI_SHAPE_TEXT];
        fvi_site_fail(s, FV_SHAPE, "%s%s and %s%s cannot be multiplied", fvi_shape_text(&sa, xa),
                      ta ? " transposed" : "", fvi_shape_text(&sb, xb), tb ? " transposed" : "");
        return -1;
    }
    out.dim[out.ndim++] = m;
    out.dim[out.ndim++] = n;
    return fvi_emit(s, FVI_MATMUL, attr, &out, bias < 0 ? 2 : 3, (int[]){a, b, bias});
}

/* A name nobody has: `name` itself or "name/2", ... `used` counts how far each name has come. */
static const char *unique(fvi_lowering *l, GHashTable *used, const char *name) {
    guint k = GPOINTER_TO_UINT(g_hash_table_lookup(used, name));
    const char *found = name;
    if (k) {
        do found = fvi_pool_printf(l->pool, "%s/%u", name, ++k);
        while (found && g_hash_table_contains(used, found));
        g_hash_table_insert(used, (void *)name, GUINT_TO_POINTER(k));
    }
    if (found) g_hash_table_insert(used, (void *)found, GUINT_TO_POINTER(1));
    return found;
}

/* See lowering.h. */
fv_status fvi_site_out(fvi_site *s, int i, int v) {
    if (s->status || v < 0 || i >= s->n_out || !s->proto->output[i][0]) return s->status;
    if (draft(s, v)->v.name) { /* somebody else's: give it a second name */
        fvi_shape shape = draft(s, v)->v.shape;
        const fvi_const *c = draft(s, v)->v.constant;
        v = c ? fvi_emit_alias(s, c, draft(s, v)->dtype, draft(s, v)->stable && s->stable)
              : fvi_emit(s, FVI_IDENTITY, NULL, &shape, 1, &v);
        if (v < 0) return s->status;
    }
    const char *name = s->proto->output[i];
    if (s->scope->outer) name = unique(s->l, s->l->value_names, name);
    if (!name) return fvi_site_nomem(s);
    draft(s, v)->v.name = name;
    s->out[i] = v;
    return s->status;
}

/* The node's own name goes to the node that makes its first output; others are "name/kind". */
static const char *node_name(fvi_site *s, const fvi_node *node) {
    const char *value = draft(s, node->out)->v.name;
    for (int i = 0; value && i < s->n_out; i++) {
        if (s->out[i] != node->out) continue;
        const char *own = s->proto->name && s->proto->name[0] && i == 0 ? s->proto->name : value;
        if (g_hash_table_contains(s->l->node_names, own)) own = value;
        return unique(s->l, s->l->node_names, own);
    }
    char *kind = g_ascii_strdown(fvi_kind_name(node->kind), -1);
    const char *name = fvi_pool_printf(s->l->pool, "%s/%s", s->label, kind);
    g_free(kind);
    return name ? unique(s->l, s->l->node_names, name) : NULL;
}

/* See lowering.h. */
void fvi_site_finish(fvi_site *s) {
    for (guint i = (guint)s->first_node; i < s->l->nodes->len && !s->status; i++) {
        fvi_node *node = &g_array_index(s->l->nodes, fvi_node, i);
        if (node->name) continue;
        node->name = node_name(s, node);
        if (!node->name) fvi_site_nomem(s);
    }
    for (guint v = (guint)s->first_value; v < s->l->values->len && !s->status; v++) {
        fvi_value *value = &draft(s, (int)v)->v;
        if (value->name) continue;
        const char *name = value->producer < 0
                               ? fvi_pool_printf(s->l->pool, "%s/constant", s->label)
                               : g_array_index(s->l->nodes, fvi_node, value->producer).name;
        value->name = name ? unique(s->l, s->l->value_names, name) : NULL;
        if (!value->name) fvi_site_nomem(s);
    }
}
