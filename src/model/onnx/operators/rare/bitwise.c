/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on the bits of whole numbers. Constants are computed exactly, in their type. At run
 * time whole numbers are f32, which holds them exactly below 2^24 in magnitude: a logical function
 * of a larger one is no number (NaN).
 *
 *   BitwiseAnd, BitwiseOr, BitwiseXor   a BINARY
 *   BitwiseNot                          x ^ -1; without a sign x ^ (2^width - 1)
 *   BitShift    x times, or over, a power of two: to the left what passes the type's width is cut
 *               off, to the right it is rounded down. A shift below 0 or of the width and more
 *               leaves nothing, or of a negative number to the right -1.
 *
 * Source: ONNX operator specification (Bitwise*-18, BitShift-11/28).
 */
#include <math.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Whether a type has no sign. */
static int is_unsigned(fvi_dtype t) {
    return t == FVI_U8 || t == FVI_U16 || t == FVI_U32 || t == FVI_U64;
}

static int width_of(fvi_dtype t) { return (int)(8 * fvi_dtype_size(t)); }

/* Input i, of whole numbers. */
static int whole_input(fvi_onnx_node *node, int i) {
    const int v = fvi_onnx_need(node, i);
    const fvi_dtype t = fvi_build_dtype(node->b, v);
    if (node->b->status) return -1;
    if (fvi_dtype_is_int(t) && t != FVI_BOOL) return v;
    fvi_build_fail(node->b, FV_UNSUPPORTED, "its input %d is of type %s; allowed: whole numbers", i,
                   fvi_dtype_name(t));
    return -1;
}

/* param: the fvi_binary. */
fv_status fvi_lower_bitwise(fvi_onnx_node *node) {
    const int a = whole_input(node, 0), b = whole_input(node, 1);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, (fvi_binary)node->op->param, a, b));
}

fv_status fvi_lower_bitwise_not(fvi_onnx_node *node) {
    const int x = whole_input(node, 0);
    const fvi_dtype t = fvi_build_dtype(node->b, x);
    if (node->b->status) return node->b->status;
    if (!fvi_build_const(node->b, x) && is_unsigned(t) && width_of(t) > 16)
        return fvi_build_fail(node->b, FV_UNSUPPORTED,
                              "its input of type %s depends on the network's input; allowed: types "
                              "with a sign, uint8, uint16",
                              fvi_dtype_name(t));
    uint8_t *data;
    const int ones = fvi_emit_constant(node->b, t, &(fvi_shape){0}, &data);
    if (ones >= 0) fvi_put_int(t, data, 0, -1);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_BIT_XOR, x, ones));
}

/* ---- BitShift ------------------------------------------------------------------------------- */

/* x of type t, shifted by n bits. */
static int64_t shifted(int64_t x, int64_t n, fvi_dtype t, int left) {
    const int out = n < 0 || n >= width_of(t);
    if (left) return out ? 0 : (int64_t)((uint64_t)x << n);
    if (is_unsigned(t)) return out ? 0 : (int64_t)((uint64_t)x >> n);
    return x < 0 ? ~(out ? 0 : ~x >> n) : out ? 0 : x >> n;
}

/* The factors of shifts at run time. */
static int factors(fvi_onnx_node *node, const fvi_const *by, fvi_dtype t, int left) {
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, &by->shape, &data);
    const int64_t n = v < 0 ? 0 : fvi_shape_count(&by->shape);
    for (int64_t i = 0; i < n; i++) {
        const int64_t s = fvi_const_int(by, i);
        const int out = s < 0 || s >= width_of(t);
        const double none = left ? 0 : ldexp(1, -width_of(t));
        fvi_put_real(FVI_F32, data, i, out ? none : ldexp(1, (int)(left ? s : -s)));
    }
    return v;
}

/* What of v, a power of two times a number, is left in the width of type t. */
static int wrapped(fvi_onnx_node *node, int v, fvi_dtype t) {
    fvi_builder *b = node->b;
    const double all = ldexp(1, width_of(t)), half = all / 2;
    const int whole = fvi_emit_scalar(b, FVI_F32, all);
    v = fvi_emit_binary(b, FVI_FMOD, v, whole);
    if (is_unsigned(t)) return v;
    const int low =
        fvi_emit_where(b, fvi_emit_binary(b, FVI_LESS, v, fvi_emit_scalar(b, FVI_F32, -half)),
                       fvi_emit_binary(b, FVI_ADD, v, whole), v);
    return fvi_emit_where(
        b, fvi_emit_binary(b, FVI_GREATER_EQUAL, v, fvi_emit_scalar(b, FVI_F32, half)),
        fvi_emit_binary(b, FVI_SUB, v, whole), low);
}

/* Both are constants. */
static int shift_constants(fvi_onnx_node *node, int x, int by, fvi_dtype t, int left) {
    const fvi_shape a = fvi_build_shape(node->b, x), b = fvi_build_shape(node->b, by);
    fvi_shape out;
    char ta[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
    uint8_t *data;
    if (fvi_shape_broadcast(&a, &b, &out)) {
        fvi_build_fail(node->b, FV_SHAPE, "%s and %s do not fit together", fvi_shape_text(&a, ta),
                       fvi_shape_text(&b, tb));
        return -1;
    }
    x = fvi_emit_expand(node->b, x, &out);
    by = fvi_emit_expand(node->b, by, &out);
    const int v = fvi_emit_constant(node->b, t, &out, &data);
    const int64_t n = fvi_shape_count(&out);
    if (v < 0 || !fvi_build_charge(node->b, 3 * n)) return -1;
    const fvi_const *cx = fvi_build_const(node->b, x), *cb = fvi_build_const(node->b, by);
    for (int64_t i = 0; i < n; i++)
        fvi_put_int(t, data, i, shifted(fvi_const_int(cx, i), fvi_const_int(cb, i), t, left));
    return v;
}

fv_status fvi_lower_bit_shift(fvi_onnx_node *node) {
    static const char *const directions[] = {"LEFT", "RIGHT", NULL};
    const int x = whole_input(node, 0);
    const fvi_const *by = fvi_onnx_fixed(node, 1, "shift");
    const int left = !fvi_onnx_choice(node, "direction", directions);
    if (!by || whole_input(node, 1) < 0) return fvi_onnx_need(node, 1), node->b->status;
    const fvi_dtype t = fvi_build_dtype(node->b, x);
    if (node->b->status) return node->b->status;
    if (!fvi_onnx_attr(node->proto, "direction"))
        return fvi_build_fail(node->b, FV_FORMAT, "direction is missing; allowed: LEFT, RIGHT");
    if (fvi_build_const(node->b, x))
        return fvi_onnx_out(node, 0, shift_constants(node, x, node->in[1], t, left));
    int v = fvi_emit_binary(node->b, FVI_MUL, x, factors(node, by, t, left));
    v = left ? wrapped(node, v, t) : fvi_emit_unary(node->b, FVI_FLOOR, 0, 0, v);
    return fvi_onnx_out_as(node, 0, v, t);
}
