/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to one picture's gradient before the optimiser sees it. */
#ifndef FVI_VIS_OPTIMIZE_GRADIENT_SCALE_H
#define FVI_VIS_OPTIMIZE_GRADIENT_SCALE_H

#include <stdint.h>

#include "fovea/fovea.h"

/* In place on g [channels][h][w] (or [1][1][count] where the numbers are no pixels: then LAPLACIAN
 * is an ARG error). A gradient that is zero or not finite everywhere it counts stays as it is.
 *   room  fvi_normalise_room numbers; NULL where that is 0 */
fv_status fvi_normalise(const fv_gradient_desc *desc, float *g, int channels, int h, int w,
                        float *room, fv_error *err);
int64_t fvi_normalise_room(const fv_gradient_desc *desc, int channels, int h, int w);

#endif
