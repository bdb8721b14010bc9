/* SPDX-License-Identifier: Apache-2.0 */
/* Col2Im: blocks are put at their places of a picture, and added where they overlap. That is a
 * transposed convolution of each channel, whose kernel k has a 1 at the place of element k of a
 * block. Source: ONNX operator specification (Col2Im-18).
 */
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* [channels * cells][1][block..] */
static int kernels(fvi_onnx_node *node, int64_t channels, int64_t cells, const fvi_window *w) {
    fvi_shape s = {w->n + 2, {channels * cells, 1}};
    uint8_t *data;
    memcpy(s.dim + 2, w->kernel, (size_t)w->n * sizeof *s.dim);
    const int v = fvi_emit_constant(node->b, FVI_F32, &s, &data);
    if (v < 0 || !fvi_build_charge(node->b, channels * cells)) return -1;
    for (int64_t i = 0; i < channels * cells; i++)
        fvi_put_int(FVI_F32, data, i * cells + i % cells, 1);
    return v;
}

/* Reads the picture's shape [n][?][axes..] and the window; the number of axes, or 0 when failed. */
static int read_sizes(fvi_onnx_node *node, const fvi_shape *x, fvi_shape *picture, fvi_window *w,
                      int64_t *blocks) {
    int64_t image[FVI_MAX_SPATIAL], block[FVI_MAX_SPATIAL];
    fvi_onnx_need(node, 1);
    fvi_onnx_need(node, 2);
    const int n = fvi_onnx_ints(node, "image_shape", 1, image, FVI_MAX_SPATIAL);
    const int m = fvi_onnx_ints(node, "block_shape", 2, block, FVI_MAX_SPATIAL);
    if (node->b->status) return 0;
    if (n < 1 || n != m || x->ndim != 3) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE,
                       "its input is %s, of %d axes in blocks of %d; allowed: NxCxL, and 1 to %d "
                       "axes",
                       fvi_shape_text(x, text), n, m, FVI_MAX_SPATIAL);
        return 0;
    }
    *picture = (fvi_shape){n + 2, {x->dim[0], x->dim[1]}};
    for (int i = 0; i < n; i++) {
        picture->dim[2 + i] = image[i];
        if (image[i] >= 1 && image[i] <= FVI_WINDOW_MAX && block[i] >= 1) continue;
        fvi_build_fail(node->b, FV_SHAPE,
                       "axis %d has %" PRId64 " elements in blocks of %" PRId64
                       "; allowed: 1 to %" PRId64,
                       i, image[i], block[i], FVI_WINDOW_MAX);
        return 0;
    }
    fvi_onnx_window(node, picture, block, w, blocks);
    return node->b->status ? 0 : n;
}

fv_status fvi_lower_col2im(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(b, x);
    fvi_shape picture, columns;
    int64_t blocks[FVI_MAX_SPATIAL], all = 1, cells = 1;
    fvi_node_attr a;
    const int n = read_sizes(node, &s, &picture, &a.window, blocks);
    if (!n) return b->status;
    columns = picture;
    for (int i = 0; i < n; i++) {
        columns.dim[2 + i] = blocks[i];
        if (fvi_mul(all, blocks[i], &all) < 0 || fvi_mul(cells, a.window.kernel[i], &cells) < 0 ||
            cells > FVI_WINDOW_MAX)
            return fvi_build_fail(b, FV_SHAPE, "its blocks are too large");
    }
    if (s.dim[1] < 1 || s.dim[1] % cells || s.dim[2] != all)
        return fvi_build_fail(b, FV_SHAPE,
                              "its input has %" PRId64 " rows and %" PRId64
                              " columns; allowed: a multiple of %" PRId64 ", and %" PRId64,
                              s.dim[1], s.dim[2], cells, all);
    picture.dim[1] = a.window.groups = s.dim[1] / cells;
    const int w = kernels(node, picture.dim[1], cells, &a.window);
    const int v = fvi_emit_reshape(b, x, &columns);
    if (b->status) return b->status;
    return fvi_onnx_out(node, 0, fvi_emit(b, FVI_CONV_TRANSPOSE, &a, &picture, 2, (int[]){v, w}));
}
