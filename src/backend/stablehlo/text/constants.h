/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers written into a program. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_CONSTANTS_H
#define FVI_BACKEND_STABLEHLO_TEXT_CONSTANTS_H

#include "backend/stablehlo/text/hlo.h"

/* All elements are the number, rounded to f32. */
int fvi_hlo_number(fvi_hlo *h, const fvi_shape *shape, double x);
/* A number in the shape and type of another value, which is not complex. */
int fvi_hlo_like(fvi_hlo *h, int x, double number);
int fvi_hlo_floats(fvi_hlo *h, const fvi_shape *shape, const float *x);
int fvi_hlo_integers(fvi_hlo *h, const fvi_shape *shape, const int32_t *x);
/* i32: each element is its index along an axis. */
int fvi_hlo_iota(fvi_hlo *h, const fvi_shape *shape, int axis);

#endif
