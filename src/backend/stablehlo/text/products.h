/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products and convolutions. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_PRODUCTS_H
#define FVI_BACKEND_STABLEHLO_TEXT_PRODUCTS_H

#include "backend/stablehlo/text/sums.h"

/* What they multiply in is fvi_hlo.precision. f32 and tf32 are HIGHEST and HIGH of
 * StableHLO's precision_config: on NVIDIA's GPUs f32 and tf32, on TPUs six and three products of
 * bf16. In bf16 the operands are rounded, and sums are f32; a convolution's result is rounded as
 * well, since cuDNN has none that takes bf16 and gives f32. */

/* a and b have `batch` first axes in common; the sum is over axis ka of a and kb of b.
 * Result: batch axes, the rest of a, the rest of b. */
int fvi_hlo_dot(fvi_hlo *h, int a, int b, int batch, int ka, int kb);
/* The same in f32 whatever that is. */
int fvi_hlo_dot_f32(fvi_hlo *h, int a, int b, int batch, int ka, int kb);

typedef struct fvi_hlo_conv {
    fvi_hlo_window window;
    int64_t groups;
    int transposed; /* the kernel is [in][out / groups][...] and turned round: a gradient's */
} fvi_hlo_conv;
/* x [n][c][...], w [out][c / groups][...]. A transposed kernel is for one group only. */
int fvi_hlo_convolve(fvi_hlo *h, int x, int w, const fvi_hlo_conv *c);

#endif
