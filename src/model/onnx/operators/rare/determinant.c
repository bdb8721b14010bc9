/* SPDX-License-Identifier: Apache-2.0 */
/* Det of small matrices, by the formula of Laplace along the first row:
 *
 *   |A| = sum over columns k of (-1)^k a[0][k] |A without row 0 and column k|
 *
 * so that its gradient is exact, of singular matrices too. Matrices above 4x4 are refused.
 * Source: ONNX operator specification (Det-11/22).
 */
#include "model/onnx/operators.h"

#define DETERMINANT_MAX 4

/* The minor of rows `row`.. and the columns that are in the bit set. entry [n][n]: values. */
static int minor_of(fvi_builder *b, const int *entry, int n, int row, unsigned columns) {
    int sum = -1, sign = 1;
    for (int k = 0; k < n; k++) {
        if (!(columns >> k & 1)) continue;
        int v = entry[row * n + k];
        if (row + 1 < n)
            v = fvi_emit_binary(b, FVI_MUL, v,
                                minor_of(b, entry, n, row + 1, columns & ~(1u << k)));
        sum = sum < 0 ? v : fvi_emit_binary(b, sign > 0 ? FVI_ADD : FVI_SUB, sum, v);
        sign = -sign;
    }
    return sum;
}

fv_status fvi_lower_det(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    int entry[DETERMINANT_MAX * DETERMINANT_MAX];
    const int x = fvi_onnx_need(node, 0);
    fvi_shape s = fvi_build_shape(b, x);
    char text[FVI_SHAPE_TEXT];
    if (b->status) return b->status;
    const int64_t n = s.ndim < 2 ? 0 : s.dim[s.ndim - 1];
    if (n < 1 || n > DETERMINANT_MAX || s.dim[s.ndim - 2] != n)
        return fvi_build_fail(b, FV_UNSUPPORTED,
                              "its input is %s; allowed: matrices of 1x1 to %dx%d",
                              fvi_shape_text(&s, text), DETERMINANT_MAX, DETERMINANT_MAX);
    s.ndim -= 2;
    const int rows = fvi_emit_reshape(b, x, &(fvi_shape){2, {fvi_shape_count(&s), n * n}});
    for (int i = 0; i < n * n; i++) entry[i] = fvi_emit_slice(b, rows, 1, i, 1);
    const int v = b->status ? -1 : minor_of(b, entry, (int)n, 0, (1u << n) - 1);
    return fvi_onnx_out(node, 0, fvi_emit_reshape(b, v, &s));
}
