/* SPDX-License-Identifier: Apache-2.0 */
/* MaxRoiPool: a box, rounded to whole cells, is divided into bins that may overlap by a cell; each
 * bin's largest cell. The boxes' numbers decide which cells those are; the gradient is that of the
 * cells. An empty bin is 0.
 * Source: ONNX operator specification (MaxRoiPool-1/22); rounding as ONNX Runtime does it.
 */
#include <math.h>

#include "graph/const.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/region/regions.h"

typedef struct max_roi {
    fvi_regions r;
    const fvi_const *rois; /* [n][5]: picture, x0, y0, x1, y1 */
} max_roi;

/* Cells [*lo, *hi) of bin i of `bins` along an axis of n cells, of a box from `from` to `to`. */
static void bin_cells(double from, double to, int64_t i, int64_t bins, int64_t n, int64_t *lo,
                      int64_t *hi) {
    const float first = roundf((float)from);
    const float size = fmaxf(roundf((float)to) - first + 1, 1) / (float)bins;
    const float a = floorf((float)i * size) + first, b = ceilf((float)(i + 1) * size) + first;
    *lo = (int64_t)fminf(fmaxf(a, 0), (float)n);
    *hi = (int64_t)fminf(fmaxf(b, 0), (float)n);
}

/* The rows and columns [2] of bin k of a box. */
static void bin_of(const max_roi *m, int64_t box, int64_t k, int64_t lo[2], int64_t hi[2]) {
    const int64_t at[] = {k / m->r.out[1], k % m->r.out[1]};
    for (int d = 0; d < 2; d++) /* y is after x in a box */
        bin_cells(fvi_const_at(m->rois, box * 5 + 2 - d) * m->r.scale,
                  fvi_const_at(m->rois, box * 5 + 4 - d) * m->r.scale, at[d], m->r.out[d],
                  m->r.shape.dim[2 + d], &lo[d], &hi[d]);
}

/* Writes the `most` cells of a bin; of fewer the first stands there again. Returns whether there is
 * one. */
static int write_cells(const max_roi *m, const int64_t lo[2], const int64_t hi[2], int64_t most,
                       uint8_t *data, int64_t to) {
    const int64_t columns = hi[1] - lo[1], count = MAX(hi[0] - lo[0], 0) * MAX(columns, 0);
    for (int64_t j = 0; j < most; j++) {
        const int64_t k = j < count ? j : 0;
        const int64_t cell =
            count ? (lo[0] + k / columns) * m->r.shape.dim[3] + lo[1] + k % columns : 0;
        fvi_put_int(FVI_I64, data, to + j, cell);
    }
    return count > 0;
}

/* Cells of the largest bin of a group, at least 1. */
static int64_t largest_bin(const max_roi *m, const fvi_region_group *g) {
    int64_t most = 1, lo[2], hi[2];
    for (int64_t i = 0; i < g->n; i++)
        for (int64_t k = 0; k < m->r.out[0] * m->r.out[1]; k++) {
            bin_of(m, g->box[i], k, lo, hi);
            most = MAX(most, MAX(hi[0] - lo[0], 0) * MAX(hi[1] - lo[1], 0));
        }
    return most;
}

static int pool_group(void *user, const fvi_region_group *g) {
    max_roi *m = user;
    fvi_builder *b = m->r.node->b;
    const int64_t bins = m->r.out[0] * m->r.out[1];
    int64_t all, total, lo[2], hi[2];
    if (fvi_mul(g->n, bins, &all) < 0 || !fvi_build_charge(b, 8 * all)) return -1;
    const int64_t most = largest_bin(m, g);
    uint8_t *cells, *there;
    int empty = 0;
    if (fvi_mul(all, most, &total) < 0 || !fvi_build_charge(b, total)) return -1;
    const int at = fvi_emit_constant(b, FVI_I64, &(fvi_shape){1, {total}}, &cells);
    const int mask =
        fvi_emit_constant(b, FVI_F32, &(fvi_shape){4, {g->n, 1, m->r.out[0], m->r.out[1]}}, &there);
    if (b->status) return -1;
    for (int64_t i = 0; i < all; i++) {
        bin_of(m, g->box[i / bins], i % bins, lo, hi);
        const int some = write_cells(m, lo, hi, most, cells, i * most);
        fvi_put_int(FVI_F32, there, i, some);
        empty |= !some;
    }
    const int v = fvi_regions_largest(&m->r, g, at, -1, most);
    return empty ? fvi_emit_where(b, mask, v, fvi_emit_scalar(b, FVI_F32, 0)) : v;
}

fv_status fvi_lower_max_roi_pool(fvi_onnx_node *node) {
    max_roi m = {.rois = fvi_onnx_deciding(node, 1, "boxes")};
    int64_t out[2];
    char text[FVI_SHAPE_TEXT];
    if (!m.rois) return fvi_onnx_need(node, 1), node->b->status;
    if (fvi_onnx_ints(node, "pooled_shape", -1, out, 2) != 2)
        return fvi_build_fail(node->b, FV_FORMAT, "pooled_shape has not 2 numbers");
    if (m.rois->shape.ndim != 2 || m.rois->shape.dim[1] != 5)
        return fvi_build_fail(node->b, FV_SHAPE, "its boxes are %s; allowed: Nx5",
                              fvi_shape_text(&m.rois->shape, text));
    int ok = fvi_regions_init(&m.r, node, m.rois->shape.dim[0], out);
    for (int64_t i = 0; ok && i < m.r.n; i++) {
        for (int k = 0; ok && k < 5; k++)
            if (!isfinite(fvi_const_at(m.rois, i * 5 + k)))
                ok = !fvi_build_fail(node->b, FV_SHAPE, "box %" PRId64 " is not finite", i);
        ok = ok && fvi_regions_picture(&m.r, i, 1, fvi_const_int(m.rois, i * 5));
    }
    if (ok) fvi_onnx_out(node, 0, fvi_regions_pool(&m.r, pool_group, &m));
    fvi_regions_free(&m.r);
    return node->b->status;
}
