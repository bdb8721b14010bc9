/* SPDX-License-Identifier: Apache-2.0 */
/* MaxUnpool: each element goes to the place of the output that its index names; elsewhere is 0. The
 * indices are known, or computed before (those of a MaxPool are, where the input's numbers are at
 * hand); then it is a GATHER from a 0 and the input. With an output_shape the result stands at its
 * beginning. Of equal indices the last counts. Source: ONNX operator specification
 * (MaxUnpool-9..22).
 */
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/operators.h"

/* The output's shape without output_shape; 0 when failed. */
static int unpooled_shape(fvi_onnx_node *node, const fvi_shape *x, fvi_shape *out) {
    fvi_window w;
    fvi_onnx_window(node, x, NULL, &w, NULL);
    *out = *x;
    for (int i = 0; i < w.n && !node->b->status; i++) {
        int64_t steps;
        if (fvi_mul(x->dim[2 + i] - 1, w.stride[i], &steps) < 0 || steps > FVI_MAX_ELEMENTS)
            steps = -FVI_MAX_ELEMENTS;
        out->dim[2 + i] = steps - w.pad_lo[i] - w.pad_hi[i] + w.kernel[i];
        if (out->dim[2 + i] < 1)
            fvi_build_fail(node->b, FV_SHAPE, "axis %d would get no sound size", i + 2);
    }
    return node->b->status == FV_OK;
}

/* Which element, counted from 1, goes where; 0: none. */
static int sources(fvi_onnx_node *node, const fvi_const *indices, int64_t total) {
    const int64_t n = fvi_shape_count(&indices->shape);
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {total}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, total + n)) return -1;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = fvi_const_int(indices, i);
        if (at < 0 || at >= total) {
            fvi_onnx_fail_index(node, 1, at, total);
            return -1;
        }
        fvi_put_int(FVI_I64, data, at, i + 1);
    }
    return v;
}

/* v, of shape s, with zeros behind it up to output_shape, where there is one. */
static int enlarge(fvi_onnx_node *node, int v, const fvi_shape *s) {
    int64_t size[FVI_MAX_DIMS], lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS];
    char text[FVI_SHAPE_TEXT];
    if (fvi_onnx_in(node, 2) < 0) return v;
    const int n = fvi_onnx_ints(node, NULL, 2, size, FVI_MAX_DIMS);
    int fits = n == s->ndim && size[0] == s->dim[0] && size[1] == s->dim[1];
    for (int i = 0; fits && i < n; i++) {
        fits = size[i] >= s->dim[i] && size[i] <= FVI_MAX_ELEMENTS;
        hi[i] = size[i] - s->dim[i];
    }
    if (fits) return fvi_emit_pad(node->b, v, lo, hi, FVI_PAD_CONSTANT, 0);
    fvi_build_fail(node->b, FV_SHAPE,
                   "output_shape does not hold %s, which its input becomes; allowed: that, and "
                   "more along the axes behind the second",
                   fvi_shape_text(s, text));
    return -1;
}

fv_status fvi_lower_max_unpool(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(b, x);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    fvi_shape out;
    if (!indices) return fvi_onnx_need(node, 1), b->status;
    if (b->status || !unpooled_shape(node, &s, &out)) return b->status;
    if (!fvi_shape_equal(&indices->shape, &s))
        return fvi_build_fail(b, FV_SHAPE, "its indices do not fit its input");
    int64_t total = 1;
    for (int i = 0; i < out.ndim; i++)
        if (fvi_mul(total, out.dim[i], &total) < 0 || total > FVI_MAX_ELEMENTS)
            return fvi_build_fail(b, FV_SHAPE, "its output would be too large");
    const int zero = fvi_emit_expand(b, fvi_emit_scalar(b, FVI_F32, 0), &(fvi_shape){1, {1}});
    const int flat = fvi_emit_reshape(b, x, &(fvi_shape){1, {fvi_shape_count(&s)}});
    const int from = sources(node, indices, total);
    const int all = fvi_emit_concat(b, 0, 2, (int[]){zero, flat});
    if (b->status) return b->status;
    const int v = fvi_emit(b, FVI_GATHER, &(fvi_node_attr){.axis = {0}}, &(fvi_shape){1, {total}},
                           2, (int[]){all, from});
    return fvi_onnx_out(node, 0, enlarge(node, fvi_emit_reshape(b, v, &out), &out));
}
