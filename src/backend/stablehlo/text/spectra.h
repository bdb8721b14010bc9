/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers and Fourier transforms. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_SPECTRA_H
#define FVI_BACKEND_STABLEHLO_TEXT_SPECTRA_H

#include "backend/stablehlo/text/hlo.h"

/* re + i im, of one shape; and its two parts. */
int fvi_hlo_complex(fvi_hlo *h, int re, int im);
int fvi_hlo_real(fvi_hlo *h, int x);
int fvi_hlo_imaginary(fvi_hlo *h, int x);

/* The half spectra [..][h][w/2+1] of pictures [..][h][w], not scaled; and the inverse, divided by
 * h * w. Whether what is not Hermitian in columns that hold their own conjugates (0; w/2 for even
 * w) counts is up to the device. */
int fvi_hlo_fft(fvi_hlo *h, int picture);
int fvi_hlo_inverse_fft(fvi_hlo *h, int spectrum, int64_t w);

#endif
