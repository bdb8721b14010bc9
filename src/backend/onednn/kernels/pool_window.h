/* SPDX-License-Identifier: Apache-2.0 */
/* What max and average pooling share: windows over one plane, axis by axis. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_POOL_WINDOW_H
#define FVI_BACKEND_ONEDNN_KERNELS_POOL_WINDOW_H

#include "backend/onednn/schedule/step.h"

/* Loops over one plane have three spatial axes; missing ones have size 1. */
typedef struct fvi_pool_axis {
    int64_t in, out, kernel, stride, dilation, lo, hi;
} fvi_pool_axis;

/* The step's window, with the sizes of a global one filled in, and its axes. */
void fvi_pool_axes(const fvi_step *s, fvi_window *window, fvi_pool_axis axis[3]);

/* The kernel positions [*from, *to) of window `o` that are on input cells. */
static inline void fvi_pool_inside(const fvi_pool_axis *a, int64_t o, int64_t *from, int64_t *to) {
    int64_t start = o * a->stride - a->lo, d = a->dilation;
    *from = start < 0 ? (-start + d - 1) / d : 0;
    *to = a->in - start <= 0 ? 0 : (a->in - start + d - 1) / d;
    if (*from > a->kernel) *from = a->kernel;
    if (*to > a->kernel) *to = a->kernel;
    if (*to < *from) *to = *from;
}

/* How many cells of window `o` count: those of the input, with include_pad those of the padding
 * too.
 */
static inline int64_t fvi_pool_counted(const fvi_pool_axis *a, int64_t o, int include_pad) {
    fvi_pool_axis padded = *a;
    int64_t from, to;
    if (include_pad) { /* treat the padding as input */
        padded.in += a->lo + a->hi;
        padded.lo = 0;
    }
    fvi_pool_inside(&padded, o, &from, &to);
    return to - from;
}

#endif
