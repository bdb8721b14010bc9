/* SPDX-License-Identifier: Apache-2.0 */
/* One-dimensional Fourier transforms of any length, FVI_FFT_LANES lines at a time. */
#ifndef FVI_SIGNAL_FFT_LINE_H
#define FVI_SIGNAL_FFT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* Lines at a time: the width of a vector register, in floats. */
#define FVI_FFT_LANES 8

/* Distance from the real parts of n points to their imaginary parts: 512 bytes more than necessary,
 * so that strides of powers of two do not map to the same few cache sets. */
static inline int64_t fvi_fft_plane(int n) { return (int64_t)n * FVI_FFT_LANES + 128; }

typedef struct fvi_fft_line fvi_fft_line;

/* A plan for lines of n >= 1 points.  errors  NOMEM */
fv_status fvi_fft_line_new(int n, fvi_fft_line **out, fv_error *err);
void fvi_fft_line_free(fvi_fft_line *f);

/* Floats of scratch memory that running the plan needs, in addition to x and y. */
size_t fvi_fft_line_room(const fvi_fft_line *f);
/* The most of them for any plan of n points. */
size_t fvi_fft_line_most_room(int n);

/* X[k] = sum over j of x[j] exp(-2 pi i j k / n), or exp(+...) for the inverse; no scaling.
 *   x, y     [2][fvi_fft_plane(n)]: real parts [n][FVI_FFT_LANES], then imaginary parts; both are
 *            written
 *   room     [fvi_fft_line_room]
 *   returns  x or y: the one the result is in */
float *fvi_fft_line_run(const fvi_fft_line *f, int inverse, float *x, float *y, float *room);
/* Whether the result of this plan is in y. */
int fvi_fft_line_crosses(const fvi_fft_line *f);

#endif
