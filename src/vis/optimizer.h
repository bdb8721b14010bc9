/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers: how to climb. */
#ifndef FVI_VIS_OPTIMIZER_H
#define FVI_VIS_OPTIMIZER_H

#include <stdint.h>

/* Normalised ascent: p += step * g / max|g|; nothing where g is zero or not finite everywhere.
 * Returns max|g|. */
float fvi_ascend(float *p, const float *g, int64_t n, float step);

#endif
