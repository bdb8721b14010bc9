/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of the domain com.microsoft, and what ONNX Runtime writes into ONNX's own: files that
 * it saved after its optimisation hold them.
 *
 *   FusedConv    activation(Conv(X, W, B) + Z);  FusedGemm  activation(Gemm(A, B, C))
 *   FusedMatMul  alpha * A' B', where transBatchA moves A's first axis behind the other batch axes
 *   NhwcConv     Conv with the channels last; NhwcFusedConv likewise, and an activation
 *   Gelu, BiasGelu  with the error function;  FastGelu  the tanh form;  both of x + bias
 *   QuickGelu    x * sigmoid(alpha x);  BiasSplitGelu  the halves of x + bias: first * Gelu(second)
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include <math.h>

#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"

/* ---- activations that are part of another operator ---- */

typedef struct fused {
    const char *name;
    fvi_unary f;
    int n; /* parameters it must have */
} fused;

static const fused fused_functions[] = {{"Relu", FVI_RELU, 0},
                                        {"Tanh", FVI_TANH, 0},
                                        {"Sigmoid", FVI_SIGMOID, 0},
                                        {"HardSwish", FVI_HARD_SWISH, 0},
                                        {"Clip", FVI_CLIP, 2},
                                        {"LeakyRelu", FVI_LEAKY_RELU, 1},
                                        {"HardSigmoid", FVI_HARD_SIGMOID, 2}};

/* The function that "activation" names, applied to v with the n parameters p. */
static int activate(fvi_onnx_node *node, int v, int n, const float *p) {
    const fused *f = NULL;
    if (!fvi_onnx_attr(node->proto, "activation")) return v;
    for (size_t i = 0; i < G_N_ELEMENTS(fused_functions) && !f; i++)
        if (fvi_onnx_attr_is(node->proto, "activation", fused_functions[i].name, NULL))
            f = &fused_functions[i];
    if (!f) {
        if (fvi_onnx_attr_is(node->proto, "activation", "", NULL)) return v;
        fvi_build_fail(node->b, FV_UNSUPPORTED,
                       "its activation is none of Relu, Tanh, Sigmoid, HardSwish, Clip, LeakyRelu, "
                       "HardSigmoid");
        return -1;
    }
    if (n < f->n || (f->f == FVI_CLIP && !(p[0] <= p[1]))) {
        fvi_build_fail(node->b, FV_FORMAT,
                       f->f == FVI_CLIP && n >= f->n
                           ? "its activation %s has bounds that are not in order"
                           : "its activation %s has %d parameters; %d are needed",
                       f->name, n, f->n);
        return -1;
    }
    return fvi_emit_unary(node->b, f->f, f->n > 0 ? p[0] : 0, f->n > 1 ? p[1] : 0, v);
}

fv_status fvi_lower_fused_conv(fvi_onnx_node *node) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "activation_params");
    int v = fvi_onnx_convolve(node, fvi_onnx_need(node, 0)), z = fvi_onnx_in(node, 3);
    if (z >= 0) v = fvi_emit_binary(node->b, FVI_ADD, v, z);
    return fvi_onnx_out(node, 0,
                        activate(node, v, a ? (int)MIN(a->n_floats, 2) : 0, a ? a->floats : NULL));
}

fv_status fvi_lower_fused_gemm(fvi_onnx_node *node) {
    const float p[] = {fvi_onnx_attr_float(node->proto, "activation_alpha", NAN),
                       fvi_onnx_attr_float(node->proto, "activation_beta", NAN)};
    const int n = isnan(p[0]) ? 0 : isnan(p[1]) ? 1 : 2;
    return fvi_onnx_out(node, 0, activate(node, fvi_onnx_gemm(node), n, p));
}

/* ---- products ---- */

/* Moves the first axis behind the other batch axes, before the last. */
static int move_batch(fvi_onnx_node *node, int v, const char *attr) {
    const int n = fvi_build_shape(node->b, v).ndim;
    int perm[FVI_MAX_DIMS];
    if (v < 0 || n < 3 || !fvi_onnx_attr_int(node->proto, attr, 0)) return v;
    for (int i = 0; i < n; i++) perm[i] = i < n - 2 ? i + 1 : i == n - 2 ? 0 : i;
    return fvi_emit_transpose(node->b, v, perm);
}

fv_status fvi_lower_fused_matmul(fvi_onnx_node *node) {
    const fvi_node_attr attr = {.matmul = {fvi_onnx_attr_int(node->proto, "transA", 0) != 0,
                                           fvi_onnx_attr_int(node->proto, "transB", 0) != 0,
                                           fvi_onnx_attr_float(node->proto, "alpha", 1)}};
    int a = move_batch(node, fvi_onnx_need(node, 0), "transBatchA");
    int b = move_batch(node, fvi_onnx_need(node, 1), "transBatchB");
    return fvi_onnx_out(node, 0, fvi_onnx_multiply(node, a, b, &attr));
}

/* Whether weights w may have their channels in `axis` and the window at axes first.. of them. */
static int window_fits(fvi_onnx_node *node, const fvi_shape *w, int axis, int first,
                       int64_t channels) {
    const int64_t *kernel = NULL;
    const int n = fvi_onnx_attr_ints(node->proto, "kernel_shape", &kernel);
    int fits = w->dim[axis] == channels;
    for (int i = 0; i < n && i < w->ndim - 2; i++) fits = fits && w->dim[first + i] == kernel[i];
    return fits;
}

/* Puts the channels of the weights second. ONNX Runtime wrote them last, and in other releases
 * second: what the number of channels and kernel_shape say decides. */
static void order_weights(fvi_onnx_node *node, const fvi_shape *x) {
    const fvi_const *w = fvi_onnx_fixed(node, 1, "weights");
    const int64_t groups = fvi_onnx_attr_int(node->proto, "group", 1);
    if (fvi_onnx_need(node, 1) < 0 || !w || w->shape.ndim != x->ndim || groups < 1) return;
    const int n = w->shape.ndim;
    const int64_t channels = x->dim[n - 1] / groups;
    const int last = window_fits(node, &w->shape, n - 1, 1, channels);
    if (last && window_fits(node, &w->shape, 1, 2, channels) && w->shape.dim[1] != 1)
        fvi_build_fail(node->b, FV_UNSUPPORTED,
                       "its weights may have their channels second or last: both fit");
    if (last && !node->b->status) node->in[1] = fvi_onnx_move_channels(node, node->in[1], 0);
}

/* param 1: the weights are as Conv's, and an addend and an activation follow. */
fv_status fvi_lower_nhwc_conv(fvi_onnx_node *node) {
    const int with_more = node->op->param, z = with_more ? fvi_onnx_in(node, 3) : -1;
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "activation_params");
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    if (shape.ndim < 3)
        return fvi_build_fail(node->b, FV_SHAPE, "its input has %d dimensions; 3 or more",
                              shape.ndim);
    if (!with_more) order_weights(node, &shape);
    int v = fvi_onnx_convolve(node, fvi_onnx_move_channels(node, x, 0));
    v = fvi_onnx_move_channels(node, v, 1);
    if (z >= 0) v = fvi_emit_binary(node->b, FVI_ADD, v, z);
    if (with_more) v = activate(node, v, a ? (int)MIN(a->n_floats, 2) : 0, a ? a->floats : NULL);
    return fvi_onnx_out(node, 0, v);
}

/* ---- functions ---- */

/* param: the fvi_unary, of x + bias where there is a second input. */
fv_status fvi_lower_bias_gelu(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), bias = fvi_onnx_in(node, 1);
    if (bias >= 0) x = fvi_emit_binary(node->b, FVI_ADD, x, bias);
    return fvi_onnx_out(node, 0, fvi_emit_unary(node->b, (fvi_unary)node->op->param, 0, 0, x));
}

fv_status fvi_lower_quick_gelu(fvi_onnx_node *node) {
    const float alpha = fvi_onnx_attr_float(node->proto, "alpha", 1.702f);
    return fvi_onnx_out(node, 0,
                        fvi_emit_unary(node->b, FVI_SWISH, alpha, 0, fvi_onnx_need(node, 0)));
}

fv_status fvi_lower_bias_split_gelu(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0), bias = fvi_onnx_need(node, 1);
    const int sum = fvi_emit_binary(node->b, FVI_ADD, x, bias);
    const fvi_shape in = fvi_build_shape(node->b, x), s = fvi_build_shape(node->b, sum);
    if (node->b->status) return node->b->status;
    if (s.ndim < 1 || s.dim[s.ndim - 1] % 2 || !fvi_shape_equal(&in, &s)) {
        char text[FVI_SHAPE_TEXT];
        return fvi_build_fail(
            node->b, FV_SHAPE,
            "its input is %s; an even last axis, and a bias no larger, are needed",
            fvi_shape_text(&in, text));
    }
    const int64_t half = s.dim[s.ndim - 1] / 2;
    const int first = fvi_emit_slice(node->b, sum, s.ndim - 1, 0, half);
    const int second = fvi_emit_slice(node->b, sum, s.ndim - 1, half, half);
    const int gate = fvi_emit_unary(node->b, FVI_GELU, 0, 0, second);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_MUL, first, gate));
}
