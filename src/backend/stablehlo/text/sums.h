/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over axes and windows. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_SUMS_H
#define FVI_BACKEND_STABLEHLO_TEXT_SUMS_H

#include "backend/stablehlo/text/hlo.h"

/* op: "add", "multiply", "maximum", "minimum" over the axes whose bits are set, which are left out
 * of the result, or with `keep` have one element. */
int fvi_hlo_reduce(fvi_hlo *h, const char *op, int x, unsigned axes, int keep);
/* The sum over what was repeated when `shape` was broadcast to x's: a gradient's way back. */
int fvi_hlo_sum_to(fvi_hlo *h, int x, const fvi_shape *shape);

/* Windows over the last n axes; the axes before have windows of one element. */
typedef struct fvi_hlo_window {
    int n;
    int64_t kernel[3], stride[3], dilation[3], lo[3], hi[3];
    int64_t gap[3]; /* x has gap - 1 zeros between its elements; 1: none */
} fvi_hlo_window;

int fvi_hlo_reduce_window(fvi_hlo *h, const char *op, int x, const fvi_hlo_window *w);
/* Adds each of g's elements to the largest element's place in its window of x, the first of equals.
 * The window has no dilation and no gap. */
int fvi_hlo_max_back(fvi_hlo *h, int x, int g, const fvi_hlo_window *w);

#endif
