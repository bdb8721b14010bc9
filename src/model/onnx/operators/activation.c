/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one operand, and what passes its operand on.
 *
 * Dropout keeps its rate in an IDENTITY node so that tables of layers can show it. Numbers computed
 * at run time are f32 throughout: casts among floating types change nothing, which a session notes
 * where the file rounds; casts to integers cut the fraction off.
 * Source: ONNX operator specification.
 */
#include <math.h>
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Defaults of alpha and beta / gamma, by function. */
static void defaults(fvi_unary f, float *p, float *q) {
    *p = *q = 0;
    switch (f) {
    case FVI_LEAKY_RELU: *p = 0.01f; break;
    case FVI_THRESHOLDED_RELU:
    case FVI_ELU:
    case FVI_CELU:
    case FVI_SWISH: *p = 1; break;
    case FVI_SELU:
        *p = 1.67326319217681884765625f; /* the specification's numbers */
        *q = 1.05070102214813232421875f;
        break;
    case FVI_HARD_SIGMOID:
        *p = 0.2f;
        *q = 0.5f;
        break;
    default: break;
    }
}

/* param: the fvi_unary. */
fv_status fvi_lower_activation(fvi_onnx_node *node) {
    fvi_unary f = (fvi_unary)node->op->param;
    float p, q;
    defaults(f, &p, &q);
    p = fvi_onnx_attr_float(node->proto, "alpha", p);
    q = fvi_onnx_attr_float(node->proto, f == FVI_SELU ? "gamma" : "beta", q);
    const int x = fvi_onnx_need(node, 0), v = fvi_emit_unary(node->b, f, p, q, x);
    return fvi_onnx_out(node, 0, fvi_emit_wrapped(node->b, v, fvi_build_dtype(node->b, v)));
}

fv_status fvi_lower_is_inf(fvi_onnx_node *node) {
    const int positive = fvi_onnx_attr_int(node->proto, "detect_positive", 1) != 0;
    const int negative = fvi_onnx_attr_int(node->proto, "detect_negative", 1) != 0;
    const int x = fvi_onnx_need(node, 0);
    return fvi_onnx_out(node, 0,
                        fvi_emit_unary(node->b, FVI_IS_INF, (float)positive, (float)negative, x));
}

fv_status fvi_lower_gelu(fvi_onnx_node *node) {
    int tanh_form =
        fvi_onnx_choice(node, "approximate", (const char *const[]){"none", "tanh", NULL});
    return fvi_onnx_out(node, 0,
                        fvi_emit_unary(node->b, tanh_form ? FVI_GELU_TANH : FVI_GELU, 0, 0,
                                       fvi_onnx_need(node, 0)));
}

/* x + bias below -lambd, x - bias above lambd, 0 between. */
fv_status fvi_lower_shrink(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const float bias = fvi_onnx_attr_float(node->proto, "bias", 0);
    const float limit = fvi_onnx_attr_float(node->proto, "lambd", 0.5f);
    const int x = fvi_onnx_need(node, 0), zero = fvi_emit_scalar(b, FVI_F32, 0);
    const int low = fvi_emit_binary(b, FVI_LESS, x, fvi_emit_scalar(b, FVI_F32, -limit));
    const int high = fvi_emit_binary(b, FVI_GREATER, x, fvi_emit_scalar(b, FVI_F32, limit));
    const int up = fvi_emit_unary(b, FVI_LINEAR, 1, bias, x);
    const int down = fvi_emit_unary(b, FVI_LINEAR, 1, -bias, x);
    const int v = fvi_emit_where(b, high, down, zero);
    return fvi_onnx_out(node, 0, fvi_emit_where(b, low, up, v));
}

/* swish(a) * b, of equal shapes. */
fv_status fvi_lower_swiglu(fvi_onnx_node *node) {
    int a = fvi_onnx_need(node, 0), b = fvi_onnx_need(node, 1);
    fvi_shape sa = fvi_build_shape(node->b, a), sb = fvi_build_shape(node->b, b);
    char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
    if (!node->b->status && !fvi_shape_equal(&sa, &sb))
        return fvi_build_fail(node->b, FV_SHAPE,
                              "its gate is %s and its input is %s; they must be equal",
                              fvi_shape_text(&sa, ta), fvi_shape_text(&sb, tb));
    float alpha = fvi_onnx_attr_float(node->proto, "alpha", 1);
    int gate = fvi_emit_unary(node->b, FVI_SWISH, alpha, 0, a);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_MUL, gate, b));
}

/* Bounds are attributes, or inputs; a run-time bound or an integer operand is compared with MAX and
 * MIN. */
fv_status fvi_lower_clip(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), low = fvi_onnx_in(node, 1), high = fvi_onnx_in(node, 2);
    int fixed =
        (low < 0 || fvi_build_const(node->b, low)) && (high < 0 || fvi_build_const(node->b, high));
    if (node->b->status) return node->b->status;
    if (fixed && !fvi_dtype_is_int(fvi_build_dtype(node->b, x))) {
        float p = (float)fvi_onnx_real(node, "min", 1, -INFINITY);
        float q = (float)fvi_onnx_real(node, "max", 2, INFINITY);
        if (isnan(p) || isnan(q))
            return fvi_build_fail(node->b, FV_FORMAT, "a bound is not a number");
        if (p > q) p = q; /* as numpy.clip: the upper bound wins */
        return fvi_onnx_out(node, 0, fvi_emit_unary(node->b, FVI_CLIP, p, q, x));
    }
    if (low >= 0) x = fvi_emit_binary(node->b, FVI_MAX, x, low);
    if (high >= 0) x = fvi_emit_binary(node->b, FVI_MIN, x, high);
    return fvi_onnx_out(node, 0, x);
}

fv_status fvi_lower_prelu(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0),
        v = fvi_emit_binary(node->b, FVI_PRELU, x, fvi_onnx_need(node, 1));
    fvi_shape in = fvi_build_shape(node->b, x), out = fvi_build_shape(node->b, v);
    if (v >= 0 && !fvi_shape_equal(&in, &out))
        return fvi_build_fail(node->b, FV_SHAPE, "its slope is larger than its input");
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_identity(fvi_onnx_node *node) {
    return fvi_onnx_out(node, 0, fvi_onnx_need(node, 0));
}

/* In inference it passes its input on, and its mask (output 1) is all ones. */
fv_status fvi_lower_dropout(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    const fvi_const *training = fvi_onnx_fixed(node, 2, "training_mode");
    if (training && fvi_shape_count(&training->shape) > 0 && fvi_const_int(training, 0))
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "training_mode=1 is not supported");
    fvi_node_attr a = {.identity = {(float)fvi_onnx_real(node, "ratio", 1, 0.5), 1}};
    if (fvi_onnx_wants(node, 1)) {
        int one = fvi_emit_scalar(node->b, node->l->opset < 10 ? FVI_F32 : FVI_BOOL, 1);
        fvi_onnx_out(node, 1, fvi_emit_expand(node->b, one, &shape));
    }
    if (node->b->status || fvi_build_const(node->b, x)) return fvi_onnx_out(node, 0, x);
    return fvi_onnx_out(node, 0, fvi_emit(node->b, FVI_IDENTITY, &a, &shape, 1, &x));
}

/* The same bytes as another type of that size; of constants. */
fv_status fvi_lower_bit_cast(fvi_onnx_node *node) {
    const int64_t to = fvi_onnx_attr_int(node->proto, "to", 0);
    fvi_onnx_need(node, 0);
    const fvi_const *c = fvi_onnx_fixed(node, 0, "input");
    uint8_t *data;
    if (node->b->status || !c) return node->b->status;
    const size_t size = fvi_dtype_size(c->dtype);
    if (to < 0 || to > FVI_BF16 || fvi_dtype_size((fvi_dtype)to) != size)
        return fvi_build_fail(node->b, FV_UNSUPPORTED,
                              "casts %s to type %" PRId64 "; a type of as many bytes is allowed",
                              fvi_dtype_name(c->dtype), to);
    const int v = fvi_emit_constant(node->b, (fvi_dtype)to, &c->shape, &data);
    if (v >= 0) memcpy(data, c->bytes, (size_t)fvi_shape_count(&c->shape) * size);
    return fvi_onnx_out(node, 0, v);
}

/* x, where the file rounds it to a type of half precision. */
static int half(fvi_onnx_node *node, int x, fvi_dtype t) {
    const fvi_shape shape = fvi_build_shape(node->b, x);
    const fvi_node_attr a = {.identity = {.half = t}};
    return fvi_emit(node->b, FVI_IDENTITY, &a, &shape, 1, &x);
}

/* x, computed at run time, as type t. */
static int cast_run_time(fvi_onnx_node *node, int x, fvi_dtype t) {
    const fvi_dtype from = fvi_build_dtype(node->b, x);
    if (t == FVI_F16 || t == FVI_BF16) return half(node, x, t);
    if (from == t || !fvi_dtype_is_int(t)) return x;
    if (t == FVI_BOOL)
        return fvi_emit_unary(node->b, FVI_NOT, 0, 0, fvi_emit_unary(node->b, FVI_NOT, 0, 0, x));
    if (!fvi_dtype_is_int(from)) return fvi_emit_unary(node->b, FVI_TRUNC, 0, 0, x);
    return from == FVI_BOOL ? x : fvi_emit_wrapped(node->b, x, t);
}

/* param 1: to the type of the second input. */
fv_status fvi_lower_cast(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    int64_t to = node->op->param ? fvi_build_dtype(node->b, fvi_onnx_need(node, 1))
                                 : fvi_onnx_attr_int(node->proto, "to", 0);
    if (node->b->status) return node->b->status;
    if (to < 0 || to > FVI_BF16 || !fvi_dtype_size((fvi_dtype)to))
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "casts to type %" PRId64, to);
    const fvi_dtype t = (fvi_dtype)to;
    if (fvi_build_const(node->b, x)) return fvi_onnx_out(node, 0, fvi_emit_cast(node->b, x, t));
    x = cast_run_time(node, x, t);
    return fvi_onnx_out_as(node, 0, x, fvi_dtype_is_int(t) ? t : FVI_F32);
}
