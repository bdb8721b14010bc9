/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, comparison, logic and selection with broadcasting.
 *
 * If one operand is a constant number, the result is a linear function or a power of the other one,
 * which is fused into the node before it.
 * Source: ONNX operator specification.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Whether v is one constant number that leaves the rank of x alone. */
static int one_number(const fvi_onnx_node *node, int v, int x, double *number) {
    const fvi_const *c = fvi_build_const(node->b, v);
    if (!c || fvi_build_const(node->b, x) || fvi_shape_count(&c->shape) != 1) return 0;
    *number = fvi_const_at(c, 0);
    return c->shape.ndim <= fvi_build_shape(node->b, x).ndim && isfinite(*number);
}

/* a (op) k and k (op) b as a function of one operand; -1 when there is none. */
static int emit_linear(fvi_onnx_node *node, fvi_binary f, int a, int b) {
    double k;
    if (one_number(node, b, a, &k)) switch (f) {
        case FVI_ADD: return fvi_emit_unary(node->b, FVI_LINEAR, 1, (float)k, a);
        case FVI_SUB: return fvi_emit_unary(node->b, FVI_LINEAR, 1, (float)-k, a);
        case FVI_MUL: return fvi_emit_unary(node->b, FVI_LINEAR, (float)k, 0, a);
        case FVI_DIV:
            if (k == 0 || !isfinite((float)(1 / k))) return -1;
            return fvi_emit_unary(node->b, FVI_LINEAR, (float)(1 / k), 0, a);
        case FVI_POWER: return fvi_emit_unary(node->b, FVI_POW, (float)k, 0, a);
        default: return -1;
        }
    if (one_number(node, a, b, &k)) switch (f) {
        case FVI_ADD: return fvi_emit_unary(node->b, FVI_LINEAR, 1, (float)k, b);
        case FVI_SUB: return fvi_emit_unary(node->b, FVI_LINEAR, -1, (float)k, b);
        case FVI_MUL: return fvi_emit_unary(node->b, FVI_LINEAR, (float)k, 0, b);
        default: return -1;
        }
    return -1;
}

/* param: the fvi_binary. */
fv_status fvi_lower_arith(fvi_onnx_node *node) {
    fvi_binary f = (fvi_binary)node->op->param;
    int a = fvi_onnx_need(node, 0), b = fvi_onnx_need(node, 1);
    if (f == FVI_MOD && fvi_onnx_attr_int(node->proto, "fmod", 0)) f = FVI_FMOD;
    if (node->b->status) return node->b->status;
    const int whole = f == FVI_DIV && fvi_dtype_is_int(fvi_build_dtype(node->b, a)) &&
                      !(fvi_build_const(node->b, a) && fvi_build_const(node->b, b));
    int v = whole ? -1 : emit_linear(node, f, a, b);
    if (v < 0) v = fvi_emit_binary(node->b, f, a, b);
    if (whole) v = fvi_emit_unary(node->b, FVI_TRUNC, 0, 0, v);
    return fvi_onnx_out(node, 0, v);
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
