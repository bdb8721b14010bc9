/* SPDX-License-Identifier: Apache-2.0 */
/* Positions of a sliding window: floor((n + padding - extent) / stride) + 1, or rounded up in
 * ceil_mode, where extent = (kernel - 1) * dilation + 1. */
#include "graph/build/window.h"

int64_t fvi_window_positions(fvi_builder *b, int64_t in, const fvi_window *w, int i,
                             int ceil_mode) {
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t room = in + w->pad_lo[i] + w->pad_hi[i] - extent, stride = w->stride[i];
    if (room < 0) {
        fvi_build_fail(b, FV_SHAPE,
                       "a window of %" PRId64 " does not fit into %" PRId64
                       " elements padded by %" PRId64 " and %" PRId64,
                       extent, in, w->pad_lo[i], w->pad_hi[i]);
        return 1;
    }
    int64_t out = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil_mode && (out - 1) * stride >= in + w->pad_lo[i]) out--;
    return out;
}

int64_t fvi_window_same(int64_t in, fvi_window *w, int i, int lower) {
    int64_t out = (in + w->stride[i] - 1) / w->stride[i];
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t total = (out - 1) * w->stride[i] + extent - in;
    if (total < 0) total = 0;
    w->pad_lo[i] = lower ? total - total / 2 : total / 2;
    w->pad_hi[i] = total - w->pad_lo[i];
    return out;
}
