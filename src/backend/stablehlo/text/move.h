/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that move elements. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_MOVE_H
#define FVI_BACKEND_STABLEHLO_TEXT_MOVE_H

#include "backend/stablehlo/text/hlo.h"

/* Axis i of x becomes axis axes[i] of the result; where x has one element, that is repeated. */
int fvi_hlo_spread(fvi_hlo *h, int x, const fvi_shape *shape, const int *axes);
/* NumPy's broadcasting to a shape. */
int fvi_hlo_broadcast(fvi_hlo *h, int x, const fvi_shape *shape);
/* One number for each index of an axis, [n], broadcast to a shape. */
int fvi_hlo_along(fvi_hlo *h, int x, const fvi_shape *shape, int axis);
int fvi_hlo_reshape(fvi_hlo *h, int x, const fvi_shape *shape);
int fvi_hlo_transpose(fvi_hlo *h, int x, const int *perm);
/* axes: bit i set: axis i is turned round. */
int fvi_hlo_reverse(fvi_hlo *h, int x, unsigned axes);
/* Elements from, from + step, ... below `to` of each axis; step > 0. */
int fvi_hlo_slice(fvi_hlo *h, int x, const int64_t *from, const int64_t *to, const int64_t *step);
/* Elements [from, to) of one axis. */
int fvi_hlo_part(fvi_hlo *h, int x, int axis, int64_t from, int64_t to);
/* `gap` new elements between neighbours; a negative lo or hi cuts. All new ones are `value`. */
int fvi_hlo_pad(fvi_hlo *h, int x, const int64_t *lo, const int64_t *hi, const int64_t *gap,
                double value);
int fvi_hlo_concat(fvi_hlo *h, const int *x, int n, int axis);

#endif
