/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign: a box is divided into bins, and the picture read between its cells at some points of
 * each.
 *
 *   avg  their mean: one GRID_SAMPLE for all points of a group of boxes, then an average pooling.
 *        The points are computed from the boxes by arithmetic, so that boxes may be run-time values
 *        and gradients go to them too; with sampling_ratio 0 their number decides, and gradients go
 *        to the picture only.
 *   max  the largest of the four cells around each point, each times its weight, as the standard's
 *        reference has it (not the largest of the interpolated numbers). The boxes' numbers decide.
 *
 * A point more than a cell beyond the picture is 0, others beyond its edge are on the edge.
 * Source: ONNX operator specification (RoiAlign-10/16/22).
 */
#include <math.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/region/regions.h"

typedef struct roi_align {
    fvi_regions r;
    int rois;             /* value [n][4]: x0, y0, x1, y1 */
    const fvi_const *box; /* its numbers, or NULL */
    int half_pixel, max;
} roi_align;

/* The first point and the length of a box along y (d 0) or x, in cells. */
static void extent(const roi_align *a, int64_t i, int d, double *first, double *length) {
    const double offset = a->half_pixel ? 0.5 : 0;
    *first = fvi_const_at(a->box, i * 4 + 1 - d) * a->r.scale - offset;
    *length = fvi_const_at(a->box, i * 4 + 3 - d) * a->r.scale - offset - *first;
    if (!a->half_pixel) *length = fmax(*length, 1);
}

/* Where in a box, 0..1, the points along d are. */
static double place(const roi_align *a, const fvi_region_group *g, int d, int64_t k) {
    const int64_t samples = g->of.samples[d];
    return ((double)k + 0.5) / (double)(a->r.out[d] * samples);
}

/* ---- mean ----------------------------------------------------------------------------------- */

/* [boxes][4] of the group. */
static int boxes_of(roi_align *a, const fvi_region_group *g) {
    fvi_builder *b = a->r.node->b;
    uint8_t *data;
    if (g->n == a->r.n) return a->rois;
    const int at = fvi_emit_constant(b, FVI_I64, &(fvi_shape){1, {g->n}}, &data);
    for (int64_t i = 0; at >= 0 && i < g->n; i++) fvi_put_int(FVI_I64, data, i, g->box[i]);
    if (b->status) return -1;
    return fvi_emit(b, FVI_GATHER, &(fvi_node_attr){.axis = {0}}, &(fvi_shape){2, {g->n, 4}}, 2,
                    (int[]){a->rois, at});
}

/* [boxes][points]: along y (d 0) or x, in cells. */
static int points_along(roi_align *a, const fvi_region_group *g, int boxes, int d) {
    fvi_builder *b = a->r.node->b;
    const int64_t count = a->r.out[d] * g->of.samples[d];
    const float scale = (float)a->r.scale, offset = a->half_pixel ? -0.5f : 0;
    uint8_t *data;
    const int first =
        fvi_emit_unary(b, FVI_LINEAR, scale, offset, fvi_emit_slice(b, boxes, 1, 1 - d, 1));
    const int last =
        fvi_emit_unary(b, FVI_LINEAR, scale, offset, fvi_emit_slice(b, boxes, 1, 3 - d, 1));
    int length = fvi_emit_binary(b, FVI_SUB, last, first);
    if (!a->half_pixel)
        length = fvi_emit_binary(b, FVI_MAX, length, fvi_emit_scalar(b, FVI_F32, 1));
    const int places = fvi_emit_constant(b, FVI_F32, &(fvi_shape){2, {1, count}}, &data);
    for (int64_t k = 0; places >= 0 && k < count; k++)
        fvi_put_real(FVI_F32, data, k, place(a, g, d, k));
    return fvi_emit_binary(b, FVI_ADD, first, fvi_emit_binary(b, FVI_MUL, length, places));
}

/* Whether points are within a cell of an axis of n cells. */
static int inside(fvi_builder *b, int points, int64_t n) {
    return fvi_emit_binary(
        b, FVI_AND, fvi_emit_binary(b, FVI_GREATER_EQUAL, points, fvi_emit_scalar(b, FVI_F32, -1)),
        fvi_emit_binary(b, FVI_LESS_EQUAL, points, fvi_emit_scalar(b, FVI_F32, (double)n)));
}

/* Whether v is a constant without 0. */
static int all_true(fvi_builder *b, int v) {
    const fvi_const *c = fvi_build_const(b, v);
    const int64_t n = c ? fvi_shape_count(&c->shape) : 0;
    if (!c || !fvi_build_charge(b, n)) return 0;
    for (int64_t i = 0; i < n; i++)
        if (fvi_const_at(c, i) == 0) return 0;
    return 1;
}

/* [boxes][rows][columns][1] of coordinates along one axis, which lie along `d` of the grid. */
static int spread(roi_align *a, int points, int d, const fvi_shape *grid) {
    fvi_builder *b = a->r.node->b;
    fvi_shape s = *grid;
    const double n = (double)a->r.shape.dim[2 + d];
    points = fvi_emit_unary(b, FVI_LINEAR, (float)(2 / n), (float)(1 / n - 1), points);
    s.dim[d ? 1 : 2] = 1;
    return fvi_emit_expand(b, fvi_emit_reshape(b, points, &s), grid);
}

/* [1][c][boxes * rows][columns] of the points. */
static int sample_points(roi_align *a, const fvi_region_group *g, const int points[2]) {
    fvi_builder *b = a->r.node->b;
    const int64_t rows = a->r.out[0] * g->of.samples[0], columns = a->r.out[1] * g->of.samples[1];
    int64_t all;
    if (b->status || fvi_mul(g->n, rows, &all) < 0) return -1;
    const fvi_shape s = {4, {g->n, rows, columns, 1}};
    const int x = spread(a, points[1], 1, &s), y = spread(a, points[0], 0, &s);
    const int grid = fvi_emit_reshape(b, fvi_emit_concat(b, 3, 2, (int[]){x, y}),
                                      &(fvi_shape){4, {1, all, columns, 2}});
    const fvi_grid_sample how = {FVI_GRID_LINEAR, FVI_GRID_BORDER, FVI_GRID_EDGES};
    const int v = fvi_emit_grid_sample(b, fvi_regions_view(&a->r, g), grid, -1, &how);
    if (v < 0) return -1;
    const int my = inside(b, points[0], a->r.shape.dim[2]);
    const int mx = inside(b, points[1], a->r.shape.dim[3]);
    if (all_true(b, my) && all_true(b, mx)) return v;
    const int mask =
        fvi_emit_binary(b, FVI_AND, fvi_emit_reshape(b, my, &(fvi_shape){3, {g->n, rows, 1}}),
                        fvi_emit_reshape(b, mx, &(fvi_shape){3, {g->n, 1, columns}}));
    return fvi_emit_where(b, fvi_emit_reshape(b, mask, &(fvi_shape){4, {1, 1, all, columns}}), v,
                          fvi_emit_scalar(b, FVI_F32, 0));
}

static int mean_of_group(roi_align *a, const fvi_region_group *g) {
    fvi_builder *b = a->r.node->b;
    const int boxes = boxes_of(a, g);
    const int points[] = {points_along(a, g, boxes, 0), points_along(a, g, boxes, 1)};
    int v = sample_points(a, g, points);
    fvi_node_attr pool = {.window = {.n = 2, .groups = 1}};
    for (int d = 0; d < 2; d++) {
        pool.window.kernel[d] = pool.window.stride[d] = g->of.samples[d];
        pool.window.dilation[d] = 1;
    }
    const fvi_shape out = {4, {1, a->r.shape.dim[1], g->n * a->r.out[0], a->r.out[1]}};
    if (b->status) return -1;
    if (g->of.samples[0] * g->of.samples[1] > 1)
        v = fvi_emit(b, FVI_AVERAGE_POOL, &pool, &out, 1, &v);
    return fvi_regions_boxes_first(&a->r, g, v);
}

/* ---- maximum -------------------------------------------------------------------------------- */

/* The cells around a point of an axis of n cells, and their weights; 0 of a point outside. */
static void around(double p, int64_t n, int64_t cell[2], double weight[2]) {
    cell[0] = cell[1] = 0;
    weight[0] = weight[1] = 0;
    if (p < -1 || p > (double)n) return;
    p = fmin(fmax(p, 0), (double)(n - 1));
    cell[0] = (int64_t)p;
    cell[1] = MIN(cell[0] + 1, n - 1);
    weight[1] = p - (double)cell[0];
    weight[0] = 1 - weight[1];
}

/* Writes the four cells and weights of each point of bin k of a box, from element `to` on. */
static void write_bin(const roi_align *a, const fvi_region_group *g, const int64_t at[3],
                      uint8_t *cells, uint8_t *weights) {
    const int64_t *samples = g->of.samples;
    int64_t to =
        ((at[0] * a->r.out[0] + at[1]) * a->r.out[1] + at[2]) * samples[0] * samples[1] * 4;
    for (int64_t k = 0; k < samples[0] * samples[1]; k++) {
        const int64_t within[] = {k / samples[1], k % samples[1]};
        int64_t cell[2][2];
        double weight[2][2], first, length;
        for (int d = 0; d < 2; d++) {
            extent(a, g->box[at[0]], d, &first, &length);
            const double p = place(a, g, d, at[1 + d] * samples[d] + within[d]);
            around(first + length * p, a->r.shape.dim[2 + d], cell[d], weight[d]);
        }
        for (int c = 0; c < 4; c++, to++) {
            fvi_put_int(FVI_I64, cells, to, cell[0][c / 2] * a->r.shape.dim[3] + cell[1][c % 2]);
            fvi_put_real(FVI_F32, weights, to, weight[0][c / 2] * weight[1][c % 2]);
        }
    }
}

static int max_of_group(roi_align *a, const fvi_region_group *g) {
    fvi_builder *b = a->r.node->b;
    const int64_t count = 4 * g->of.samples[0] * g->of.samples[1];
    int64_t all;
    uint8_t *cells, *weights;
    if (fvi_mul(g->n, a->r.out[0] * a->r.out[1], &all) < 0 || fvi_mul(all, count, &all) < 0 ||
        !fvi_build_charge(b, all))
        return -1;
    const int at = fvi_emit_constant(b, FVI_I64, &(fvi_shape){1, {all}}, &cells);
    const int weight = fvi_emit_constant(b, FVI_F32, &(fvi_shape){1, {all}}, &weights);
    if (b->status) return -1;
    for (int64_t i = 0; i < g->n; i++)
        for (int64_t y = 0; y < a->r.out[0]; y++)
            for (int64_t x = 0; x < a->r.out[1]; x++)
                write_bin(a, g, (const int64_t[]){i, y, x}, cells, weights);
    return fvi_regions_largest(&a->r, g, at, weight, count);
}

/* ---- both ----------------------------------------------------------------------------------- */

static int pool_group(void *user, const fvi_region_group *g) {
    roi_align *a = user;
    const fvi_shape out = {4, {g->n, a->r.shape.dim[1], a->r.out[0], a->r.out[1]}};
    if (!g->of.samples[0] || !g->of.samples[1]) /* of a box without size */
        return fvi_emit_expand(a->r.node->b, fvi_emit_scalar(a->r.node->b, FVI_F32, 0), &out);
    return a->max ? max_of_group(a, g) : mean_of_group(a, g);
}

/* Samples along a bin's sides; 0 when failed. */
static int find_samples(roi_align *a, int64_t i, int64_t ratio) {
    for (int d = 0; d < 2; d++) {
        double first, length, n = (double)ratio;
        if (!ratio) {
            extent(a, i, d, &first, &length);
            n = fmax(ceil(length / (double)a->r.out[d]), 0);
        }
        if (!(n <= FVI_REGION_MAX)) {
            fvi_build_fail(a->r.node->b, FV_SHAPE,
                           "box %" PRId64 " has %g samples along a bin; allowed: at most %d", i, n,
                           FVI_REGION_MAX);
            return 0;
        }
        a->r.of[i].samples[d] = (int64_t)n;
    }
    return 1;
}

/* Checks boxes and pictures' numbers; 0 when failed. */
static int fits(fvi_onnx_node *node, int rois, const fvi_const *pictures) {
    const fvi_shape s = fvi_build_shape(node->b, rois);
    char text[FVI_SHAPE_TEXT];
    if (node->b->status || !pictures) return fvi_onnx_need(node, 2), 0;
    if (s.ndim == 2 && s.dim[1] == 4 && fvi_shape_count(&pictures->shape) == s.dim[0]) return 1;
    fvi_build_fail(node->b, FV_SHAPE,
                   "its boxes are %s, of %" PRId64 " pictures; allowed: Nx4 and N",
                   fvi_shape_text(&s, text), fvi_shape_count(&pictures->shape));
    return 0;
}

fv_status fvi_lower_roi_align(fvi_onnx_node *node) {
    static const char *const modes[] = {"avg", "max", NULL};
    static const char *const places[] = {"half_pixel", "output_half_pixel", NULL};
    const int64_t out[] = {fvi_onnx_attr_int(node->proto, "output_height", 1),
                           fvi_onnx_attr_int(node->proto, "output_width", 1)};
    const int64_t ratio = fvi_onnx_attr_int(node->proto, "sampling_ratio", 0);
    const fvi_const *pictures = fvi_onnx_fixed(node, 2, "batch_indices");
    roi_align a = {.max = fvi_onnx_choice(node, "mode", modes)};
    a.half_pixel =
        node->l->opset >= 16 && !fvi_onnx_choice(node, "coordinate_transformation_mode", places);
    if (a.max || !ratio) a.box = fvi_onnx_deciding(node, 1, "boxes");
    a.rois = fvi_onnx_need(node, 1);
    if (!fits(node, a.rois, pictures)) return node->b->status;
    if (ratio < 0)
        return fvi_build_fail(node->b, FV_FORMAT, "sampling_ratio is %" PRId64 "; allowed: 0 on",
                              ratio);
    int ok = fvi_regions_init(&a.r, node, fvi_shape_count(&pictures->shape), out);
    for (int64_t i = 0; ok && i < a.r.n; i++)
        ok = fvi_regions_picture(&a.r, i, 2, fvi_const_int(pictures, i)) &&
             find_samples(&a, i, ratio);
    if (ok) fvi_onnx_out(node, 0, fvi_regions_pool(&a.r, pool_group, &a));
    fvi_regions_free(&a.r);
    return node->b->status;
}
