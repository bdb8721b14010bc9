/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, over a sliding window or the whole picture. MaxPool's second output (indices) is not
 * made. Source: ONNX operator specification (MaxPool-1..22, AveragePool-1..22, Global*). */
#include "model/onnx/operators/pool.h"

#include "graph/build/compose.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* padding: an average counts it. *window: the one that was read. */
static int pool(fvi_onnx_node *node, int x, fvi_kind kind, int padding, fvi_window *window) {
    fvi_shape in = fvi_build_shape(node->b, x), out = in;
    fvi_node_attr a;
    if (node->b->status) return -1;
    fvi_onnx_window(node, &in, NULL, &a.window, out.dim + 2);
    a.window.count_include_pad = padding;
    *window = a.window;
    return node->b->status ? -1 : fvi_emit(node->b, kind, &a, &out, 1, &x);
}

int fvi_onnx_pool(fvi_onnx_node *node, int x, fvi_kind kind) {
    fvi_window window;
    return pool(node, x, kind, fvi_onnx_attr_int(node->proto, "count_include_pad", 0) != 0,
                &window);
}

/* (sum of |x|^p over the window)^(1/p), which is an average times the window's size. param 1: over
 * everything. */
fv_status fvi_lower_lp_pool(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const float p = (float)fvi_onnx_attr_int(node->proto, "p", 2);
    int v = fvi_onnx_need(node, 0);
    const fvi_shape in = fvi_build_shape(b, v);
    if (!b->status && !(p >= 1))
        fvi_build_fail(b, FV_FORMAT, "p is %g; at least 1 is allowed", (double)p);
    if (!b->status && fvi_onnx_attr_int(node->proto, "ceil_mode", 0))
        fvi_build_fail(b, FV_UNSUPPORTED, "ceil_mode is not supported");
    v = fvi_emit_unary(b, FVI_POW, p, 0, fvi_emit_unary(b, FVI_ABS, 0, 0, v));
    double size = 1;
    fvi_window w = {0};
    if (node->op->param) {
        v = fvi_emit_global_pool(b, FVI_AVERAGE_POOL, v);
        for (int i = 2; i < in.ndim; i++) size *= (double)in.dim[i];
    } else {
        v = pool(node, v, FVI_AVERAGE_POOL, 1, &w);
        for (int i = 0; i < w.n && !b->status; i++) size *= (double)w.kernel[i];
    }
    v = fvi_emit_unary(b, FVI_POW, 1 / p, 0, fvi_emit_unary(b, FVI_LINEAR, (float)size, 0, v));
    return fvi_onnx_out(node, 0, v);
}

/* param: the fvi_kind. */
fv_status fvi_lower_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    return fvi_onnx_out(node, 0, fvi_onnx_pool(node, fvi_onnx_need(node, 0), kind));
}

fv_status fvi_lower_global_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    return fvi_onnx_out(node, 0, fvi_emit_global_pool(node->b, kind, fvi_onnx_need(node, 0)));
}
