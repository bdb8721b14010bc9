/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of 3x3 by Winograd's algorithm, forward and backward to their source: the
 * arithmetic of winograd.c, which says what it is and when it is used. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_WINOGRAD_H
#define FVI_BACKEND_ONEDNN_KERNELS_WINOGRAD_H

#include "backend/onednn/ops/convolve.h"

/* F(4x4, 3x3): a tile of 4x4 outputs is made from 6x6 inputs, at 6x6 points. */
#define FVI_WINOGRAD_TILE   4
#define FVI_WINOGRAD_SIDE   6
#define FVI_WINOGRAD_POINTS (FVI_WINOGRAD_SIDE * FVI_WINOGRAD_SIDE)
/* Channels of one vector, as they lie in tensors; of one block of U and M. */
#define FVI_WINOGRAD_LANES 8
#define FVI_WINOGRAD_BLOCK 16

/* One direction of a convolution: c channels are read, k are written. All tensors lie as
 * [n][channels / 8][y][x][8]. */
struct fvi_winograd {
    int backward;
    int64_t batch, c, k;
    int64_t in[2], out[2]; /* height, width of what is read and written */
    int64_t pad[2];        /* zeros before in[0][0], down and across; may be negative */
    int64_t tiles[2];      /* of a picture, down and across */
    int64_t chunk;         /* tiles that go through V and M together */
    float slope, low, high; /* activation: x < 0 ? slope x : x, held within [low, high] */
    fvi_buffer *src, *u, *bias, *dst; /* bias: [k] or NULL */
    fvi_buffer *v, *m;                /* V [point][tile][c], M [point][tile][k] of a chunk */
};

static inline int64_t fvi_winograd_round(int64_t channels, int64_t block) {
    return (channels + block - 1) / block * block;
}
/* Floats from one tile to the next, and from one point to the next, of V and M. Here and below a
 * cache line more than needed keeps neighbours out of one another's way in caches, which find a
 * line by the lower digits of its address. */
static inline int64_t fvi_winograd_tile_step(int64_t channels) {
    return fvi_winograd_round(channels, FVI_WINOGRAD_BLOCK);
}
static inline int64_t fvi_winograd_point_step(int64_t channels, int64_t chunk) {
    return chunk * fvi_winograd_tile_step(channels) + FVI_WINOGRAD_BLOCK;
}
/* U is [point][block of 16 kernels][channel of the source][16], zeros where there are none; so many
 * channels. */
static inline int64_t fvi_winograd_rows(int64_t channels) {
    return fvi_winograd_round(channels, FVI_WINOGRAD_LANES) + 1;
}

/* Whether a convolution is to be done so, and both of its directions with it. */
int fvi_winograd_suits(const fvi_step *s, const fvi_convolution *c);
/* Plans a direction of it: phase 0 forward, 1 backward.  out: lives as long as the plan
 *   errors  NOMEM, BACKEND */
fv_status fvi_winograd_plan(fvi_step *s, const fvi_convolution *c, int phase, fvi_winograd **out,
                            fv_error *err);
void fvi_winograd_run(const fvi_winograd *w);

/* ---- the three steps of a chunk (winograd_transform.c, winograd_product.c) ---- */

/* Tiles read or written together: neighbours, whose rows are longer runs of memory. */
#define FVI_WINOGRAD_GROUP 4
/* V: n <= 4 tiles of the batch from number `tile` on become those of the chunk from `slot` on. */
void fvi_winograd_read(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n);
/* M = V U at one point, for one of so many blocks of channels written, and the first n tiles. */
int64_t fvi_winograd_blocks(const fvi_winograd *w);
void fvi_winograd_multiply(const fvi_winograd *w, int64_t point, int64_t block, int64_t n);
/* dst: the reverse of read, with bias and activation. */
void fvi_winograd_write(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n);

/* U of 16 kernels over one channel.
 *   g   [9][16] kernels, [y][x][kernel]
 *   u   the 16 numbers of point p go to u + p step */
void fvi_winograd_kernels(const double *g, float *u, int64_t step);

#endif
