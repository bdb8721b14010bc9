/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, over a sliding window or the whole picture. MaxPool's second output (indices) is not
 * made. Source: ONNX operator specification (MaxPool-1..22, AveragePool-1..22, Global*). */
#include "model/onnx/operators/pool.h"

#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

int fvi_onnx_pool(fvi_onnx_node *node, int x, fvi_kind kind) {
    fvi_shape in = fvi_build_shape(node->b, x), out = in;
    fvi_node_attr a;
    if (node->b->status) return -1;
    fvi_onnx_window(node, &in, NULL, &a.window, out.dim + 2);
    a.window.count_include_pad = fvi_onnx_attr_int(node->proto, "count_include_pad", 0) != 0;
    return node->b->status ? -1 : fvi_emit(node->b, kind, &a, &out, 1, &x);
}

int fvi_onnx_global_pool(fvi_onnx_node *node, int x, fvi_kind kind) {
    fvi_shape in = fvi_build_shape(node->b, x), out = in;
    if (node->b->status) return -1;
    int n = in.ndim - 2;
    if (n < 1 || n > FVI_MAX_SPATIAL || fvi_shape_count(&in) == 0) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE, "it cannot pool %s", fvi_shape_text(&in, text));
        return -1;
    }
    fvi_node_attr a = {.window = {.n = n, .groups = 1, .global = 1}};
    for (int i = 0; i < n; i++) {
        a.window.kernel[i] = in.dim[2 + i];
        a.window.stride[i] = a.window.dilation[i] = 1;
        out.dim[2 + i] = 1;
    }
    return fvi_emit(node->b, kind, &a, &out, 1, &x);
}

/* param: the fvi_kind. */
fv_status fvi_lower_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    return fvi_onnx_out(node, 0, fvi_onnx_pool(node, fvi_onnx_need(node, 0), kind));
}

fv_status fvi_lower_global_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    return fvi_onnx_out(node, 0, fvi_onnx_global_pool(node, fvi_onnx_need(node, 0), kind));
}
