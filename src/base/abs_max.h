/* SPDX-License-Identifier: Apache-2.0 */
/* How large numbers are, and whether they are numbers at all, in one pass over them. */
#ifndef FVI_BASE_ABS_MAX_H
#define FVI_BASE_ABS_MAX_H

#include <stdint.h>

/* The largest magnitude of x [n]: NaN where one is NaN, else infinity where one is infinite; 0 of
 * nothing. */
float fvi_abs_max(const float *x, int64_t n);

/* How many of x [n] are NaN or infinite. */
int64_t fvi_count_nonfinite(const float *x, int64_t n);

#endif
