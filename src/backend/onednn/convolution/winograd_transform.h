/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms of Winograd's algorithm. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_TRANSFORM_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_TRANSFORM_H

#include "backend/onednn/convolution/winograd_tile.h"

/* Fills V: n <= 4 tiles of the batch, from `tile` on, become tiles `slot` on of the chunk. */
void fvi_winograd_read(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n);
/* Writes dst from such tiles of M, with bias and activation. */
void fvi_winograd_write(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n);

/* U of 16 kernels over one channel.
 *   g   [9][16] kernels, [y][x][kernel]
 *   u   the 16 numbers of point p go to u + p step */
void fvi_winograd_kernels(const double *g, float *u, int64_t step);

#endif
