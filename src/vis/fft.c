/* SPDX-License-Identifier: Apache-2.0 */
/* fft: two-dimensional Fourier transforms of real pictures, with half spectra.
 *
 * Rows first, two rows a complex line (one as its real, one as its imaginary part: their spectra
 * are the Hermitian and the anti-Hermitian half of the line's), then the w/2 + 1 columns. The
 * inverse goes the other way. Lines are transformed FVI_FFT_LANES at a time, side by side; several
 * threads take such pieces in turn, those of all planes, each with room of its own.
 *
 * The inverse's adjoint is the forward transform over h * w, with columns that stand for two
 * (their own and their conjugate's) counted twice.
 */
#include "vis/fft.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "vis/fft_line.h"

#define LANES FVI_FFT_LANES

struct fvi_fft {
    int h, w, columns;    /* columns = w / 2 + 1 */
    fvi_fft_line *row;    /* w points */
    fvi_fft_line *column; /* h points */
    float *half;          /* [planes][h][columns] of (re, im) */
    int planes, threads;
    size_t each; /* floats of one thread in `rooms` */
    float *rooms;
};

/* What one thread works with. */
typedef struct room {
    float *x, *y; /* [2][fvi_fft_plane(max(h, w))] each */
    float *line;  /* of the lines */
} room;

static size_t line_floats(const fvi_fft *f) {
    return 2 * (size_t)fvi_fft_plane(f->h > f->w ? f->h : f->w);
}

/* The calling thread's. */
static room room_of(const fvi_fft *f) {
    float *at = f->rooms + (size_t)omp_get_thread_num() * f->each;
    return (room){at, at + line_floats(f), at + 2 * line_floats(f)};
}

fv_status fvi_fft_new(int h, int w, int planes, fvi_fft **out, fv_error *err) {
    if (h < 1 || w < 1)
        return fvi_fail(err, FV_ARG, "a Fourier transform of %d x %d: sizes are at least 1", h, w);
    fvi_fft *f = calloc(1, sizeof *f);
    if (!f) return fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform");
    f->h = h;
    f->w = w;
    f->columns = w / 2 + 1;
    f->planes = planes;
    f->threads = omp_get_max_threads();
    fv_status st = fvi_fft_line_new(w, &f->row, err);
    if (!st) st = fvi_fft_line_new(h, &f->column, err);
    if (st) goto done;
    size_t row = fvi_fft_line_room(f->row), column = fvi_fft_line_room(f->column);
    f->each = 2 * line_floats(f) + (row > column ? row : column);
    f->rooms = malloc((size_t)f->threads * f->each * sizeof *f->rooms);
    f->half = malloc((size_t)planes * (size_t)h * (size_t)f->columns * 2 * sizeof *f->half);
    if (!f->rooms || !f->half)
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
    free(f->rooms);
    free(f->half);
    free(f);
}

/* The tables of a line of n points, twiddles and roots, hold at most 4 n numbers. */
size_t fvi_fft_bytes(int h, int w, int planes) {
    const size_t longest = (size_t)(h > w ? h : w);
    const size_t half = (size_t)planes * (size_t)h * ((size_t)w / 2 + 1) * 2;
    const size_t each = 2 * longest * 2 * LANES + fvi_fft_line_most_room((int)longest);
    return ((size_t)omp_get_max_threads() * each + half + 8 * longest) * sizeof(float) +
           sizeof(fvi_fft);
}

float *fvi_fft_room(fvi_fft *f) { return f->half; }

/* As many as may run now and have a room. */
static int threads_of(const fvi_fft *f, int planes) {
    int most = omp_get_max_threads();
    if ((int64_t)planes * f->h * f->w <= FVI_PARALLEL_MIN) return 1;
    return most < f->threads ? most : f->threads;
}

/* How many of `left` fit side by side. */
static int lanes(int left) { return left < LANES ? left : LANES; }

/* LANES columns from c on, of from [h][columns] into to, which may be the same; what comes out is
 * times `once`, or `twice` in columns that stand for their conjugate too. */
FVI_WIDE static void columns_at(const fvi_fft *f, room r, int inverse, int c, const float *from,
                                float *to, float once, float twice) {
    int64_t stride = 2 * (int64_t)f->columns, plane = fvi_fft_plane(f->h);
    int n = lanes(f->columns - c);
    if (n < LANES) memset(r.x, 0, (size_t)plane * 2 * sizeof *r.x);
    for (int y = 0; y < f->h; y++) {
        const float *in = from + y * stride + 2 * c;
        float *re = r.x + (int64_t)y * LANES, *im = re + plane;
        for (int l = 0; l < n; l++) {
            re[l] = in[2 * l];
            im[l] = in[2 * l + 1];
        }
    }
    const float *result = fvi_fft_line_run(f->column, inverse, r.x, r.y, r.line);
    float weight[LANES];
    for (int l = 0; l < LANES; l++) weight[l] = c + l == 0 || 2 * (c + l) == f->w ? once : twice;
    for (int y = 0; y < f->h; y++) {
        const float *re = result + (int64_t)y * LANES, *im = re + plane;
        float *out = to + y * stride + 2 * c;
        for (int l = 0; l < n; l++) {
            out[2 * l] = re[l] * weight[l];
            out[2 * l + 1] = im[l] * weight[l];
        }
    }
}

/* All columns: a share of the team's that comes here. */
static void columns_run(const fvi_fft *f, int planes, int inverse, const float *from, float *to,
                        float once, float twice) {
    const int pieces = (f->columns + LANES - 1) / LANES;
    const int64_t half = (int64_t)f->h * f->columns * 2;
#pragma omp for schedule(static)
    for (int64_t i = 0; i < (int64_t)planes * pieces; i++)
        columns_at(f, room_of(f), inverse, (int)(i % pieces) * LANES, from + i / pieces * half,
                   to + i / pieces * half, once, twice);
}

/* Rows y, y+1, ... of the picture, `pairs` pairs of them, as lanes: lane l is row y + l with row
 * y + pairs + l as its imaginary part (zeros where there is none). */
FVI_WIDE static void rows_in(const fvi_fft *f, room r, const float *picture, int first, int pairs) {
    int64_t plane = fvi_fft_plane(f->w);
    for (int half = 0; half < 2; half++)
        for (int l = 0; l < LANES; l++) {
            int y = first + half * pairs + l;
            float *to = r.x + half * plane + l;
            if (l < pairs && y < f->h)
                for (int x = 0; x < f->w; x++)
                    to[(int64_t)x * LANES] = picture[(int64_t)y * f->w + x];
            else
                for (int x = 0; x < f->w; x++) to[(int64_t)x * LANES] = 0;
        }
}

/* The spectra of the two rows of each lane, from the lane's spectrum z:
 * a[k] = (z[k] + conj z[w-k]) / 2, b[k] = (z[k] - conj z[w-k]) / 2i. */
FVI_WIDE static void rows_spectra(const fvi_fft *f, const float *z, int first, int pairs,
                                  float *spectrum) {
    int64_t plane = fvi_fft_plane(f->w), stride = 2 * (int64_t)f->columns;
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

/* Pieces of rows in a plane. */
static int row_pieces(const fvi_fft *f) { return (f->h + 2 * LANES - 1) / (2 * LANES); }

/* Forward, times `once` or `twice`. */
static void forward(const fvi_fft *f, int planes, const float *picture, float *spectrum, float once,
                    float twice) {
    const int pieces = row_pieces(f);
    const int64_t half = (int64_t)f->h * f->columns * 2, plane = (int64_t)f->h * f->w;
#pragma omp parallel num_threads(threads_of(f, planes))
    {
#pragma omp for schedule(static)
        for (int64_t i = 0; i < (int64_t)planes * pieces; i++) {
            const int y = (int)(i % pieces) * 2 * LANES, pairs = row_pairs(f, y);
            const room r = room_of(f);
            rows_in(f, r, picture + i / pieces * plane, y, pairs);
            rows_spectra(f, fvi_fft_line_run(f->row, 0, r.x, r.y, r.line), y, pairs,
                         spectrum + i / pieces * half);
        }
        columns_run(f, planes, 0, spectrum, spectrum, once, twice);
    }
}

void fvi_fft_forward(fvi_fft *f, int planes, const float *picture, float *spectrum) {
    forward(f, planes, picture, spectrum, 1, 1);
}

/* Lines z = a + i b of two rows' spectra, the other half from their symmetry; what has its
 * conjugate in the same place (k = 0, k = w/2) has no imaginary part. */
FVI_WIDE static void rows_from_spectra(const fvi_fft *f, room r, const float *spectrum, int first,
                                       int pairs) {
    int64_t plane = fvi_fft_plane(f->w), stride = 2 * (int64_t)f->columns;
    static const float zero[2] = {0, 0};
    for (int l = 0; l < LANES; l++) {
        int ya = first + l, yb = ya + pairs, has_a = l < pairs, has_b = has_a && yb < f->h;
        for (int k = 0; k < f->columns; k++) {
            const float *a = has_a ? spectrum + ya * stride + 2 * k : zero;
            const float *b = has_b ? spectrum + yb * stride + 2 * k : zero;
            int alone = k == 0 || 2 * k == f->w;
            float ai = alone ? 0 : a[1], bi = alone ? 0 : b[1];
            float *p = r.x + (int64_t)k * LANES + l;
            p[0] = a[0] - bi;
            p[plane] = ai + b[0];
            if (alone) continue;
            float *q = r.x + (int64_t)(f->w - k) * LANES + l;
            q[0] = a[0] + bi;
            q[plane] = b[0] - ai;
        }
    }
}

FVI_WIDE static void rows_out(const fvi_fft *f, const float *z, int first, int pairs,
                              float *picture) {
    int64_t plane = fvi_fft_plane(f->w);
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

void fvi_fft_inverse(fvi_fft *f, int planes, const float *spectrum, float *picture) {
    const int pieces = row_pieces(f);
    const int64_t half = (int64_t)f->h * f->columns * 2, plane = (int64_t)f->h * f->w;
#pragma omp parallel num_threads(threads_of(f, planes))
    {
        columns_run(f, planes, 1, spectrum, f->half, 1, 1);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < (int64_t)planes * pieces; i++) {
            const int y = (int)(i % pieces) * 2 * LANES, pairs = row_pairs(f, y);
            const room r = room_of(f);
            rows_from_spectra(f, r, f->half + i / pieces * half, y, pairs);
            rows_out(f, fvi_fft_line_run(f->row, 1, r.x, r.y, r.line), y, pairs,
                     picture + i / pieces * plane);
        }
    }
}

void fvi_fft_inverse_adjoint(fvi_fft *f, int planes, const float *dpicture, float *dspectrum) {
    const float once = 1.0f / ((float)f->h * (float)f->w);
    forward(f, planes, dpicture, dspectrum, once, 2 * once);
}
