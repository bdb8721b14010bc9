/* SPDX-License-Identifier: Apache-2.0 */
/* Where a point of a sampling grid lies between the cells of a picture. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_GRID_CELLS_H
#define FVI_BACKEND_ONEDNN_KERNELS_GRID_CELLS_H

#include "graph/graph.h"

typedef struct fvi_grid {
    const fvi_grid_sample *a;
    int axes; /* 1 to 3 */
    int64_t size[FVI_MAX_SPATIAL];
} fvi_grid;

#define FVI_GRID_CELLS 64 /* 4 along each of 3 axes */

typedef struct fvi_grid_cells {
    int n;
    int64_t at[FVI_GRID_CELLS]; /* element of the picture; -1: outside, counts as 0 */
    float weight[FVI_GRID_CELLS];
    float slope[FVI_MAX_SPATIAL][FVI_GRID_CELLS]; /* of the weight, by the point's number for an
                                                     axis of the picture */
} fvi_grid_cells;

/* The cells of a point, [axes] numbers. slopes 0: they are not computed. */
void fvi_grid_find(const fvi_grid *grid, const float *point, int slopes, fvi_grid_cells *out);

#endif
