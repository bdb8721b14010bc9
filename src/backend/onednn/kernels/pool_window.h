/* SPDX-License-Identifier: Apache-2.0 */
/* What max and average pooling share: windows over one plane, axis by axis. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_POOL_WINDOW_H
#define FVI_BACKEND_ONEDNN_KERNELS_POOL_WINDOW_H

#include "backend/onednn/schedule/step.h"

/* Loops over one plane see three spatial axes, missing ones of size 1. */
typedef struct fvi_pool_axis {
    int64_t in, out, kernel, stride, dilation, lo, hi;
} fvi_pool_axis;

/* The step's window, a global one made explicit, and its axes. */
void fvi_pool_axes(const fvi_step *s, fvi_window *window, fvi_pool_axis axis[3]);

/* The taps t in [*from, *to) of window `o` that fall on input cells. */
static inline void fvi_pool_taps(const fvi_pool_axis *a, int64_t o, int64_t *from, int64_t *to) {
    int64_t start = o * a->stride - a->lo, d = a->dilation;
    *from = start < 0 ? (-start + d - 1) / d : 0;
    *to = a->in - start <= 0 ? 0 : (a->in - start + d - 1) / d;
    if (*from > a->kernel) *from = a->kernel;
    if (*to > a->kernel) *to = a->kernel;
    if (*to < *from) *to = *from;
}

/* How many cells of window `o` count: those of the input, or those of the padding too. */
static inline int64_t fvi_pool_counted(const fvi_pool_axis *a, int64_t o, int include_pad) {
    fvi_pool_axis padded = *a;
    int64_t from, to;
    if (include_pad) { /* the padding as if it were input */
        padded.in += a->lo + a->hi;
        padded.lo = 0;
    }
    fvi_pool_taps(&padded, o, &from, &to);
    return to - from;
}

#endif
