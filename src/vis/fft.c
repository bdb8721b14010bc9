/* SPDX-License-Identifier: Apache-2.0 */
/* fft: two-dimensional Fourier transforms of real pictures, with half spectra.
 *
 * Rows first, two rows a complex line (one as its real, one as its imaginary part: their spectra
 * are the Hermitian and the anti-Hermitian half of the line's), then the w/2 + 1 columns. The
 * inverse goes the other way. Lines are transformed FVI_FFT_LANES at a time, side by side.
 *
 * The inverse's adjoint is the forward transform over h * w, with columns that stand for two
 * (their own and their conjugate's) counted twice.
 */
#include "vis/fft.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vis/fft_line.h"

#define LANES FVI_FFT_LANES

struct fvi_fft {
    int h, w, columns;    /* columns = w / 2 + 1 */
    fvi_fft_line *row;    /* w points */
    fvi_fft_line *column; /* h points */
    float *x, *y;         /* [2][max(h, w)][LANES] each */
    float *half;          /* [h][columns] of (re, im) */
};

fv_status fvi_fft_new(int h, int w, fvi_fft **out, fv_error *err) {
    if (h < 1 || w < 1)
        return fvi_fail(err, FV_ARG, "a Fourier transform of %d x %d: sizes are at least 1", h, w);
    fvi_fft *f = calloc(1, sizeof *f);
    if (!f) return fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform");
    f->h = h;
    f->w = w;
    f->columns = w / 2 + 1;
    size_t line = (size_t)(h > w ? h : w) * 2 * LANES;
    fv_status st = fvi_fft_line_new(w, &f->row, err);
    if (!st) st = fvi_fft_line_new(h, &f->column, err);
    if (st) goto done;
    f->x = malloc(line * sizeof *f->x);
    f->y = malloc(line * sizeof *f->y);
    f->half = malloc((size_t)h * (size_t)f->columns * 2 * sizeof *f->half);
    if (!f->x || !f->y || !f->half)
        st = fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform of %d x %d", h, w);
done:
    if (st)
        fvi_fft_free(f);
    else
        *out = f;
    return st;
}

void fvi_fft_free(fvi_fft *f) {
    if (!f) return;
    fvi_fft_line_free(f->row);
    fvi_fft_line_free(f->column);
    free(f->x);
    free(f->y);
    free(f->half);
    free(f);
}

/* How many of `left` fit side by side. */
static int lanes(int left) { return left < LANES ? left : LANES; }

/* All columns of from [h][columns] into to, which may be the same. */
static void columns_run(fvi_fft *f, int inverse, const float *from, float *to) {
    int64_t stride = 2 * (int64_t)f->columns, plane = (int64_t)f->h * LANES;
    for (int c = 0; c < f->columns; c += LANES) {
        int n = lanes(f->columns - c);
        if (n < LANES) memset(f->x, 0, (size_t)plane * 2 * sizeof *f->x);
        for (int y = 0; y < f->h; y++) {
            const float *in = from + y * stride + 2 * c;
            float *re = f->x + (int64_t)y * LANES, *im = re + plane;
            for (int l = 0; l < n; l++) {
                re[l] = in[2 * l];
                im[l] = in[2 * l + 1];
            }
        }
        const float *result = fvi_fft_line_run(f->column, inverse, f->x, f->y);
        for (int y = 0; y < f->h; y++) {
            const float *re = result + (int64_t)y * LANES, *im = re + plane;
            float *out = to + y * stride + 2 * c;
            for (int l = 0; l < n; l++) {
                out[2 * l] = re[l];
                out[2 * l + 1] = im[l];
            }
        }
    }
}

/* Rows y, y+1, ... of the picture, `pairs` pairs of them, as lanes: lane l is row y + l with row
 * y + pairs + l as its imaginary part (zeros where there is none). */
static void rows_in(fvi_fft *f, const float *picture, int first, int pairs) {
    int64_t plane = (int64_t)f->w * LANES;
    for (int half = 0; half < 2; half++)
        for (int l = 0; l < LANES; l++) {
            int y = first + half * pairs + l;
            float *to = f->x + half * plane + l;
            if (l < pairs && y < f->h)
                for (int x = 0; x < f->w; x++)
                    to[(int64_t)x * LANES] = picture[(int64_t)y * f->w + x];
            else
                for (int x = 0; x < f->w; x++) to[(int64_t)x * LANES] = 0;
        }
}

/* The spectra of the two rows of each lane, from the lane's spectrum z:
 * a[k] = (z[k] + conj z[w-k]) / 2, b[k] = (z[k] - conj z[w-k]) / 2i. */
static void rows_spectra(fvi_fft *f, const float *z, int first, int pairs, float *spectrum) {
    int64_t plane = (int64_t)f->w * LANES, stride = 2 * (int64_t)f->columns;
    for (int l = 0; l < pairs; l++) {
        int ya = first + l, yb = ya + pairs;
        float *a = spectrum + ya * stride, *b = spectrum + yb * stride;
        for (int k = 0; k < f->columns; k++) {
            const float *p = z + (int64_t)k * LANES + l;
            const float *q = z + (int64_t)(k ? f->w - k : 0) * LANES + l;
            float pr = p[0], pi = p[plane], qr = q[0], qi = q[plane];
            a[2 * k] = 0.5f * (pr + qr);
            a[2 * k + 1] = 0.5f * (pi - qi);
            if (yb >= f->h) continue;
            b[2 * k] = 0.5f * (pi + qi);
            b[2 * k + 1] = 0.5f * (qr - pr);
        }
    }
}

/* Pairs of rows in the next piece that begins at row y. */
static int row_pairs(const fvi_fft *f, int y) { return lanes((f->h - y + 1) / 2); }

void fvi_fft_forward(fvi_fft *f, const float *picture, float *spectrum) {
    for (int y = 0; y < f->h;) {
        int pairs = row_pairs(f, y);
        rows_in(f, picture, y, pairs);
        rows_spectra(f, fvi_fft_line_run(f->row, 0, f->x, f->y), y, pairs, spectrum);
        y += 2 * pairs;
    }
    columns_run(f, 0, spectrum, spectrum);
}

/* Lines z = a + i b of two rows' spectra, the other half from their symmetry; what has its
 * conjugate in the same place (k = 0, k = w/2) has no imaginary part. */
static void rows_from_spectra(fvi_fft *f, const float *spectrum, int first, int pairs) {
    int64_t plane = (int64_t)f->w * LANES, stride = 2 * (int64_t)f->columns;
    static const float zero[2] = {0, 0};
    for (int l = 0; l < LANES; l++) {
        int ya = first + l, yb = ya + pairs, has_a = l < pairs, has_b = has_a && yb < f->h;
        for (int k = 0; k < f->columns; k++) {
            const float *a = has_a ? spectrum + ya * stride + 2 * k : zero;
            const float *b = has_b ? spectrum + yb * stride + 2 * k : zero;
            int alone = k == 0 || 2 * k == f->w;
            float ai = alone ? 0 : a[1], bi = alone ? 0 : b[1];
            float *p = f->x + (int64_t)k * LANES + l;
            p[0] = a[0] - bi;
            p[plane] = ai + b[0];
            if (alone) continue;
            float *q = f->x + (int64_t)(f->w - k) * LANES + l;
            q[0] = a[0] + bi;
            q[plane] = b[0] - ai;
        }
    }
}

static void rows_out(fvi_fft *f, const float *z, int first, int pairs, float *picture) {
    int64_t plane = (int64_t)f->w * LANES;
    float scale = 1.0f / ((float)f->h * (float)f->w);
    for (int half = 0; half < 2; half++)
        for (int l = 0; l < pairs; l++) {
            int y = first + half * pairs + l;
            if (y >= f->h) continue;
            const float *from = z + half * plane + l;
            float *to = picture + (int64_t)y * f->w;
            for (int x = 0; x < f->w; x++) to[x] = from[(int64_t)x * LANES] * scale;
        }
}

void fvi_fft_inverse(fvi_fft *f, const float *spectrum, float *picture) {
    columns_run(f, 1, spectrum, f->half);
    for (int y = 0; y < f->h;) {
        int pairs = row_pairs(f, y);
        rows_from_spectra(f, f->half, y, pairs);
        rows_out(f, fvi_fft_line_run(f->row, 1, f->x, f->y), y, pairs, picture);
        y += 2 * pairs;
    }
}

void fvi_fft_inverse_adjoint(fvi_fft *f, const float *dpicture, float *dspectrum) {
    fvi_fft_forward(f, dpicture, dspectrum);
    float once = 1.0f / ((float)f->h * (float)f->w), twice = 2 * once;
    for (int y = 0; y < f->h; y++) {
        float *d = dspectrum + 2 * (int64_t)y * f->columns;
        for (int k = 0; k < f->columns; k++) {
            float weight = k == 0 || 2 * k == f->w ? once : twice;
            d[2 * k] *= weight;
            d[2 * k + 1] *= weight;
        }
    }
}
