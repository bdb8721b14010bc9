/* SPDX-License-Identifier: Apache-2.0 */
/* The largest magnitude in an array, and NaN and infinity in it. */
#ifndef FVI_BASE_ABS_MAX_H
#define FVI_BASE_ABS_MAX_H

#include <stdint.h>

/* Returns the largest magnitude of x [n]: NaN if one is NaN, else infinity if one is infinite; 0
 * for n = 0. */
float fvi_abs_max(const float *x, int64_t n);

/* Counts the values of x [n] that are NaN or infinite. */
int64_t fvi_count_nonfinite(const float *x, int64_t n);

#endif
