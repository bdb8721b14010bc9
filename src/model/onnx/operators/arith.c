/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, comparison, logic and selection with broadcasting.
 * Source: ONNX operator specification.
 */
#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* f of two operands of which the first is an integer computed at run time: whole numbers, within
 * the range of its type. */
static int whole_arith(fvi_builder *build, fvi_binary f, int a, int b) {
    const fvi_dtype t = fvi_build_dtype(build, a);
    const int fraction = f == FVI_DIV || f == FVI_POWER;
    int v = fraction ? fvi_emit_binary(build, f, a, b) : fvi_emit_arith(build, f, a, b);
    if (fraction) v = fvi_emit_unary(build, FVI_TRUNC, 0, 0, v);
    return fvi_emit_wrapped(build, v, t);
}

/* Whether the results of f on integers may be none of their type's. */
static int may_leave_type(fvi_binary f) {
    return f == FVI_ADD || f == FVI_SUB || f == FVI_MUL || f == FVI_DIV || f == FVI_POWER;
}

/* param: the fvi_binary. */
fv_status fvi_lower_arith(fvi_onnx_node *node) {
    fvi_binary f = (fvi_binary)node->op->param;
    int a = fvi_onnx_need(node, 0), b = fvi_onnx_need(node, 1);
    if (f == FVI_MOD && fvi_onnx_attr_int(node->proto, "fmod", 0)) f = FVI_FMOD;
    if (node->b->status) return node->b->status;
    const fvi_dtype t = fvi_build_dtype(node->b, a);
    const int known = fvi_build_const(node->b, a) && fvi_build_const(node->b, b);
    const int whole =
        fvi_dtype_is_int(t) && (f == FVI_POWER || fvi_dtype_is_int(fvi_build_dtype(node->b, b)));
    if (known || !whole || !may_leave_type(f))
        return fvi_onnx_out(node, 0, fvi_emit_arith(node->b, f, a, b));
    return fvi_onnx_out_as(node, 0, whole_arith(node->b, f, a, b), t);
}

/* Min, Max, Sum, Mean (param -1) of any number of operands. */
fv_status fvi_lower_variadic(fvi_onnx_node *node) {
    int mean = node->op->param < 0, v = fvi_onnx_need(node, 0);
    fvi_binary f = mean ? FVI_ADD : (fvi_binary)node->op->param;
    for (int i = 1; i < node->n_in; i++) v = fvi_emit_binary(node->b, f, v, fvi_onnx_need(node, i));
    if (mean && node->n_in > 1)
        v = fvi_emit_unary(node->b, FVI_LINEAR, 1.0f / (float)node->n_in, 0, v);
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_where(fvi_onnx_node *node) {
    int condition = fvi_onnx_need(node, 0), a = fvi_onnx_need(node, 1), b = fvi_onnx_need(node, 2);
    return fvi_onnx_out(node, 0, fvi_emit_where(node->b, condition, a, b));
}
