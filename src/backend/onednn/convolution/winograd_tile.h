/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a convolution by Winograd's algorithm: its sizes, buffers and tiles. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_TILE_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_TILE_H

#include "backend/onednn/convolution/convolution.h"

/* F(4x4, 3x3): a tile of 4x4 outputs needs 6x6 inputs and has 6x6 points. */
#define FVI_WINOGRAD_TILE   4
#define FVI_WINOGRAD_SIDE   6
#define FVI_WINOGRAD_POINTS (FVI_WINOGRAD_SIDE * FVI_WINOGRAD_SIDE)
/* Channels of one vector, and of one block of the tensors; of one block of U and M. */
#define FVI_WINOGRAD_LANES 8
#define FVI_WINOGRAD_BLOCK 16

/* One direction of a convolution: c channels are read, k are written. All tensors are stored as
 * [n][channels / 8][y][x][8]. */
struct fvi_winograd {
    int backward;
    int64_t batch, c, k;
    int64_t in[2], out[2];            /* height and width read and written */
    int64_t pad[2];                   /* zeros before in[0][0], down and across; may be negative */
    int64_t tiles[2];                 /* of a picture, down and across */
    int64_t chunk;                    /* tiles that go through V and M together */
    float slope, low, high;           /* activation: x < 0 ? slope x : x, clipped to [low, high] */
    fvi_buffer *src, *u, *bias, *dst; /* bias: [k] or NULL */
    fvi_buffer *v, *m;                /* V [point][tile][c], M [point][tile][k] of a chunk */
};

static inline int64_t fvi_winograd_round(int64_t channels, int64_t block) {
    return (channels + block - 1) / block * block;
}
/* Floats from one tile to the next, and from one point to the next, of V and M. A cache line more
 * than needed, here and below, keeps neighbours from mapping to the same cache set. */
static inline int64_t fvi_winograd_tile_step(int64_t channels) {
    return fvi_winograd_round(channels, FVI_WINOGRAD_BLOCK);
}
static inline int64_t fvi_winograd_point_step(int64_t channels, int64_t chunk) {
    return chunk * fvi_winograd_tile_step(channels) + FVI_WINOGRAD_BLOCK;
}
/* U is [point][block of 16 kernels][channel of the source][16], padded with zeros; this is its
 * number of channels. */
static inline int64_t fvi_winograd_rows(int64_t channels) {
    return fvi_winograd_round(channels, FVI_WINOGRAD_LANES) + 1;
}

/* Neighbouring tiles read or written together, so that their rows are longer runs of memory. */
#define FVI_WINOGRAD_GROUP 4

#endif
