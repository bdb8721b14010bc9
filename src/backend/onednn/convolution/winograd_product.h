/* SPDX-License-Identifier: Apache-2.0 */
/* The products of Winograd's algorithm. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_PRODUCT_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_PRODUCT_H

#include "backend/onednn/convolution/winograd_tile.h"

/* M = V U at one point, for block `block` of the channels written and the first n tiles; and how
 * many such blocks there are. */
int64_t fvi_winograd_blocks(const fvi_winograd *w);
void fvi_winograd_multiply(const fvi_winograd *w, int64_t point, int64_t block, int64_t n);

#endif
