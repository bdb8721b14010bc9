/* SPDX-License-Identifier: Apache-2.0 */
/* Two-dimensional Fourier transforms of real pictures of any size. A plan has scratch memory, so
 * only one call at a time may use it. */
#ifndef FVI_SIGNAL_FFT_H
#define FVI_SIGNAL_FFT_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"
#include "signal/fft_line.h" /* FVI_FFT_LANES */

typedef struct fvi_fft fvi_fft;

/* A plan for planes of h x w, of which up to `planes` are transformed in one call.
 *   errors  ARG a size < 1; NOMEM */
fv_status fvi_fft_new(int h, int w, int planes, fvi_fft **out, fv_error *err);
void fvi_fft_free(fvi_fft *f);
/* The most bytes of such a plan, with the calling thread's number of threads. */
size_t fvi_fft_bytes(int h, int w, int planes);

/* picture [planes][h][w] -> half spectrum [planes][h][w/2+1] of (re, im) pairs; no scaling. */
void fvi_fft_forward(fvi_fft *f, int planes, const float *picture, float *spectrum);
/* Half spectrum -> picture, divided by h * w: the inverse. Of columns that contain their
 * own conjugates (0; w/2 for even w) only the Hermitian part counts, as in numpy. */
void fvi_fft_inverse(fvi_fft *f, int planes, const float *spectrum, float *picture);
/* The adjoint of fvi_fft_inverse: gradient at the picture -> gradient at every (re, im). */
void fvi_fft_inverse_adjoint(fvi_fft *f, int planes, const float *dpicture, float *dspectrum);

/* Callbacks fused into the first and the last pass, so that data is processed while it is in cache.
 * Every number is in one piece; several threads call at once. */
typedef struct fvi_fft_ends {
    void *user;
    /* Frequencies first + y * (w/2+1) + l of [planes][h][w/2+1], y < h and l < n <= FVI_FFT_LANES,
     * are (re, im) [y * FVI_FFT_LANES + l]: to be written for the inverse, read for the adjoint. */
    void (*spectrum)(void *user, int64_t first, int n, float *re, float *im);
    /* Pixels from..from + n - 1 of every plane are rows [planes][n]: to be read after the inverse,
     * written for the adjoint. */
    void (*pixels)(void *user, int64_t from, int64_t n, float *rows);
} fvi_fft_ends;

/* fvi_fft_inverse and its adjoint with such ends. */
void fvi_fft_inverse_with(fvi_fft *f, int planes, const fvi_fft_ends *ends);
void fvi_fft_inverse_adjoint_with(fvi_fft *f, int planes, const fvi_fft_ends *ends);

#endif
