/* SPDX-License-Identifier: Apache-2.0 */
/* Noise that a picture starts from. */
#ifndef FVI_VIS_PARAM_START_H
#define FVI_VIS_PARAM_START_H

#include "base/random.h"

/* Fills pixels [channels][h][w] with noise random at all scales: the sum of bilinear noise grids of
 * 1, 2, 4, ... cells a side (to the first power of two above half the longer side, at most 4096),
 * equal in strength; each channel then brought to `mean` and standard deviation `sd`.
 *
 * A grid of n cells has (n + 1) x (n + 1) points; pixel (y, x) lies at (y n / h, x n / w) of them.
 * Draws: channel by channel, grid by grid, points row by row, one fvi_random_normal each; rows of
 * points below the last that a pixel needs are not drawn. */
void fvi_start_all_scales(fvi_random *r, int channels, int h, int w, float mean, float sd,
                          float *pixels);

#endif
