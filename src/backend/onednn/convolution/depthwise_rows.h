/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of depthwise.c, a part at a time. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_ROWS_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_ROWS_H

#include "backend/onednn/convolution/convolution.h"
#include "backend/onednn/kernels/relu_backward.h"

#define FVI_DEPTHWISE_LANES  8 /* channels of one vector, as they lie in tensors */
#define FVI_DEPTHWISE_KERNEL 7 /* largest kernel */
#define FVI_DEPTHWISE_STRIDE 2 /* largest stride */

/* Of one axis, source positions p + stride j for one p < stride: their gradient is a sum over so
 * many neighbouring gradients, from number first + j on, each times a weight of the kernel: the
 * first times number `last`, then `stride` less each time. */
typedef struct fvi_depthwise_phase {
    int taps;
    int64_t first;
    int last;
} fvi_depthwise_phase;

typedef struct fvi_depthwise_axis {
    int64_t src, dst; /* sizes: of what is written; of what is read */
    int kernel, stride;
    fvi_depthwise_phase phase[FVI_DEPTHWISE_STRIDE];
} fvi_depthwise_axis;

/* An activation by whose slopes a gradient is multiplied. */
typedef struct fvi_depthwise_mask {
    fvi_slopes slopes;
    fvi_buffer *value; /* what comes out of it; NULL: there is none */
} fvi_depthwise_mask;

/* All tensors lie as [n][channels / 8][y][x][8]. */
struct fvi_depthwise {
    int64_t batch, channels;
    fvi_depthwise_axis y, x;
    fvi_buffer *ddst, *weights, *dsrc; /* weights [channels / 8][y][x][8] */
    fvi_depthwise_mask dst, src;       /* on the way in; on the way out */
    fvi_buffer *masked;                /* ddst after that of dst, where it was done apart */
};

/* Parts that are done by themselves, in any order: so many, and number i of them. */
int64_t fvi_depthwise_parts(const fvi_depthwise *d);
void fvi_depthwise_part(const fvi_depthwise *d, int masks, int64_t i);

#endif
