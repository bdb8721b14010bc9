/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample and AffineGrid (spatial transformers).
 *
 * An affine grid is theta times the homogeneous coordinates of the points of a regular grid: one
 * matrix product, so that gradients come to theta.
 * Source: ONNX operator specification (GridSample-16..22, AffineGrid-20).
 */

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Before opset 20 the modes had other names. */
static fvi_grid_mode read_mode(fvi_onnx_node *node) {
    static const char *const names[] = {"linear", "nearest", "cubic", "bilinear", "bicubic", NULL};
    static const fvi_grid_mode modes[] = {FVI_GRID_LINEAR, FVI_GRID_NEAREST, FVI_GRID_CUBIC,
                                          FVI_GRID_LINEAR, FVI_GRID_CUBIC};
    return modes[fvi_onnx_choice(node, "mode", names)];
}

fv_status fvi_lower_grid_sample(fvi_onnx_node *node) {
    static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
    const int x = fvi_onnx_need(node, 0), grid = fvi_onnx_need(node, 1);
    const fvi_shape sx = fvi_build_shape(node->b, x), sg = fvi_build_shape(node->b, grid);
    const fvi_grid_sample how = {
        read_mode(node), (fvi_grid_padding)fvi_onnx_choice(node, "padding_mode", paddings),
        fvi_onnx_attr_int(node->proto, "align_corners", 0) ? FVI_GRID_CORNERS : FVI_GRID_EDGES};
    if (node->b->status) return node->b->status;
    char tx[FVI_SHAPE_TEXT], tg[FVI_SHAPE_TEXT];
    const int axes = sx.ndim - 2;
    if (axes < 1 || axes > FVI_MAX_SPATIAL || sg.ndim != sx.ndim || sg.dim[sx.ndim - 1] != axes ||
        sg.dim[0] != sx.dim[0] || !fvi_shape_product(&sx, 2, sx.ndim))
        return fvi_build_fail(node->b, FV_SHAPE,
                              "a grid of %s does not fit an input of %s; samples, points and as "
                              "many numbers as there are axes after the channels (1..%d) do",
                              fvi_shape_text(&sg, tg), fvi_shape_text(&sx, tx), FVI_MAX_SPATIAL);
    return fvi_onnx_out(node, 0, fvi_emit_grid_sample(node->b, x, grid, -1, &how));
}

/* The coordinate of point i of n, -1..1. */
static double coordinate(int64_t i, int64_t n, int align_corners) {
    if (align_corners) return n > 1 ? 2 * (double)i / (double)(n - 1) - 1 : 0;
    return (2 * (double)i + 1) / (double)n - 1;
}

/* [points][axes + 1]: the last axis' coordinate first, then a 1. */
static int regular_grid(fvi_onnx_node *node, const int64_t *size, int axes, int64_t points) {
    const int align = fvi_onnx_attr_int(node->proto, "align_corners", 0) != 0;
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){2, {points, axes + 1}}, &data);
    for (int64_t p = 0; v >= 0 && p < points; p++) {
        int64_t rest = p;
        for (int a = axes - 1; a >= 0; a--) {
            const double c = coordinate(rest % size[a], size[a], align);
            fvi_put_real(FVI_F32, data, p * (axes + 1) + axes - 1 - a, c);
            rest /= size[a];
        }
        fvi_put_real(FVI_F32, data, p * (axes + 1) + axes, 1);
    }
    return v;
}

fv_status fvi_lower_affine_grid(fvi_onnx_node *node) {
    const int theta = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(node->b, theta);
    int64_t size[FVI_MAX_SPATIAL + 2], points = 1;
    fvi_onnx_need(node, 1);
    const int n = fvi_onnx_ints(node, NULL, 1, size, FVI_MAX_SPATIAL + 2), axes = n - 2;
    if (node->b->status) return node->b->status;
    if (axes < 2 || s.ndim != 3 || s.dim[0] != size[0] || s.dim[1] != axes || s.dim[2] != axes + 1)
        return fvi_build_fail(node->b, FV_SHAPE,
                              "theta of %d axes does not fit a size of %d numbers; Nx2x3 and 4, or "
                              "Nx3x4 and 5, do",
                              s.ndim, n);
    fvi_shape out = {axes + 2, {size[0]}};
    for (int a = 0; a < axes; a++) {
        if (size[2 + a] < 1 || fvi_mul(points, size[2 + a], &points) < 0 ||
            points > FVI_CONSTANT_MAX_ELEMENTS)
            return fvi_build_fail(node->b, FV_SHAPE, "its size has %" PRId64 " along axis %d",
                                  size[2 + a], a);
        out.dim[1 + a] = size[2 + a];
    }
    out.dim[axes + 1] = axes;
    const int grid = regular_grid(node, size + 2, axes, points);
    const int v = fvi_emit_matmul(node->b, grid, theta, -1, &(fvi_node_attr){.matmul = {0, 1, 1}});
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, v, &out));
}
