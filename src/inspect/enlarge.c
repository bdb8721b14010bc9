/* SPDX-License-Identifier: Apache-2.0 */
/* enlarge: bilinear resizing (signal/resize.h) for signals and volumes too. A volume is resized
 * slice by slice, and then as one plane of depth x (h w), of which only the rows change.
 */
#include "inspect/enlarge.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "signal/resize.h"

fvi_grid fvi_grid_of(const int64_t *dim, int n) {
    return (fvi_grid){n > 2 ? (int)dim[n - 3] : 1, n > 1 ? (int)dim[n - 2] : 1, (int)dim[n - 1]};
}

fv_status fvi_enlarge(fvi_grid from, const float *in, fvi_grid to, float *out, fv_error *err) {
    if (from.d == 1 && to.d == 1) {
        fvi_resize(fvi_planes_view(1, from.h, from.w, in), fvi_planes_of(1, to.h, to.w, out),
                   FVI_ALIGN_CENTRES);
        return FV_OK;
    }
    const int plane = to.h * to.w;
    float *slices = malloc((size_t)from.d * (size_t)plane * sizeof *slices);
    if (!slices) return fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_resize(fvi_planes_view(from.d, from.h, from.w, in),
               fvi_planes_of(from.d, to.h, to.w, slices), FVI_ALIGN_CENTRES);
    fvi_resize(fvi_planes_of(1, from.d, plane, slices), fvi_planes_of(1, to.d, plane, out),
               FVI_ALIGN_CENTRES);
    free(slices);
    return FV_OK;
}

int fvi_lies_over_all(const fvi_token_grid *grid) {
    int all = 1;
    for (int d = 0; d < 2; d++)
        all &= grid->over[d].low == 0 && grid->over[d].high == 1 && grid->seen[d].low == 0 &&
               grid->seen[d].high == 1;
    return all;
}

/* Where pixel i of n lies among the cells: between cell *at and the next, *share of the way.
 * Returns 0 where it is cropped off. */
static int among_cells(const fvi_token_grid *grid, int d, int i, int n, int *at, double *share) {
    const int64_t cells = d ? grid->columns : grid->rows;
    const double place = (i + 0.5) / n, size = grid->over[d].high - grid->over[d].low;
    double x = (place - grid->over[d].low) / size * (double)cells - 0.5;
    x = fmin(fmax(x, 0), (double)(cells - 1));
    *at = (int)x;
    *share = x - *at;
    return place >= grid->seen[d].low && place <= grid->seen[d].high;
}

void fvi_enlarge_over(const fvi_token_grid *grid, const float *in, fvi_planes out, float outside) {
    const int rows = (int)grid->rows, columns = (int)grid->columns;
    if (fvi_lies_over_all(grid)) {
        fvi_resize(fvi_planes_view(1, rows, columns, in), out, FVI_ALIGN_CENTRES);
        return;
    }
    for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++) {
            int r = 0, c = 0;
            double down = 0, right = 0;
            const int is_seen = among_cells(grid, 0, y, out.h, &r, &down) &
                                among_cells(grid, 1, x, out.w, &c, &right);
            const float *upper = in + (int64_t)r * columns;
            const float *lower = in + (int64_t)(r + 1 < rows ? r + 1 : r) * columns;
            const int next = c + 1 < columns ? c + 1 : c;
            const double above = (1 - right) * upper[c] + right * upper[next];
            const double below = (1 - right) * lower[c] + right * lower[next];
            out.data[(int64_t)y * out.w + x] =
                is_seen ? (float)((1 - down) * above + down * below) : outside;
        }
}
