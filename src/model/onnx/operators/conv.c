/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution, transposed convolution, matrix products.
 *
 * Weights of convolutions must be constants. A Gemm's third operand becomes the product's bias when
 * it is a constant of one number a column, else it is added afterwards.
 * Source: ONNX operator specification (Conv-1..22, ConvTranspose-1..22, Gemm-1..13, MatMul-1..13).
 */
#include "model/onnx/operators/conv.h"

#include <string.h>

#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Weights [a][b][k..] that fit the rank of x; returns them or fails. */
static const fvi_const *weights(fvi_onnx_node *node, const fvi_shape *x) {
    const fvi_const *w = fvi_onnx_fixed(node, 1, "weights");
    if (fvi_onnx_need(node, 0) < 0 || fvi_onnx_need(node, 1) < 0 || !w) return NULL;
    char tx[FVI_SHAPE_TEXT], tw[FVI_SHAPE_TEXT];
    if (w->shape.ndim != x->ndim || x->ndim < 3 || fvi_shape_count(&w->shape) < 1) {
        fvi_build_fail(node->b, FV_SHAPE, "its weights are %s and its input is %s",
                       fvi_shape_text(&w->shape, tw), fvi_shape_text(x, tx));
        return NULL;
    }
    return w;
}

/* groups must divide the channels, and the weights must be made for them. */
static void check_groups(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *w,
                         int64_t groups, int transposed) {
    int64_t in = x->dim[1], own = w->shape.dim[transposed ? 0 : 1];
    int64_t expected = transposed ? in : in / (groups > 0 ? groups : 1);
    if (groups < 1 || in % groups || own != expected || (!transposed && w->shape.dim[0] % groups))
        fvi_build_fail(node->b, FV_SHAPE,
                       "%" PRId64 " input channels in %" PRId64
                       " groups do not fit weights of %" PRId64 "x%" PRId64,
                       in, groups, w->shape.dim[0], w->shape.dim[1]);
}

/* The value it made, -1 when it failed. */
static int emit_conv(fvi_onnx_node *node, fvi_kind kind, int x, const fvi_window *w,
                     const fvi_shape *out) {
    const fvi_const *bias = fvi_onnx_fixed(node, 2, "bias");
    if (bias && (bias->shape.ndim != 1 || bias->shape.dim[0] != out->dim[1])) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE, "its bias is %s for %" PRId64 " channels",
                       fvi_shape_text(&bias->shape, text), out->dim[1]);
    }
    if (node->b->status) return -1;
    fvi_node_attr a = {.window = *w};
    int in[] = {x, fvi_onnx_in(node, 1), fvi_onnx_in(node, 2)};
    return fvi_emit(node->b, kind, &a, out, bias ? 3 : 2, in);
}

int fvi_onnx_convolve(fvi_onnx_node *node, int x) {
    fvi_shape shape = fvi_build_shape(node->b, x);
    const fvi_const *w = weights(node, &shape);
    if (!w) return -1;
    fvi_shape out = shape;
    fvi_window win;
    fvi_onnx_window(node, &shape, w->shape.dim + 2, &win, out.dim + 2);
    win.groups = fvi_onnx_attr_int(node->proto, "group", 1);
    check_groups(node, &shape, w, win.groups, 0);
    out.dim[1] = w->shape.dim[0];
    return node->b->status ? -1 : emit_conv(node, FVI_CONV, x, &win, &out);
}

int fvi_onnx_conv(fvi_onnx_node *node) { return fvi_onnx_convolve(node, fvi_onnx_need(node, 0)); }

fv_status fvi_lower_conv(fvi_onnx_node *node) { return fvi_onnx_out(node, 0, fvi_onnx_conv(node)); }

/* Size of one axis of a transposed convolution; where the file gives the size, or SAME, the padding
 * follows from it (the odd one before, but after with SAME_UPPER). */
static int64_t transposed_size(fvi_onnx_node *node, int64_t in, fvi_window *w, int i, int64_t extra,
                               const int64_t *size, int same_upper) {
    int64_t full = (in - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 + extra;
    if (size) {
        int64_t total = full - *size > 0 ? full - *size : 0;
        w->pad_lo[i] = same_upper ? total / 2 : total - total / 2;
        w->pad_hi[i] = total - w->pad_lo[i];
        full = *size + w->pad_lo[i] + w->pad_hi[i];
    }
    int64_t out = full - w->pad_lo[i] - w->pad_hi[i];
    if (out < 1 || extra >= w->stride[i] + w->dilation[i])
        fvi_build_fail(node->b, FV_SHAPE,
                       "axis %d would get %" PRId64 " elements (output_padding %" PRId64 ")", i + 2,
                       out, extra);
    return out;
}

/* One list attribute of n numbers 0..FVI_WINDOW_MAX; 0 when absent. */
static int numbers(fvi_onnx_node *node, const char *attr, int n, int64_t *out) {
    int count = fvi_onnx_ints(node, attr, -1, out, n);
    if (count >= 0 && count != n)
        fvi_build_fail(node->b, FV_FORMAT, "%s has %d numbers; %d are needed", attr, count, n);
    for (int i = 0; i < count; i++)
        if (out[i] < 0 || out[i] > FVI_WINDOW_MAX)
            fvi_build_fail(node->b, FV_SHAPE, "%s is %" PRId64 "; allowed: 0..%" PRId64, attr,
                           out[i], FVI_WINDOW_MAX);
    return count > 0 && !node->b->status;
}

fv_status fvi_lower_conv_transpose(fvi_onnx_node *node) {
    fvi_shape x = fvi_build_shape(node->b, fvi_onnx_need(node, 0));
    const fvi_const *w = weights(node, &x);
    if (!w) return node->b->status;
    fvi_window win;
    fvi_onnx_window(node, &x, w->shape.dim + 2, &win, NULL);
    win.groups = fvi_onnx_attr_int(node->proto, "group", 1);
    check_groups(node, &x, w, win.groups, 1);
    int64_t extra[FVI_MAX_DIMS] = {0}, size[FVI_MAX_DIMS] = {0};
    if (node->b->status) return node->b->status;
    numbers(node, "output_padding", win.n, extra);
    int sized = numbers(node, "output_shape", win.n, size);
    int upper = fvi_onnx_attr_is(node->proto, "auto_pad", "SAME_UPPER", "NOTSET");
    int same = upper || fvi_onnx_attr_is(node->proto, "auto_pad", "SAME_LOWER", "NOTSET");
    fvi_shape out = x;
    if (node->b->status || fvi_mul(w->shape.dim[1], win.groups, &out.dim[1]) < 0)
        return node->b->status;
    for (int i = 0; i < win.n; i++) {
        if (same && !sized) size[i] = x.dim[2 + i] * win.stride[i];
        out.dim[2 + i] = transposed_size(node, x.dim[2 + i], &win, i, extra[i],
                                         sized || same ? &size[i] : NULL, upper);
    }
    if (node->b->status) return node->b->status;
    int v = emit_conv(node, FVI_CONV_TRANSPOSE, fvi_onnx_in(node, 0), &win, &out);
    return fvi_onnx_out(node, 0, v);
}

/* A Gemm's C as the product's bias: a constant of 1 or n numbers in the last axis only. -1: not. */
static int gemm_bias(fvi_onnx_node *node, int c, int64_t n) {
    const fvi_const *k = fvi_build_const(node->b, c);
    if (!k) return -1;
    int64_t count = fvi_shape_count(&k->shape);
    fvi_shape row = {1, {count}};
    int is_row = k->shape.ndim == 0 || k->shape.dim[k->shape.ndim - 1] == count;
    if (!is_row || (count != n && count != 1)) return -1;
    int v = fvi_emit_reshape(node->b, c, &row);
    row.dim[0] = n;
    return fvi_emit_expand(node->b, v, &row);
}

int fvi_onnx_gemm(fvi_onnx_node *node) {
    int a = fvi_onnx_need(node, 0), b = fvi_onnx_need(node, 1), c = fvi_onnx_in(node, 2);
    fvi_shape sa = fvi_build_shape(node->b, a), sb = fvi_build_shape(node->b, b);
    if (!node->b->status && (sa.ndim != 2 || sb.ndim != 2))
        fvi_build_fail(node->b, FV_SHAPE, "its operands have %d and %d dimensions; 2 are needed",
                       sa.ndim, sb.ndim);
    if (node->b->status) return -1;
    float beta = fvi_onnx_attr_float(node->proto, "beta", 1);
    fvi_node_attr attr = {.matmul = {fvi_onnx_attr_int(node->proto, "transA", 0) != 0,
                                     fvi_onnx_attr_int(node->proto, "transB", 0) != 0,
                                     fvi_onnx_attr_float(node->proto, "alpha", 1)}};
    if (c >= 0 && beta != 1) c = fvi_emit_unary(node->b, FVI_LINEAR, beta, 0, c);
    int bias = c >= 0 && beta != 0 ? gemm_bias(node, c, sb.dim[attr.matmul.trans_b ? 0 : 1]) : -1;
    int v = fvi_emit_matmul(node->b, a, b, bias, &attr);
    return c >= 0 && bias < 0 && beta != 0 ? fvi_emit_binary(node->b, FVI_ADD, v, c) : v;
}

fv_status fvi_lower_gemm(fvi_onnx_node *node) { return fvi_onnx_out(node, 0, fvi_onnx_gemm(node)); }

int fvi_onnx_multiply(fvi_onnx_node *node, int a, int b, const fvi_node_attr *attr) {
    fvi_shape sa = fvi_build_shape(node->b, a), sb = fvi_build_shape(node->b, b);
    if (!node->b->status && (sa.ndim < 1 || sb.ndim < 1))
        fvi_build_fail(node->b, FV_SHAPE, "a scalar cannot be multiplied as a matrix");
    if (node->b->status) return -1;
    fvi_node_attr as = *attr;
    as.matmul.trans_a = as.matmul.trans_a && sa.ndim > 1;
    as.matmul.trans_b = as.matmul.trans_b && sb.ndim > 1;
    if (sa.ndim == 1) a = fvi_emit_reshape(node->b, a, &(fvi_shape){2, {1, sa.dim[0]}});
    if (sb.ndim == 1) b = fvi_emit_reshape(node->b, b, &(fvi_shape){2, {sb.dim[0], 1}});
    int v = fvi_emit_matmul(node->b, a, b, -1, &as);
    if (v < 0) return -1;
    fvi_shape full = fvi_build_shape(node->b, v), out = {0};
    for (int i = 0; i < full.ndim; i++) {
        int made = (i == full.ndim - 2 && sa.ndim == 1) || (i == full.ndim - 1 && sb.ndim == 1);
        if (!made) out.dim[out.ndim++] = full.dim[i];
    }
    return fvi_emit_reshape(node->b, v, &out);
}

int fvi_onnx_matmul(fvi_onnx_node *node, int a, int b) {
    return fvi_onnx_multiply(node, a, b, &(fvi_node_attr){.matmul = {0, 0, 1}});
}

fv_status fvi_lower_matmul(fvi_onnx_node *node) {
    const int a = fvi_onnx_need(node, 0), b = fvi_onnx_need(node, 1);
    return fvi_onnx_out(node, 0, fvi_onnx_matmul(node, a, b));
}

int fvi_onnx_move_channels(fvi_onnx_node *node, int v, int to_last) {
    const int n = fvi_build_shape(node->b, v).ndim;
    int perm[FVI_MAX_DIMS] = {0};
    if (node->b->status || n < 3) return v;
    for (int i = 1; i < n; i++)
        perm[i] = to_last ? (i < n - 1 ? i + 1 : 1) : (i == 1 ? n - 1 : i - 1);
    return fvi_emit_transpose(node->b, v, perm);
}
