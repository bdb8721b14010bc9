/* SPDX-License-Identifier: Apache-2.0 */
/* Two-dimensional Fourier transforms of real pictures of any size; the only place that names the
 * FFT library. A plan has its own room to work in: one call at a time. */
#ifndef FVI_VIS_FFT_H
#define FVI_VIS_FFT_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef struct fvi_fft fvi_fft;

/* A plan for planes of h x w, of which up to `planes` are transformed in one call.
 *   errors  ARG a size < 1; NOMEM */
fv_status fvi_fft_new(int h, int w, int planes, fvi_fft **out, fv_error *err);
void fvi_fft_free(fvi_fft *f);
/* Bytes such a plan takes, at most, with the calling thread's number of threads. */
size_t fvi_fft_bytes(int h, int w, int planes);

/* picture [planes][h][w] -> half spectrum [planes][h][w/2+1] of (re, im) pairs; no scaling. */
void fvi_fft_forward(fvi_fft *f, int planes, const float *picture, float *spectrum);
/* Half spectrum -> picture, divided by h * w: the inverse. Of entries that have their conjugate in
 * the same half (column 0; column w/2 of even w) only the Hermitian part counts, as in numpy. */
void fvi_fft_inverse(fvi_fft *f, int planes, const float *spectrum, float *picture);
/* The plan's own room for half spectra: fvi_fft_inverse may be given what is written there, and
 * overwrites it in any case. */
float *fvi_fft_room(fvi_fft *f);
/* The adjoint of fvi_fft_inverse: gradient at the picture -> gradient at every (re, im). */
void fvi_fft_inverse_adjoint(fvi_fft *f, int planes, const float *dpicture, float *dspectrum);

#endif
