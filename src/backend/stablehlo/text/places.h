/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing at places that are computed, and loops. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_PLACES_H
#define FVI_BACKEND_STABLEHLO_TEXT_PLACES_H

#include "backend/stablehlo/text/hlo.h"

/* Of axis `axis` of x the elements at `index` (i32, any shape, kept inside): the axis is replaced
 * by the index' axes. */
int fvi_hlo_take(fvi_hlo *h, int x, int index, int axis);
/* The gradient of take at x, of that shape: adds g's elements to their places. */
int fvi_hlo_put_back(fvi_hlo *h, int g, int index, int axis, const fvi_shape *shape);
/* Element `at` (i32 scalar) of axis 0, without the axis; and x with it replaced by `row`. */
int fvi_hlo_row(fvi_hlo *h, int x, int at);
int fvi_hlo_set_row(fvi_hlo *h, int x, int at, int row);

/* ---- loops ---------------------------------------------------------------------------------- */

/* Repeats `step` for i = 0 .. count - 1 (i32 scalar) on n values, which it replaces.
 *   state  [n] the first values; the last ones on return */
typedef void fvi_hlo_step(fvi_hlo *h, void *user, int i, int *state);
void fvi_hlo_repeat(fvi_hlo *h, int64_t count, int *state, int n, fvi_hlo_step *step, void *user);

#endif
