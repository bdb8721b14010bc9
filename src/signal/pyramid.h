/* SPDX-License-Identifier: Apache-2.0 */
/* Laplacian pyramids (Burt and Adelson 1983) with the 5x5 binomial kernel [1 4 6 4 1]/16, as the
 * DeepDreaming with TensorFlow notebook has them. */
#ifndef FVI_SIGNAL_PYRAMID_H
#define FVI_SIGNAL_PYRAMID_H

#include "base/planes.h"
#include "fovea/fovea.h"

#define FVI_PYRAMID_MAX_LEVELS 10

/* Splits g into its pyramid, divides each level by the root mean square of its numbers (all
 * channels together; by 1e-10 where that is less), and merges the levels again, in place.
 *   levels  1..FVI_PYRAMID_MAX_LEVELS: levels - 1 splits, the rest is the last (the notebook's
 * lap_n is levels - 1) room    [fvi_pyramid_room] errors  ARG levels */
fv_status fvi_pyramid_normalise(fvi_planes g, int levels, float *room, fv_error *err);
int64_t fvi_pyramid_room(int channels, int h, int w, int levels);

/* The kernel along an axis. */
#define FVI_PYRAMID_TAPS 5
extern const float fvi_pyramid_kernel[FVI_PYRAMID_TAPS];
/* Rows (columns) of the level below one of n. */
int fvi_pyramid_half(int n);
/* Of the kernel at output 0, how many taps precede input 0 of n; at the last output, 2 at most are
 * behind the last input. */
int fvi_pyramid_overhang(int n);

#endif
