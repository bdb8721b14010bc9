/* SPDX-License-Identifier: Apache-2.0 */
/* Starting pictures. */
#ifndef FVI_VIS_START_H
#define FVI_VIS_START_H

#include "base/random.h"

/* Fills pixels [channels][h][w] with noise random at all scales around mid grey: the sum of
 * bilinear noise grids of 1, 2, 4, ... cells a side, equal in strength; mean 0.5, standard
 * deviation `sd`. */
void fvi_start_all_scales(fvi_random *r, int channels, int h, int w, float sd, float *pixels);

#endif
