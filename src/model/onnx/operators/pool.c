/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, over a sliding window or the whole picture. MaxPool's second output, where
 * each largest element is, is a constant that is computed where the input's numbers are at hand.
 * Source: ONNX operator specification (MaxPool-1..22, AveragePool-1..22, Global*). */
#include "model/onnx/operators/pool.h"

#include "graph/build/compose.h"
#include "graph/const.h"
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

/* ---- where the largest elements are ---- */

/* The cell of the largest element of window `at` of one picture, whose cells begin at `base`, by
 * row and column; -1: there is none in the window. step: from one cell to the next along an axis.
 */
static int64_t largest_cell(const fvi_const *x, const fvi_window *w, int64_t base,
                            const int64_t *at, const int64_t *step) {
    int64_t best = -1, taps = 1;
    const int64_t *size = x->shape.dim + 2;
    for (int d = 0; d < w->n; d++) taps *= w->kernel[d];
    for (int64_t t = 0; t < taps; t++) {
        int64_t rest = t, cell = 0;
        for (int d = w->n - 1; d >= 0; d--) {
            const int64_t p =
                at[d] * w->stride[d] - w->pad_lo[d] + rest % w->kernel[d] * w->dilation[d];
            rest /= w->kernel[d];
            cell = cell < 0 || p < 0 || p >= size[d] ? -1 : cell + p * step[d];
        }
        if (cell >= 0 && (best < 0 || fvi_const_at(x, base + cell) > fvi_const_at(x, base + best)))
            best = cell;
    }
    return best;
}

/* A cell counted with the first axis fastest (storage_order 1). */
static int64_t column_major(int64_t cell, const int64_t *size, const int64_t *step, int n) {
    int64_t at = 0, stride = 1;
    for (int d = 0; d < n; d++) {
        at += cell / step[d] % size[d] * stride;
        stride *= size[d];
    }
    return at;
}

/* The indices of MaxPool's elements in its whole input, whose numbers are x. */
static int largest_cells(fvi_onnx_node *node, const fvi_const *x, const fvi_window *w,
                         const fvi_shape *out) {
    const int by_columns = fvi_onnx_attr_int(node->proto, "storage_order", 0) != 0;
    int64_t step[FVI_MAX_DIMS], at[FVI_MAX_SPATIAL], work = fvi_shape_count(out);
    uint8_t *data;
    for (int d = 0; d < w->n; d++)
        if (fvi_mul(work, w->kernel[d], &work) < 0) work = G_MAXINT64;
    const int v = fvi_emit_constant(node->b, FVI_I64, out, &data);
    if (v < 0 || !fvi_build_charge(node->b, work)) return -1;
    fvi_shape_strides(&x->shape, step);
    const int64_t cells = fvi_shape_product(&x->shape, 2, x->shape.ndim);
    const int64_t windows = fvi_shape_product(out, 2, out->ndim);
    for (int64_t i = 0; i < fvi_shape_count(out); i++) {
        int64_t rest = i;
        for (int d = w->n - 1; d >= 0; d--) {
            at[d] = rest % out->dim[2 + d];
            rest /= out->dim[2 + d];
        }
        int64_t cell = largest_cell(x, w, i / windows * cells, at, step + 2);
        if (by_columns) cell = column_major(MAX(cell, 0), x->shape.dim + 2, step + 2, w->n);
        fvi_put_int(FVI_I64, data, i, i / windows * cells + MAX(cell, 0));
    }
    return v;
}

/* Makes output 1. */
static fv_status pool_indices(fvi_onnx_node *node, const fvi_window *w, const fvi_shape *out) {
    if (!node->b->runner && !fvi_build_const(node->b, node->in[0])) {
        node->unmade = "it depends on the input's numbers, so that only `fovea run` and "
                       "`fovea gradient` compute it";
        return FV_OK;
    }
    const fvi_const *x = fvi_onnx_deciding(node, 0, "input");
    if (!x) return node->b->status;
    return fvi_onnx_out(node, 1, largest_cells(node, x, w, out));
}

/* param: the fvi_kind. */
fv_status fvi_lower_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    const int padding = fvi_onnx_attr_int(node->proto, "count_include_pad", 0) != 0;
    fvi_window w;
    const int v = pool(node, fvi_onnx_need(node, 0), kind, padding, &w);
    const fvi_shape out = fvi_build_shape(node->b, v);
    if (fvi_onnx_out(node, 0, v) || kind != FVI_MAX_POOL || !fvi_onnx_wants(node, 1))
        return node->b->status;
    return pool_indices(node, &w, &out);
}

fv_status fvi_lower_global_pool(fvi_onnx_node *node) {
    const fvi_kind kind = (fvi_kind)node->op->param;
    return fvi_onnx_out(node, 0, fvi_emit_global_pool(node->b, kind, fvi_onnx_need(node, 0)));
}
