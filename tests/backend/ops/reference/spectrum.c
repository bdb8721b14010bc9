/* SPDX-License-Identifier: Apache-2.0 */
/* reference: the inverse Fourier transform of half spectra by its sums, as numpy.fft.irfft2 defines
 * it: along the columns, then along the rows, where of entries that are their own conjugates the
 * imaginary part is left out. */
#include <math.h>
#include <stdlib.h>

#include "../reference.h"

#define TURN 6.283185307179586476925286766559

/* Element (y, k) of x [h][columns][2] transformed along the columns. */
static void column_sum(const double *x, const int64_t size[2], int64_t y, int64_t k, double *z) {
    const int64_t h = size[0], columns = size[1] / 2 + 1;
    z[0] = z[1] = 0;
    for (int64_t j = 0; j < h; j++) {
        const double angle = TURN * (double)(j * y % h) / (double)h, c = cos(angle), s = sin(angle);
        const double *v = x + (j * columns + k) * 2;
        z[0] += (v[0] * c - v[1] * s) / (double)h;
        z[1] += (v[0] * s + v[1] * c) / (double)h;
    }
}

/* A row of w pixels of half a spectrum z [columns][2]. */
static void row_sums(const double *z, int64_t w, double *out) {
    for (int64_t i = 0; i < w; i++) {
        double sum = 0;
        for (int64_t k = 0; k <= w / 2; k++) {
            const double angle = TURN * (double)(k * i % w) / (double)w;
            const int alone = k == 0 || 2 * k == w;
            sum += (alone ? 1 : 2) * z[2 * k] * cos(angle);
            if (!alone) sum -= 2 * z[2 * k + 1] * sin(angle);
        }
        out[i] = sum / (double)w;
    }
}

void fvi_ref_inverse_fft(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n;
    const int64_t *size = out->shape.dim + out->shape.ndim - 2;
    const int64_t columns = size[1] / 2 + 1, rows = fvi_ref_count(&out->shape) / size[1];
    double *z = calloc((size_t)columns * 2, sizeof *z);
    if (!z) abort();
    for (int64_t r = 0; r < rows; r++) {
        const double *x = in[0].data + r / size[0] * size[0] * columns * 2;
        for (int64_t k = 0; k < columns; k++) column_sum(x, size, r % size[0], k, z + 2 * k);
        row_sums(z, size[1], out->data + r * size[1]);
    }
    free(z);
}
