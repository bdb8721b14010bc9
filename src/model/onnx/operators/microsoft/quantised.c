/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised operators of com.microsoft, as floating point (operators/quantize.c): their inputs
 * become real numbers, the operator is computed, and its result is quantised again where the file
 * says how. What ONNX Runtime quantises on the way (DynamicQuantizeMatMul, DynamicQuantizeLSTM,
 * QAttention) stays as it is.
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"
#include "model/onnx/operators/norm.h"
#include "model/onnx/operators/pool.h"
#include "model/onnx/operators/quantize.h"

/* ---- element-wise ---- */

/* QLinearAdd and QLinearMul; param: the fvi_binary. */
fv_status fvi_lower_qlinear_arith(fvi_onnx_node *node) {
    const int a = fvi_onnx_real_input(node, 0, 1, 2, 1), b = fvi_onnx_real_input(node, 3, 4, 5, 1);
    const int v = fvi_emit_binary(node->b, (fvi_binary)node->op->param, a, b);
    return fvi_onnx_quantised_output(node, v, 6, 7);
}

/* QLinearSigmoid and QLinearLeakyRelu; param: the fvi_unary. */
fv_status fvi_lower_qlinear_activation(fvi_onnx_node *node) {
    const float p = fvi_onnx_attr_float(node->proto, "alpha", 0.01f);
    const int x = fvi_onnx_real_input(node, 0, 1, 2, 1);
    const int v = fvi_emit_unary(node->b, (fvi_unary)node->op->param, p, 0, x);
    return fvi_onnx_quantised_output(node, v, 3, 4);
}

fv_status fvi_lower_qlinear_softmax(fvi_onnx_node *node) {
    const int x = fvi_onnx_real_input(node, 0, 1, 2, 1);
    const int flattens = fvi_onnx_attr_int(node->proto, "opset", 13) < 13;
    return fvi_onnx_quantised_output(node, fvi_onnx_softmax(node, x, flattens, 0), 3, 4);
}

fv_status fvi_lower_qlinear_where(fvi_onnx_node *node) {
    const int condition = fvi_onnx_need(node, 0);
    const int a = fvi_onnx_real_input(node, 1, 2, 3, 1), b = fvi_onnx_real_input(node, 4, 5, 6, 1);
    return fvi_onnx_quantised_output(node, fvi_emit_where(node->b, condition, a, b), 7, 8);
}

/* The output's scale and zero point, then three inputs a part. */
fv_status fvi_lower_qlinear_concat(fvi_onnx_node *node) {
    const int n = (node->n_in - 2) / 3;
    if (n < 1) return fvi_build_fail(node->b, FV_FORMAT, "it has no parts");
    int *parts = g_new(int, (gsize)n);
    for (int i = 0; i < n; i++)
        parts[i] = fvi_onnx_real_input(node, 2 + 3 * i, 3 + 3 * i, 4 + 3 * i, 1);
    const fvi_shape x = fvi_build_shape(node->b, parts[0]);
    const int64_t axis = fvi_onnx_attr_int(node->proto, "axis", 0);
    const int at = node->b->status ? 0 : fvi_build_axis(node->b, axis, x.ndim);
    const int v = node->b->status ? -1 : fvi_emit_concat(node->b, at, n, parts);
    g_free(parts);
    return fvi_onnx_quantised_output(node, v, 0, 1);
}

/* ---- pooling ---- */

/* param 1: global. The channels are last where channels_last says so. */
fv_status fvi_lower_qlinear_average_pool(fvi_onnx_node *node) {
    const int last = fvi_onnx_attr_int(node->proto, "channels_last", 0) != 0;
    int x = fvi_onnx_real_input(node, 0, 1, 2, 1);
    if (last) x = fvi_onnx_move_channels(node, x, 0);
    int v = node->op->param ? fvi_emit_global_pool(node->b, FVI_AVERAGE_POOL, x)
                            : fvi_onnx_pool(node, x, FVI_AVERAGE_POOL);
    if (last) v = fvi_onnx_move_channels(node, v, 1);
    return fvi_onnx_quantised_output(node, v, 3, 4);
}

fv_status fvi_lower_qlinear_reduce_mean(fvi_onnx_node *node) {
    const int x = fvi_onnx_real_input(node, 0, 1, 2, 1), ndim = fvi_build_shape(node->b, x).ndim;
    const int keepdims = fvi_onnx_attr_int(node->proto, "keepdims", 1) != 0;
    int absent;
    unsigned axes = fvi_onnx_axes(node, -1, ndim, &absent);
    if (absent) axes = (1u << ndim) - 1;
    const int v = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, keepdims, x);
    return fvi_onnx_quantised_output(node, v, 3, 4);
}

/* The greatest number of a window is the same whatever the scale is. */
fv_status fvi_lower_nhwc_max_pool(fvi_onnx_node *node) {
    const int x = fvi_onnx_move_channels(node, fvi_onnx_need(node, 0), 0);
    const int v = fvi_onnx_pool(node, x, FVI_MAX_POOL);
    return fvi_onnx_out(node, 0, fvi_onnx_move_channels(node, v, 1));
}

/* ---- products ---- */

/* A, its scale and zero point; B, its; C, whose scale is alpha times both; the output's, or f32. */
fv_status fvi_lower_qgemm(fvi_onnx_node *node) {
    const int columns = fvi_onnx_attr_int(node->proto, "transB", 0) ? 0 : 1;
    const int a = fvi_onnx_real_input(node, 0, 1, 2, 1);
    const int b = fvi_onnx_real_input(node, 3, 4, 5, columns);
    int c = fvi_onnx_in(node, 6) < 0 ? -1 : fvi_onnx_real_input(node, 6, -1, -1, 0);
    const int sa = fvi_onnx_need(node, 1), sb = fvi_onnx_need(node, 4), n = node->n_in;
    if (node->b->status) return node->b->status;
    if (c >= 0) {
        const float alpha = fvi_onnx_attr_float(node->proto, "alpha", 1);
        const int both = fvi_emit_binary(node->b, FVI_MUL, sa, sb);
        c = fvi_emit_binary(node->b, FVI_MUL, c,
                            fvi_emit_unary(node->b, FVI_LINEAR, alpha, 0, both));
    }
    node->in[0] = a;
    node->in[1] = b;
    node->in[2] = c;
    node->n_in = 3;
    const int v = fvi_onnx_gemm(node);
    node->n_in = n;
    return fvi_onnx_in(node, 7) < 0 ? fvi_onnx_out(node, 0, v)
                                    : fvi_onnx_quantised_output(node, v, 7, 8);
}

/* a b + input `bias` */
static fv_status product(fvi_onnx_node *node, int a, int b, int bias) {
    int v = fvi_onnx_matmul(node, a, b);
    const int added = fvi_onnx_in(node, bias);
    if (added >= 0) v = fvi_emit_binary(node->b, FVI_ADD, v, added);
    return fvi_onnx_out(node, 0, v);
}

/* A, B, their scales, their zero points, bias. */
fv_status fvi_lower_matmul_integer_to_float(fvi_onnx_node *node) {
    const int a = fvi_onnx_real_input(node, 0, 2, 4, -2);
    return product(node, a, fvi_onnx_real_input(node, 1, 3, 5, -1), 6);
}

/* A, which stays as it is; B, its scale and zero point; bias. */
fv_status fvi_lower_dynamic_matmul(fvi_onnx_node *node) {
    const int a = fvi_onnx_need(node, 0);
    return product(node, a, fvi_onnx_real_input(node, 1, 2, 3, -1), 4);
}

/* ---- layers ---- */

/* Weights [directions][in][gates] with scales [directions] or [directions][gates], as real numbers
 * [directions][gates][in]. */
static int lstm_weights(fvi_onnx_node *node, int i, int scale, int zero) {
    static const char *const what = "weights";
    fvi_onnx_need(node, i);
    fvi_onnx_need(node, scale);
    const fvi_const *w = fvi_onnx_fixed(node, i, what), *s = fvi_onnx_fixed(node, scale, "scale");
    const fvi_const *z = fvi_onnx_fixed(node, zero, "zero point");
    if (node->b->status || !w || !s) return -1;
    fvi_shape spread = {3, {s->shape.ndim ? s->shape.dim[0] : 1, 1, 1}};
    if (s->shape.ndim == 2) spread.dim[2] = s->shape.dim[1];
    const int fits = w->shape.ndim == 3 && s->shape.ndim >= 1 && s->shape.ndim <= 2 &&
                     spread.dim[0] == w->shape.dim[0] &&
                     (spread.dim[2] == 1 || spread.dim[2] == w->shape.dim[2]) &&
                     (!z || fvi_shape_equal(&z->shape, &s->shape));
    if (!fits) {
        char text[2][FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE,
                       "its weights %s have scales %s; one a direction, or one a direction and "
                       "gate, is needed, and as many zero points",
                       fvi_shape_text(&w->shape, text[0]), fvi_shape_text(&s->shape, text[1]));
        return -1;
    }
    int v = fvi_onnx_real_input(node, i, -1, -1, 0);
    if (z) {
        const int zeros = fvi_onnx_real_input(node, zero, -1, -1, 0);
        v = fvi_emit_binary(node->b, FVI_SUB, v, fvi_emit_reshape(node->b, zeros, &spread));
    }
    const int scales = fvi_emit_reshape(node->b, fvi_onnx_in(node, scale), &spread);
    v = fvi_emit_binary(node->b, FVI_MUL, v, scales);
    return fvi_emit_transpose(node->b, v, (int[]){0, 2, 1});
}

/* LSTM's inputs, then the scales and zero points of W and R, which are transposed. */
fv_status fvi_lower_dynamic_lstm(fvi_onnx_node *node) {
    const int w = lstm_weights(node, 1, 8, 9), r = lstm_weights(node, 2, 10, 11);
    if (node->b->status) return node->b->status;
    node->in[1] = w;
    node->in[2] = r;
    node->n_in = 8;
    return fvi_lower_recurrent(node);
}

/* Input, weights, bias, the scales of the first two, mask, their zero points, past. */
fv_status fvi_lower_qattention(fvi_onnx_node *node) {
    fvi_onnx_need(node, 4);
    const int x = fvi_onnx_real_input(node, 0, 3, 6, 1), w = fvi_onnx_real_input(node, 1, 4, 7, 1);
    const int mask = fvi_onnx_in(node, 5), past = fvi_onnx_in(node, 8);
    if (node->b->status) return node->b->status;
    node->in[0] = x;
    node->in[1] = w;
    node->in[3] = mask;
    node->in[4] = past;
    node->n_in = 5;
    return fvi_lower_microsoft_attention(node);
}
