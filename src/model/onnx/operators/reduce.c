/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions. The mean over both spatial axes of a picture is a global average pooling, which is
 * faster. ArgMax and ArgMin are computed on constants only. A CumSum at run time is a product with
 * a triangular matrix. Source: ONNX operator specification.
 */
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

#define CUM_PROD_MAX 256 /* elements of an axis whose products are made one by one */

/* [n,c,h,w] -> [n,c,1,1] */
static int emit_global_mean(fvi_onnx_node *node, int x, const fvi_shape *in) {
    fvi_node_attr a = {.window = {.n = 2, .groups = 1, .global = 1}};
    fvi_shape out = {4, {in->dim[0], in->dim[1], 1, 1}};
    for (int i = 0; i < 2; i++) {
        a.window.kernel[i] = in->dim[2 + i];
        a.window.stride[i] = a.window.dilation[i] = 1;
    }
    return fvi_emit(node->b, FVI_AVERAGE_POOL, &a, &out, 1, &x);
}

/* Whether a reduction gives integers of integers as it is computed; the others' fractions are cut
 * off. */
static int keeps_whole(fvi_reduce f) {
    return f != FVI_REDUCE_MEAN && f != FVI_REDUCE_L2 && f != FVI_REDUCE_LOG_SUM &&
           f != FVI_REDUCE_LOG_SUM_EXP;
}

/* Whether a mean of x over those axes is a global pooling: of a picture of real numbers. */
static int is_global(const fvi_builder *b, int x, unsigned axes) {
    const fvi_shape s = fvi_build_shape(b, x);
    return s.ndim == 4 && axes == (4u | 8u) && fvi_shape_count(&s) > 0 && !fvi_build_const(b, x) &&
           !fvi_dtype_is_int(fvi_build_dtype(b, x));
}

/* param: the fvi_reduce. Over no axes each element is reduced for itself: squared, its magnitude
 * taken. */
fv_status fvi_lower_reduce(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), absent;
    fvi_shape in = fvi_build_shape(node->b, x);
    unsigned axes = fvi_onnx_axes(node, 1, in.ndim, &absent);
    const int keepdims = fvi_onnx_attr_int(node->proto, "keepdims", 1) != 0;
    const int whole = fvi_dtype_is_int(fvi_build_dtype(node->b, x));
    const fvi_reduce f = (fvi_reduce)node->op->param;
    if (node->b->status) return node->b->status;
    if (absent && !fvi_onnx_attr_int(node->proto, "noop_with_empty_axes", 0))
        axes = (1u << in.ndim) - 1;
    if (f == FVI_REDUCE_MEAN && is_global(node->b, x, axes)) {
        int v = emit_global_mean(node, x, &in);
        if (!keepdims) v = fvi_emit_reshape(node->b, v, &(fvi_shape){2, {in.dim[0], in.dim[1]}});
        return fvi_onnx_out(node, 0, v);
    }
    int v = axes || f > FVI_REDUCE_PROD ? fvi_emit_reduce(node->b, f, axes, keepdims, x) : x;
    if (whole && axes && !keeps_whole(f)) v = fvi_emit_unary(node->b, FVI_TRUNC, 0, 0, v);
    return fvi_onnx_out(node, 0, v);
}

/* param 1: largest, -1: smallest; on constants. */
fv_status fvi_lower_arg_extreme(fvi_onnx_node *node) {
    const fvi_const *x = fvi_onnx_deciding(node, 0, "input");
    if (!x) return fvi_onnx_need(node, 0), node->b->status;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), x->shape.ndim);
    int keepdims = fvi_onnx_attr_int(node->proto, "keepdims", 1) != 0;
    int last = fvi_onnx_attr_int(node->proto, "select_last_index", 0) != 0;
    if (node->b->status || x->shape.ndim == 0)
        return fvi_build_fail(node->b, FV_SHAPE, "it needs an axis");
    fvi_shape out = x->shape;
    int64_t n = x->shape.dim[axis], outer = fvi_shape_product(&out, 0, axis);
    int64_t inner = fvi_shape_product(&out, axis + 1, out.ndim);
    out.dim[axis] = 1;
    if (n < 1) return fvi_build_fail(node->b, FV_SHAPE, "its axis is empty");
    uint8_t *data;
    int v = fvi_emit_constant(node->b, FVI_I64, &out, &data);
    if (v >= 0 && !fvi_build_charge(node->b, 4 * outer * n * inner)) v = -1;
    for (int64_t i = 0; v >= 0 && i < outer * inner; i++) {
        int64_t base = i / inner * n * inner + i % inner, best = 0;
        for (int64_t k = 1; k < n; k++) {
            double d = fvi_const_at(x, base + k * inner) - fvi_const_at(x, base + best * inner);
            if (d * node->op->param > 0 || (last && d == 0)) best = k;
        }
        fvi_put_int(FVI_I64, data, i, best);
    }
    if (!keepdims) {
        for (int i = axis; i + 1 < out.ndim; i++) out.dim[i] = out.dim[i + 1];
        out.ndim--;
        v = fvi_emit_reshape(node->b, v, &out);
    }
    return fvi_onnx_out(node, 0, v);
}

/* n, n - 1, ... 1 along an axis of x. */
static int falling_ramp(fvi_onnx_node *node, const fvi_shape *x, int axis) {
    fvi_shape s = {.ndim = x->ndim};
    uint8_t *data;
    for (int i = 0; i < s.ndim; i++) s.dim[i] = i == axis ? x->dim[i] : 1;
    const int v = fvi_emit_constant(node->b, FVI_F32, &s, &data);
    for (int64_t i = 0; v >= 0 && i < x->dim[axis]; i++)
        fvi_put_int(FVI_F32, data, i, x->dim[axis] - i);
    return v;
}

/* 1 at the largest element of an axis, of several the first, else 0. */
static int first_largest(fvi_onnx_node *node, int x, int axis) {
    fvi_builder *b = node->b;
    const fvi_shape s = fvi_build_shape(b, x);
    const fvi_dtype t = fvi_build_dtype(b, x);
    const unsigned along = 1u << axis;
    const int top = fvi_emit_reduce(b, FVI_REDUCE_MAX, along, 1, x);
    const int largest = fvi_emit_binary(b, FVI_EQUAL, x, top);
    const int rank = fvi_emit_binary(b, FVI_MUL, falling_ramp(node, &s, axis), largest);
    const int first = fvi_emit_reduce(b, FVI_REDUCE_MAX, along, 1, rank);
    const int chosen =
        fvi_emit_binary(b, FVI_AND, largest, fvi_emit_binary(b, FVI_EQUAL, rank, first));
    return fvi_emit_where(b, chosen, fvi_emit_scalar(b, t, 1), fvi_emit_scalar(b, t, 0));
}

/* Before opset 13 the axes from `axis` on are taken together. */
fv_status fvi_lower_hardmax(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0), together = node->l->opset < 13;
    const fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    int axis =
        fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", together ? 1 : -1), s.ndim);
    if (node->b->status || !fvi_shape_count(&s))
        return fvi_build_fail(node->b, FV_SHAPE, "its input has no elements");
    fvi_shape flat = s;
    if (together) {
        flat =
            (fvi_shape){2, {fvi_shape_product(&s, 0, axis), fvi_shape_product(&s, axis, s.ndim)}};
        axis = 1;
    }
    const int v = first_largest(node, fvi_emit_reshape(node->b, x, &flat), axis);
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, v, &s));
}

/* [n, n]: element (i, k) is 1 where input i is in sum k. */
static int triangle(fvi_onnx_node *node, int64_t n, int exclusive, int reverse) {
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){2, {n, n}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, n * n)) return -1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++) {
            const int in = i == k ? !exclusive : reverse ? i > k : i < k;
            fvi_put_int(FVI_F32, data, i * n + k, in);
        }
    return v;
}

static fv_status cum_sum_run_time(fvi_onnx_node *node, int exclusive, int reverse) {
    const int x = node->in[0];
    const fvi_const *where = fvi_onnx_fixed(node, 1, "axis");
    const fvi_shape shape = fvi_build_shape(node->b, x);
    const fvi_dtype type = fvi_build_dtype(node->b, x);
    if (!where || fvi_shape_count(&where->shape) < 1 || shape.ndim < 1)
        return fvi_build_fail(node->b, FV_FORMAT, "it needs an input and an axis");
    const int axis = fvi_build_axis(node->b, fvi_const_int(where, 0), shape.ndim);
    const int64_t n = shape.dim[axis], outer = fvi_shape_product(&shape, 0, axis);
    const int64_t inner = fvi_shape_product(&shape, axis + 1, shape.ndim);
    if (node->b->status) return node->b->status;
    /* [outer, n, inner] -> [outer, inner, n], times the matrix, and back */
    int v = fvi_emit_reshape(node->b, x, &(fvi_shape){3, {outer, n, inner}});
    v = fvi_emit_transpose(node->b, v, (const int[]){0, 2, 1});
    v = fvi_emit_reshape(node->b, v, &(fvi_shape){2, {outer * inner, n}});
    v = fvi_emit_matmul(node->b, v, triangle(node, n, exclusive, reverse), -1,
                        &(fvi_node_attr){.matmul = {0, 0, 1}});
    v = fvi_emit_reshape(node->b, v, &(fvi_shape){3, {outer, inner, n}});
    v = fvi_emit_transpose(node->b, v, (const int[]){0, 2, 1});
    return fvi_onnx_out_as(node, 0, fvi_emit_reshape(node->b, v, &shape),
                           fvi_dtype_is_int(type) ? type : FVI_F32);
}

static fv_status cum_sum_constant(fvi_onnx_node *node, int exclusive, int reverse) {
    const fvi_const *x = fvi_onnx_fixed(node, 0, "input"), *where = fvi_onnx_fixed(node, 1, "axis");
    if (!x || !where || fvi_shape_count(&where->shape) < 1)
        return fvi_build_fail(node->b, FV_FORMAT, "it needs an input and an axis");
    int axis = fvi_build_axis(node->b, fvi_const_int(where, 0), x->shape.ndim);
    uint8_t *data;
    int v = fvi_emit_constant(node->b, x->dtype, &x->shape, &data);
    if (node->b->status || x->shape.ndim == 0) return fvi_onnx_out(node, 0, v);
    int64_t n = x->shape.dim[axis], outer = fvi_shape_product(&x->shape, 0, axis);
    int64_t inner = fvi_shape_product(&x->shape, axis + 1, x->shape.ndim);
    if (!fvi_build_charge(node->b, 4 * fvi_shape_count(&x->shape))) return node->b->status;
    for (int64_t i = 0; i < outer * inner; i++) {
        double sum = 0;
        for (int64_t k = 0; k < n; k++) {
            int64_t at = (i / inner * n + (reverse ? n - 1 - k : k)) * inner + i % inner;
            double e = fvi_const_at(x, at);
            fvi_put_real(x->dtype, data, at, exclusive ? sum : sum + e);
            sum += e;
        }
    }
    return fvi_onnx_out(node, 0, v);
}

/* 1 everywhere, in the shape and type of v. */
static int ones(fvi_builder *b, int v) {
    const fvi_shape s = fvi_build_shape(b, v);
    return fvi_emit_expand(b, fvi_emit_scalar(b, fvi_build_dtype(b, v), 1), &s);
}

/* Products so far along an axis: one multiplication a step. */
fv_status fvi_lower_cum_prod(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const int exclusive = fvi_onnx_attr_int(node->proto, "exclusive", 0) != 0;
    const int reverse = fvi_onnx_attr_int(node->proto, "reverse", 0) != 0;
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(b, x);
    fvi_onnx_need(node, 1);
    const fvi_const *where = fvi_onnx_fixed(node, 1, "axis");
    if (b->status) return b->status;
    if (fvi_shape_count(&where->shape) < 1 || s.ndim < 1)
        return fvi_build_fail(b, FV_FORMAT, "it needs an input and an axis");
    const int axis = fvi_build_axis(b, fvi_const_int(where, 0), s.ndim);
    const int64_t n = b->status ? 0 : s.dim[axis];
    if (n < 1 || n > CUM_PROD_MAX)
        return fvi_build_fail(b, FV_UNSUPPORTED,
                              "its axis has %" PRId64 " elements; 1..%d are supported", n,
                              CUM_PROD_MAX);
    int part[CUM_PROD_MAX], product = -1;
    for (int64_t k = 0; k < n && !b->status; k++) {
        const int64_t at = reverse ? n - 1 - k : k;
        const int own = fvi_emit_slice(b, x, axis, at, 1);
        if (exclusive) part[at] = k ? product : ones(b, own);
        product = product < 0 ? own : fvi_emit_binary(b, FVI_MUL, product, own);
        if (!exclusive) part[at] = product;
    }
    return fvi_onnx_out(node, 0, b->status ? -1 : fvi_emit_concat(b, axis, (int)n, part));
}

fv_status fvi_lower_cum_sum(fvi_onnx_node *node) {
    const int exclusive = fvi_onnx_attr_int(node->proto, "exclusive", 0) != 0;
    const int reverse = fvi_onnx_attr_int(node->proto, "reverse", 0) != 0;
    const int x = fvi_onnx_need(node, 0);
    if (node->b->status) return node->b->status;
    return fvi_build_const(node->b, x) ? cum_sum_constant(node, exclusive, reverse)
                                       : cum_sum_run_time(node, exclusive, reverse);
}
