/* SPDX-License-Identifier: Apache-2.0 */
/* Making values and nodes: one emitter for each op of the small op set that readers use.
 *
 * If all inputs are constants, an emitter computes its result instead of appending a node
 * (constant_fold.h), so readers need not distinguish the two. Emitters that would change nothing
 * return their input. fvi_emit_named gives a value the file's name, fvi_build_end names the rest.
 */
#include "graph/build/emit.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "graph/const.h"
#include "graph/fold/constant_fold.h"

int fvi_emit_constant(fvi_builder *builder, fvi_dtype t, const fvi_shape *shape, void *data) {
    if (builder->status) return -1;
    int64_t n = fvi_shape_count(shape);
    int64_t most = MIN(FVI_CONSTANT_MAX_ELEMENTS, builder->limits.elements);
    if (n < 0 || n > most) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_NOMEM,
                       "makes a constant of %s; at most %" PRId64 " elements can be",
                       fvi_shape_text(shape, text), most);
        return -1;
    }
    if (!fvi_build_charge(builder, n)) return -1;
    fvi_pool *pool = fvi_build_constant_pool(builder);
    fvi_const *c = fvi_pool_alloc(pool, sizeof *c);
    uint8_t *bytes = fvi_pool_array(pool, (size_t)n + 1, fvi_dtype_size(t));
    if (!c || !bytes) {
        fvi_build_nomem(builder);
        return -1;
    }
    *c = (fvi_const){t, *shape, bytes, 0};
    *(uint8_t **)data = bytes;
    return fvi_build_append_value(builder, shape, t, c, -1);
}

void fvi_emit_quantised(fvi_builder *builder, int v) {
    const fvi_const *c = fvi_build_const(builder, v);
    if (v >= 0 && c) ((fvi_const *)c)->quantised = 1;
}

int fvi_emit_scalar(fvi_builder *builder, fvi_dtype t, double x) {
    uint8_t *data;
    int v = fvi_emit_constant(builder, t, &(fvi_shape){0}, &data);
    if (v >= 0) fvi_put_real(t, data, 0, x);
    return v;
}

int fvi_emit_alias(fvi_builder *builder, const fvi_const *c, fvi_dtype t, int file_constant) {
    if (builder->status) return -1;
    int v = fvi_build_append_value(builder, &c->shape, t, c, -1);
    fvi_build_value(builder, v)->file_constant = file_constant;
    return v;
}

/* A constant of other shape over the same bytes. */
static int reshaped_constant(fvi_builder *builder, int x, const fvi_shape *shape) {
    fvi_const *c = fvi_pool_alloc(fvi_build_constant_pool(builder), sizeof *c);
    if (!c) {
        fvi_build_nomem(builder);
        return -1;
    }
    *c = *fvi_build_value(builder, x)->v.constant;
    c->shape = *shape;
    return fvi_emit_alias(builder, c, fvi_build_value(builder, x)->dtype,
                          fvi_build_value(builder, x)->file_constant && builder->op->file_constant);
}

/* Integers make integers; with a real number among them the result is real. A condition and indices
 * do not count. */
static fvi_dtype result_type(const fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                             int n_in, const int *in) {
    if (kind == FVI_BINARY && fvi_binary_info(a->binary.f)->is_bool) return FVI_BOOL;
    if (kind == FVI_UNARY && fvi_unary_info(a->unary.f)->is_bool) return FVI_BOOL;
    const int first = kind == FVI_WHERE ? 1 : 0, end = kind == FVI_GATHER ? 1 : n_in;
    fvi_dtype t = fvi_build_value(builder, in[first])->dtype;
    for (int i = first + 1; i < end && fvi_dtype_is_int(t); i++)
        if (in[i] >= 0 && !fvi_dtype_is_int(fvi_build_dtype(builder, in[i])))
            t = fvi_build_dtype(builder, in[i]);
    return t;
}

/* Computes a node whose inputs are constants, which are put in node->in. Returns the value, or -1
 * if it is of a kind that is not folded, or on failure. */
static int fold(fvi_builder *builder, fvi_fold_node *node, const int *in) {
    const fvi_const **c = g_try_new0(const fvi_const *, (gsize)node->n_in + 1);
    uint8_t *data;
    int v = -1;
    for (int i = 0; c && i < node->n_in; i++)
        c[i] = in[i] < 0 ? NULL : fvi_build_value(builder, in[i])->v.constant;
    node->in = c;
    if (!c) {
        fvi_build_nomem(builder);
    } else if (fvi_fold_knows(node)) {
        v = fvi_emit_constant(builder, node->dtype, node->shape, &data);
        if (v < 0)
            fvi_build_nomem(builder);
        else if (fvi_build_charge(builder, fvi_fold_work(node)))
            fvi_constant_fold(builder, node, data);
    }
    for (int i = 0; c && i < node->n_in; i++)
        if (c[i] && c[i]->quantised) fvi_emit_quantised(builder, v);
    g_free(c);
    return v;
}

int fvi_emit(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a, const fvi_shape *shape,
             int n_in, const int *in) {
    int known = n_in > 0;
    if (builder->status) return -1;
    char text[FVI_SHAPE_TEXT];
    int64_t count = fvi_shape_count(shape), most = builder->limits.elements;
    if (count < 0 || count > most) {
        fvi_build_fail(builder, FV_SHAPE,
                       "its result is %s, more than %" PRId64 " elements " FVI_LIMIT("elements"),
                       fvi_shape_text(shape, text), most);
        return -1;
    }
    for (int i = 0; i < n_in; i++)
        known = known && (in[i] < 0 || fvi_build_value(builder, in[i])->v.constant);
    fvi_dtype t = result_type(builder, kind, a, n_in, in);
    int v = -1;
    if (known) {
        fvi_fold_node node = {kind, a, NULL, n_in, shape, t};
        v = fold(builder, &node, in);
    }
    if (v < 0 && !builder->status)
        return fvi_build_append_node(builder, kind, a, shape, t, n_in, in);
    return builder->status ? -1 : v;
}

int fvi_emit_unary(fvi_builder *builder, fvi_unary f, float p, float q, int x) {
    if (x < 0 || builder->status) return -1;
    fvi_node_attr a = {.unary = {f, p, q}};
    fvi_shape shape = fvi_build_shape(builder, x);
    return fvi_emit(builder, FVI_UNARY, &a, &shape, 1, &x);
}

static int broadcast(fvi_builder *builder, const fvi_shape *a, const fvi_shape *b, fvi_shape *out) {
    if (builder->status || fvi_shape_broadcast(a, b, out) == 0) return builder->status == FV_OK;
    char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
    fvi_build_fail(builder, FV_SHAPE, "%s and %s do not fit together", fvi_shape_text(a, ta),
                   fvi_shape_text(b, tb));
    return 0;
}

int fvi_emit_stop_gradient(fvi_builder *builder, int x) {
    if (x < 0 || builder->status || fvi_build_const(builder, x)) return builder->status ? -1 : x;
    const fvi_node_attr a = {.identity = {.stops = 1}};
    const fvi_shape shape = fvi_build_shape(builder, x);
    return fvi_emit(builder, FVI_IDENTITY, &a, &shape, 1, &x);
}

int fvi_emit_binary(fvi_builder *builder, fvi_binary f, int a, int b) {
    if (a < 0 || b < 0 || builder->status) return -1;
    fvi_node_attr attr = {.binary = {f}};
    fvi_shape sa = fvi_build_shape(builder, a), sb = fvi_build_shape(builder, b), out;
    if (!broadcast(builder, &sa, &sb, &out)) return -1;
    return fvi_emit(builder, FVI_BINARY, &attr, &out, 2, (int[]){a, b});
}

int fvi_emit_where(fvi_builder *builder, int condition, int a, int b) {
    if (condition < 0 || a < 0 || b < 0 || builder->status) return -1;
    fvi_shape sc = fvi_build_shape(builder, condition), sa = fvi_build_shape(builder, a),
              sb = fvi_build_shape(builder, b), ab, out;
    if (!broadcast(builder, &sa, &sb, &ab) || !broadcast(builder, &sc, &ab, &out)) return -1;
    return fvi_emit(builder, FVI_WHERE, NULL, &out, 3, (int[]){condition, a, b});
}

/* Fails when the numbers of elements differ. */
int fvi_emit_reshape(fvi_builder *builder, int x, const fvi_shape *shape) {
    if (x < 0 || builder->status) return -1;
    fvi_shape from = fvi_build_shape(builder, x);
    if (fvi_shape_count(&from) != fvi_shape_count(shape)) {
        char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_SHAPE, "%s cannot become %s", fvi_shape_text(&from, ta),
                       fvi_shape_text(shape, tb));
        return -1;
    }
    if (fvi_shape_equal(&from, shape)) return x;
    if (fvi_build_const(builder, x)) return reshaped_constant(builder, x, shape);
    return fvi_emit(builder, FVI_RESHAPE, NULL, shape, 1, &x);
}

/* Fails unless x broadcasts to exactly that shape. */
int fvi_emit_expand(fvi_builder *builder, int x, const fvi_shape *shape) {
    if (x < 0 || builder->status) return -1;
    fvi_shape from = fvi_build_shape(builder, x), out;
    if (!broadcast(builder, &from, shape, &out)) return -1;
    if (!fvi_shape_equal(&out, shape)) {
        char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_SHAPE, "%s cannot be expanded to %s", fvi_shape_text(&from, ta),
                       fvi_shape_text(shape, tb));
        return -1;
    }
    return fvi_shape_equal(&from, shape) ? x : fvi_emit(builder, FVI_EXPAND, NULL, shape, 1, &x);
}

/* perm is a permutation of x's axes. */
int fvi_emit_transpose(fvi_builder *builder, int x, const int *perm) {
    if (x < 0 || builder->status) return -1;
    fvi_shape from = fvi_build_shape(builder, x), to = {.ndim = from.ndim};
    fvi_node_attr a = {0};
    int same = 1;
    for (int i = 0; i < from.ndim; i++) {
        to.dim[i] = from.dim[perm[i]];
        a.transpose.perm[i] = perm[i];
        same = same && perm[i] == i;
    }
    return same ? x : fvi_emit(builder, FVI_TRANSPOSE, &a, &to, 1, &x);
}

int fvi_emit_reduce(fvi_builder *builder, fvi_reduce f, unsigned axes, int keepdims, int x) {
    if (x < 0 || builder->status) return -1;
    fvi_shape from = fvi_build_shape(builder, x), to = {0};
    fvi_node_attr a = {.reduce = {f, axes, keepdims}};
    for (int i = 0; i < from.ndim; i++) {
        int reduced = axes >> i & 1;
        if (!reduced || keepdims) to.dim[to.ndim++] = reduced ? 1 : from.dim[i];
    }
    return fvi_emit(builder, FVI_REDUCE, &a, &to, 1, &x);
}

int fvi_emit_slice(fvi_builder *builder, int x, int axis, int64_t start, int64_t count) {
    if (x < 0 || builder->status) return -1;
    fvi_shape shape = fvi_build_shape(builder, x);
    if (start == 0 && count == shape.dim[axis]) return x;
    fvi_node_attr a = {0};
    for (int i = 0; i < shape.ndim; i++) a.slice.step[i] = 1;
    a.slice.start[axis] = start;
    shape.dim[axis] = count;
    return fvi_emit(builder, FVI_SLICE, &a, &shape, 1, &x);
}

/* Sizes other than the axis' must be equal. Empty parts are left out. */
int fvi_emit_concat(fvi_builder *builder, int axis, int n, const int *in) {
    if (builder->status) return -1;
    fvi_shape shape = fvi_build_shape(builder, in[0]);
    int64_t total = 0;
    for (int k = 0; k < n; k++) {
        fvi_shape part = fvi_build_shape(builder, in[k]), like = part;
        if (part.ndim == shape.ndim) like.dim[axis] = shape.dim[axis];
        if (!fvi_shape_equal(&like, &shape)) {
            char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
            fvi_build_fail(builder, FV_SHAPE, "%s and %s cannot be joined along axis %d",
                           fvi_shape_text(&shape, ta), fvi_shape_text(&part, tb), axis);
            return -1;
        }
        total += part.dim[axis]; /* at most 2^31 parts of 2^31: no overflow */
    }
    shape.dim[axis] = total;
    int *kept = g_try_new(int, (gsize)n + 1);
    if (!kept) return fvi_build_nomem(builder), -1;
    int count = 0;
    for (int k = 0; k < n; k++)
        if (fvi_build_shape(builder, in[k]).dim[axis] > 0) kept[count++] = in[k];
    fvi_node_attr a = {.axis = {axis}};
    int v = count == 0   ? in[0]
            : count == 1 ? kept[0]
                         : fvi_emit(builder, FVI_CONCAT, &a, &shape, count, kept);
    g_free(kept);
    return v;
}

int fvi_emit_matmul(fvi_builder *builder, int a, int b, int bias, const fvi_node_attr *attr) {
    if (a < 0 || b < 0 || builder->status) return -1;
    fvi_shape sa = fvi_build_shape(builder, a), sb = fvi_build_shape(builder, b), out;
    int ta = attr->matmul.trans_a != 0, tb = attr->matmul.trans_b != 0;
    int64_t m = sa.dim[sa.ndim - 2 + ta], ka = sa.dim[sa.ndim - 1 - ta];
    int64_t kb = sb.dim[sb.ndim - 2 + tb], n = sb.dim[sb.ndim - 1 - tb];
    fvi_shape ba = {.ndim = sa.ndim - 2}, bb = {.ndim = sb.ndim - 2};
    memcpy(ba.dim, sa.dim, sizeof ba.dim);
    memcpy(bb.dim, sb.dim, sizeof bb.dim);
    if (ka != kb || fvi_shape_broadcast(&ba, &bb, &out) < 0) {
        char xa[FVI_SHAPE_TEXT], xb[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_SHAPE, "%s%s and %s%s cannot be multiplied",
                       fvi_shape_text(&sa, xa), ta ? " transposed" : "", fvi_shape_text(&sb, xb),
                       tb ? " transposed" : "");
        return -1;
    }
    out.dim[out.ndim++] = m;
    out.dim[out.ndim++] = n;
    return fvi_emit(builder, FVI_MATMUL, attr, &out, bias < 0 ? 2 : 3, (int[]){a, b, bias});
}

int fvi_emit_inverse_fft(fvi_builder *builder, int x, int64_t w) {
    if (x < 0 || builder->status) return -1;
    const fvi_shape in = fvi_build_shape(builder, x);
    fvi_shape out = {.ndim = in.ndim - 1};
    if (in.ndim < 3 || in.dim[in.ndim - 1] != 2 || w < 1 || in.dim[in.ndim - 2] != w / 2 + 1) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_SHAPE, "%s are no half spectra of %" PRId64 " columns",
                       fvi_shape_text(&in, text), w);
        return -1;
    }
    for (int i = 0; i < out.ndim; i++) out.dim[i] = i < out.ndim - 1 ? in.dim[i] : w;
    return fvi_emit(builder, FVI_INVERSE_FFT, NULL, &out, 1, &x);
}

int fvi_emit_random(fvi_builder *builder, int key, fvi_random_function f, int64_t first,
                    const fvi_shape *shape) {
    if (key < 0 || builder->status) return -1;
    const fvi_shape streams = fvi_build_shape(builder, key);
    const fvi_node_attr a = {.random = {f, first}};
    if (streams.ndim != 2 || streams.dim[1] != FVI_RANDOM_HALVES || shape->ndim < 1 ||
        shape->dim[0] != streams.dim[0]) {
        char ts[FVI_SHAPE_TEXT], to[FVI_SHAPE_TEXT];
        fvi_build_fail(builder, FV_SHAPE, "streams of %s cannot give %s",
                       fvi_shape_text(&streams, ts), fvi_shape_text(shape, to));
        return -1;
    }
    return fvi_emit(builder, FVI_RANDOM, &a, shape, 1, &key);
}

int fvi_emit_named(fvi_builder *builder, int v, const char *name) {
    if (v < 0 || builder->status) return -1;
    if (fvi_build_value(builder, v)->v.name) {
        const fvi_pending_value p = *fvi_build_value(builder, v);
        v = p.v.constant ? fvi_emit_alias(builder, p.v.constant, p.dtype,
                                          p.file_constant && builder->op->file_constant)
                         : fvi_emit(builder, FVI_IDENTITY, NULL, &p.v.shape, 1, &v);
        if (v < 0) return -1;
    }
    fvi_build_value(builder, v)->v.name = name;
    return v;
}
