/* SPDX-License-Identifier: Apache-2.0 */
/* How many positions a sliding window has along an axis. */
#ifndef FVI_GRAPH_BUILD_WINDOW_H
#define FVI_GRAPH_BUILD_WINDOW_H

#include "graph/build/build.h"

#define FVI_WINDOW_MAX ((int64_t)1 << 24) /* kernel, stride, dilation, padding of an axis */

/* Number of positions along spatial axis i of `in` elements, w's padding included; fails when there
 * is none. In ceil_mode the last one may extend beyond the end, but must begin inside the input or
 * before it. */
int64_t fvi_window_positions(fvi_builder *b, int64_t in, const fvi_window *w, int i, int ceil_mode);
/* Sets the padding so that there are as many positions as strides fit, and returns their number. An
 * odd element is put at the end, or with `lower` at the beginning. */
int64_t fvi_window_same(int64_t in, fvi_window *w, int i, int lower);

#endif
