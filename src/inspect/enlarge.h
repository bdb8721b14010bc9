/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of few cells at the input's size. */
#ifndef FVI_INSPECT_ENLARGE_H
#define FVI_INSPECT_ENLARGE_H

#include "base/planes.h"
#include "fovea/fovea.h"
#include "graph/positions/token_grid.h"

/* Sizes along depth, height and width. */
typedef struct fvi_grid {
    int d, h, w;
} fvi_grid;

/* The last of them are dim[0..n-1], the others 1. */
fvi_grid fvi_grid_of(const int64_t *dim, int n);

/* Writes `out`, of `to`'s size: `in` resized linearly along each axis, borders on borders.
 *   errors  NOMEM */
fv_status fvi_enlarge(fvi_grid from, const float *in, fvi_grid to, float *out, fv_error *err);

/* Writes `out`, the picture: a map resized linearly to what it lies over in the picture, and its
 * border cells beyond.
 *   in       [grid->rows][grid->columns]
 *   outside  what pixels get that are cropped off before the map */
void fvi_enlarge_over(const fvi_token_grid *grid, const float *in, fvi_planes out, float outside);

/* Whether a map lies over all of the picture. */
int fvi_lies_over_all(const fvi_token_grid *grid);

#endif
