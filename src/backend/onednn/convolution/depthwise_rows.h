/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of depthwise.c, one tile at a time. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_ROWS_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_ROWS_H

#include "backend/onednn/convolution/convolution.h"
#include "backend/onednn/kernels/relu_backward.h"

#define FVI_DEPTHWISE_LANES  8 /* channels of one vector, and of one block of the tensors */
#define FVI_DEPTHWISE_KERNEL 7 /* largest kernel */
#define FVI_DEPTHWISE_STRIDE 2 /* largest stride */

/* One axis, source positions p + stride j for one p < stride. The gradient at position j is a sum
 * over `taps` neighbouring gradients, from index first + j on, each times a weight of the kernel:
 * the first times weight `last`, each next one times the weight `stride` before it. */
typedef struct fvi_depthwise_phase {
    int taps;
    int64_t first;
    int last;
} fvi_depthwise_phase;

typedef struct fvi_depthwise_axis {
    int64_t src, dst; /* sizes of what is written and read */
    int kernel, stride;
    fvi_depthwise_phase phase[FVI_DEPTHWISE_STRIDE];
} fvi_depthwise_axis;

/* An activation by whose slopes a gradient is multiplied. */
typedef struct fvi_depthwise_mask {
    fvi_slopes slopes;
    fvi_buffer *value; /* its output; NULL: there is no activation */
} fvi_depthwise_mask;

/* All tensors are stored as [n][channels / 8][y][x][8]. */
struct fvi_depthwise {
    int64_t batch, channels;
    fvi_depthwise_axis y, x;
    fvi_buffer *ddst, *weights, *dsrc; /* weights [channels / 8][y][x][8] */
    fvi_depthwise_mask dst, src;       /* of the gradient read; of the one written */
    fvi_buffer *masked;                /* ddst after dst's mask, if that is a pass of its own */
};

/* Independent tiles, to be computed in any order: how many, and tile i. */
int64_t fvi_depthwise_tiles(const fvi_depthwise *d);
void fvi_depthwise_tile(const fvi_depthwise *d, int masks, int64_t i);

#endif
