/* SPDX-License-Identifier: Apache-2.0 */
/* Gaussian blur. */
#ifndef FVI_SIGNAL_BLUR_H
#define FVI_SIGNAL_BLUR_H

#include "base/planes.h"

#define FVI_BLUR_MAX 100 /* the largest sigma, in pixels */

/* Blurs in place: separable, cut off at 3 sigma, edges repeated. The kernel covers offsets -r..r, r
 * = ceil(3 sigma), and sums to 1; sigma <= 0 changes nothing.
 *   work  [h * w] */
void fvi_blur(fvi_planes p, float sigma, float *work);
/* Its adjoint, in place. */
void fvi_blur_adjoint(fvi_planes dp, float sigma, float *work);

/* The kernel of a sigma above 0, 2 r + 1 numbers; r. */
void fvi_blur_kernel(float sigma, float *kernel);
int fvi_blur_radius(float sigma);

#endif
