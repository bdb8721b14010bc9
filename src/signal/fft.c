/* SPDX-License-Identifier: Apache-2.0 */
/* fft: two-dimensional Fourier transforms of real pictures, with half spectra.
 *
 * Rows first, two rows as one complex line (its real and imaginary parts; their spectra are the
 * Hermitian and the anti-Hermitian half of the line's), then the w/2 + 1 columns. The inverse goes
 * the other way. Lines are transformed LANES at a time, one in each lane of a vector; rows of
 * memory are brought into that form by transposing LANES x LANES numbers in registers. Between the
 * two passes, spectra of rows are stored in pieces of LANES columns, the form in which columns are
 * transformed. Threads share the pieces, each with its own scratch memory.
 *
 * The adjoint of the inverse is the forward transform over h * w, with columns that also represent
 * their conjugates counted twice.
 */
#include "signal/fft.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/large_alloc.h"
#include "base/simd.h"
#include "signal/fft_line.h"

#define LANES FVI_FFT_LANES

struct fvi_fft {
    int h, w, columns;    /* columns = w / 2 + 1 */
    fvi_fft_line *row;    /* w points */
    fvi_fft_line *column; /* h points */
    int64_t piece;        /* numbers of LANES columns: 2 fvi_fft_plane(h) */
    int pieces;           /* of columns, the last one padded */
    float *half;          /* [planes][pieces][piece] */
    int threads;
    size_t rows, each; /* floats of one thread's rows, and of all its scratch memory */
    float *rooms;      /* [threads][each], followed by `half`; all aligned to vectors */
};

/* Scratch memory of one thread. */
typedef struct room {
    float *x, *y; /* [2][fvi_fft_plane(max(h, w))] each */
    float *line;  /* for fvi_fft_line_run */
    float *rows;  /* [planes][2 LANES][w] */
} room;

static size_t line_floats(int h, int w) { return 2 * (size_t)fvi_fft_plane(h > w ? h : w); }
static size_t row_floats(int w, int planes) { return (size_t)planes * 2 * LANES * (size_t)w; }
static int column_pieces(int w) { return w / 2 / LANES + 1; }

/* The calling thread's scratch memory. */
static room room_of(const fvi_fft *f) {
    const size_t line = line_floats(f->h, f->w);
    float *at = f->rooms + (size_t)omp_get_thread_num() * f->each;
    return (room){at, at + line, at + 2 * line, at + f->each - f->rows};
}

fv_status fvi_fft_new(int h, int w, int planes, fvi_fft **out, fv_error *err) {
    if (h < 1 || w < 1)
        return fvi_fail(err, FV_ARG, "a Fourier transform of %d x %d: sizes are at least 1", h, w);
    fvi_fft *f = calloc(1, sizeof *f);
    if (!f) return fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform");
    f->h = h;
    f->w = w;
    f->columns = w / 2 + 1;
    f->piece = 2 * fvi_fft_plane(h);
    f->pieces = column_pieces(w);
    f->threads = omp_get_max_threads();
    fv_status st = fvi_fft_line_new(w, &f->row, err);
    if (!st) st = fvi_fft_line_new(h, &f->column, err);
    if (st) goto done;
    size_t row = fvi_fft_line_room(f->row), column = fvi_fft_line_room(f->column);
    f->rows = row_floats(w, planes);
    f->each = 2 * line_floats(h, w) + (row > column ? row : column) + f->rows;
    const size_t half = (size_t)planes * (size_t)f->pieces * (size_t)f->piece;
    f->rooms = fvi_large_alloc(((size_t)f->threads * f->each + half) * sizeof *f->rooms);
    if (f->rooms)
        f->half = f->rooms + (size_t)f->threads * f->each;
    else
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
    free(f);
}

/* The tables of a line of n points, twiddles and roots, hold at most 4 n numbers. */
size_t fvi_fft_bytes(int h, int w, int planes) {
    const int longest = h > w ? h : w;
    const size_t half = (size_t)planes * (size_t)column_pieces(w) * 2 * (size_t)fvi_fft_plane(h);
    const size_t each =
        2 * line_floats(h, w) + fvi_fft_line_most_room(longest) + row_floats(w, planes);
    return ((size_t)omp_get_max_threads() * each + half + 8 * (size_t)longest) * sizeof(float) +
           sizeof(fvi_fft);
}

/* Threads to use: those available now that have scratch memory. */
static int threads_of(const fvi_fft *f, int planes) {
    int most = omp_get_max_threads();
    if ((int64_t)planes * f->h * f->w <= FVI_PARALLEL_MIN) return 1;
    return most < f->threads ? most : f->threads;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* A piece of rows of a plane: lane l has row first + l as its real part and row first + pairs + l
 * as its imaginary part. */
typedef struct rows {
    int first, pairs;
    int count[2]; /* rows that are real, and imaginary, parts */
} rows;

static rows rows_of(const fvi_fft *f, int piece) {
    const int first = piece * 2 * LANES, left = f->h - first;
    const int pairs = left < 2 * LANES ? (left + 1) / 2 : LANES;
    return (rows){first, pairs, {pairs, left - pairs < pairs ? left - pairs : pairs}};
}

/* Pieces of rows in a plane. */
static int row_pieces(const fvi_fft *f) { return (f->h + 2 * LANES - 1) / (2 * LANES); }

/* to [x][LANES] = n rows of w numbers, `apart` apart, as lanes; missing rows are zeros. */
FVI_INLINE void to_lanes(const float *from, int64_t apart, int n, int w, float *to) {
    int x = 0;
    for (; n == LANES && x + LANES <= w; x += LANES)
        fvi_f32x8_transpose(from + x, apart, to + x * LANES, LANES);
    for (; x < w; x++)
        for (int l = 0; l < LANES; l++) to[x * LANES + l] = l < n ? from[l * apart + x] : 0;
}

/* The inverse. */
FVI_INLINE void from_lanes(const float *from, int n, int w, float *to, int64_t apart) {
    int x = 0;
    for (; n == LANES && x + LANES <= w; x += LANES)
        fvi_f32x8_transpose(from + x * LANES, LANES, to + x, apart);
    for (; x < w; x++)
        for (int l = 0; l < n; l++) to[l * apart + x] = from[x * LANES + l];
}

/* from, to [rows][w] */
FVI_WIDE static void rows_in(const fvi_fft *f, rows r, const float *from, float *z) {
    for (int part = 0; part < 2; part++)
        to_lanes(from + (int64_t)part * r.pairs * f->w, f->w, r.count[part], f->w,
                 z + part * fvi_fft_plane(f->w));
}

FVI_WIDE static void rows_out(const fvi_fft *f, rows r, const float *z, float *to) {
    for (int part = 0; part < 2; part++)
        from_lanes(z + part * fvi_fft_plane(f->w), r.count[part], f->w,
                   to + (int64_t)part * r.pairs * f->w, f->w);
}

FVI_INLINE fvi_f32x8 *at(float *p) { return (fvi_f32x8 *)p; }

/* The spectra of the two rows of each lane, from the lane's spectrum z:
 * a[k] = (z[k] + conj z[w-k]) / 2, b[k] = (z[k] - conj z[w-k]) / 2i. Written to `half`
 * [pieces][piece], times `once`, or `twice` in columns that also represent their conjugates. */
FVI_WIDE static void rows_spectra(const fvi_fft *f, rows r, float *z, float *half, float once,
                                  float twice) {
    const int64_t imag = fvi_fft_plane(f->w), down = fvi_fft_plane(f->h);
    float lanes[2][2][LANES * LANES]; /* a and b, re and im: [k][lane] */
    for (int k0 = 0; k0 < f->columns; k0 += LANES, half += f->piece) {
        const int n = f->columns - k0 < LANES ? f->columns - k0 : LANES;
        if (n < LANES) memset(lanes, 0, sizeof lanes);
        for (int i = 0; i < n; i++) {
            const int k = k0 + i;
            const float weight = 0.5f * (k == 0 || 2 * k == f->w ? once : twice);
            float *p = z + k * LANES, *q = z + (k ? f->w - k : 0) * LANES;
            const fvi_f32x8 pr = *at(p), pi = *at(p + imag), qr = *at(q), qi = *at(q + imag);
            *at(lanes[0][0] + i * LANES) = (pr + qr) * weight;
            *at(lanes[0][1] + i * LANES) = (pi - qi) * weight;
            *at(lanes[1][0] + i * LANES) = (pi + qi) * weight;
            *at(lanes[1][1] + i * LANES) = (qr - pr) * weight;
        }
        for (int part = 0; part < 2; part++) {
            float *to = half + (r.first + part * r.pairs) * LANES;
            from_lanes(lanes[part][0], r.count[part], LANES, to, LANES);
            from_lanes(lanes[part][1], r.count[part], LANES, to + down, LANES);
        }
    }
}

/* Lines z = a + i b, times `scale`, from two rows' spectra, with the other half by symmetry;
 * entries that are their own conjugates (k = 0, k = w/2) have no imaginary part. */
FVI_WIDE static void rows_from_spectra(const fvi_fft *f, rows r, const float *half, float scale,
                                       float *z) {
    const int64_t imag = fvi_fft_plane(f->w), down = fvi_fft_plane(f->h);
    float lanes[2][2][LANES * LANES];
    for (int k0 = 0; k0 < f->columns; k0 += LANES, half += f->piece) {
        for (int part = 0; part < 2; part++) {
            const float *from = half + (r.first + part * r.pairs) * LANES;
            to_lanes(from, LANES, r.count[part], LANES, lanes[part][0]);
            to_lanes(from + down, LANES, r.count[part], LANES, lanes[part][1]);
        }
        for (int i = 0; i < LANES && k0 + i < f->columns; i++) {
            const int k = k0 + i, alone = k == 0 || 2 * k == f->w;
            const fvi_f32x8 ar = *at(lanes[0][0] + i * LANES) * scale;
            const fvi_f32x8 ai = *at(lanes[0][1] + i * LANES) * (alone ? 0 : scale);
            const fvi_f32x8 br = *at(lanes[1][0] + i * LANES) * scale;
            const fvi_f32x8 bi = *at(lanes[1][1] + i * LANES) * (alone ? 0 : scale);
            float *p = z + k * LANES, *q = z + (f->w - k) * LANES;
            *at(p) = ar - bi;
            *at(p + imag) = ai + br;
            if (alone) continue;
            *at(q) = ar + bi;
            *at(q + imag) = br - ai;
        }
    }
}

/* ---- both directions ------------------------------------------------------------------------ */

/* The first frequency of a piece of columns, and how many columns it has. */
static int64_t first_of(const fvi_fft *f, int64_t piece, int *n) {
    const int c = (int)(piece % f->pieces) * LANES;
    *n = f->columns - c < LANES ? f->columns - c : LANES;
    return piece / f->pieces * f->h * f->columns + c;
}

/* Frequencies are multiplied by `once`, or `twice`. */
static void forward(const fvi_fft *f, int planes, const fvi_fft_ends *ends, float once,
                    float twice) {
    const int64_t half = f->pieces * f->piece, imag = fvi_fft_plane(f->h);
#pragma omp parallel num_threads(threads_of(f, planes))
    {
        const room own = room_of(f);
#pragma omp for schedule(static)
        for (int i = 0; i < row_pieces(f); i++) {
            const rows r = rows_of(f, i);
            const int64_t n = (int64_t)(r.count[0] + r.count[1]) * f->w;
            ends->pixels(ends->user, (int64_t)r.first * f->w, n, own.rows);
            for (int c = 0; c < planes; c++) {
                rows_in(f, r, own.rows + c * n, own.x);
                rows_spectra(f, r, fvi_fft_line_run(f->row, 0, own.x, own.y, own.line),
                             f->half + c * half, once, twice);
            }
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < (int64_t)planes * f->pieces; i++) {
            int n;
            const int64_t first = first_of(f, i, &n);
            float *x = fvi_fft_line_run(f->column, 0, f->half + i * f->piece, own.y, own.line);
            ends->spectrum(ends->user, first, n, x, x + imag);
        }
    }
}

void fvi_fft_inverse_with(fvi_fft *f, int planes, const fvi_fft_ends *ends) {
    const int64_t half = f->pieces * f->piece, imag = fvi_fft_plane(f->h);
    const float scale = 1.0f / ((float)f->h * (float)f->w);
    const int crosses = fvi_fft_line_crosses(f->column);
#pragma omp parallel num_threads(threads_of(f, planes))
    {
        const room own = room_of(f);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < (int64_t)planes * f->pieces; i++) {
            int n;
            const int64_t first = first_of(f, i, &n);
            float *x = f->half + i * f->piece, *y = own.y;
            if (crosses) { /* so that the result is in place */
                y = x;
                x = own.y;
            }
            if (n < LANES) memset(x, 0, (size_t)f->piece * sizeof *x);
            ends->spectrum(ends->user, first, n, x, x + imag);
            fvi_fft_line_run(f->column, 1, x, y, own.line);
        }
#pragma omp for schedule(static)
        for (int i = 0; i < row_pieces(f); i++) {
            const rows r = rows_of(f, i);
            const int64_t n = (int64_t)(r.count[0] + r.count[1]) * f->w;
            for (int c = 0; c < planes; c++) {
                rows_from_spectra(f, r, f->half + c * half, scale, own.x);
                rows_out(f, r, fvi_fft_line_run(f->row, 1, own.x, own.y, own.line),
                         own.rows + c * n);
            }
            ends->pixels(ends->user, (int64_t)r.first * f->w, n, own.rows);
        }
    }
}

void fvi_fft_inverse_adjoint_with(fvi_fft *f, int planes, const fvi_fft_ends *ends) {
    const float once = 1.0f / ((float)f->h * (float)f->w);
    forward(f, planes, ends, once, 2 * once);
}

/* ---- pictures and spectra in memory -------------------------------------------------------- */

/* Callbacks that copy both from and to memory. */
typedef struct arrays {
    int h, columns, planes;
    int64_t plane;
    const float *from;
    float *to;
} arrays;

FVI_WIDE static void load(void *user, int64_t first, int n, float *re, float *im) {
    const arrays *a = user;
    for (int y = 0; y < a->h; y++, re += LANES, im += LANES) {
        const float *p = a->from + 2 * (first + (int64_t)y * a->columns);
        for (int l = 0; l < n; l++) {
            re[l] = p[2 * l];
            im[l] = p[2 * l + 1];
        }
    }
}

FVI_WIDE static void store(void *user, int64_t first, int n, float *re, float *im) {
    const arrays *a = user;
    for (int y = 0; y < a->h; y++, re += LANES, im += LANES) {
        float *p = a->to + 2 * (first + (int64_t)y * a->columns);
        for (int l = 0; l < n; l++) {
            p[2 * l] = re[l];
            p[2 * l + 1] = im[l];
        }
    }
}

static void load_rows(void *user, int64_t from, int64_t n, float *pixels) {
    const arrays *a = user;
    for (int c = 0; c < a->planes; c++)
        memcpy(pixels + c * n, a->from + c * a->plane + from, (size_t)n * sizeof *pixels);
}

static void store_rows(void *user, int64_t from, int64_t n, float *pixels) {
    const arrays *a = user;
    for (int c = 0; c < a->planes; c++)
        memcpy(a->to + c * a->plane + from, pixels + c * n, (size_t)n * sizeof *pixels);
}

static arrays arrays_of(const fvi_fft *f, int planes, const float *from, float *to) {
    return (arrays){f->h, f->columns, planes, (int64_t)f->h * f->w, from, to};
}

void fvi_fft_forward(fvi_fft *f, int planes, const float *picture, float *spectrum) {
    arrays a = arrays_of(f, planes, picture, spectrum);
    forward(f, planes, &(fvi_fft_ends){&a, store, load_rows}, 1, 1);
}

void fvi_fft_inverse(fvi_fft *f, int planes, const float *spectrum, float *picture) {
    arrays a = arrays_of(f, planes, spectrum, picture);
    fvi_fft_inverse_with(f, planes, &(fvi_fft_ends){&a, load, store_rows});
}

void fvi_fft_inverse_adjoint(fvi_fft *f, int planes, const float *dpicture, float *dspectrum) {
    arrays a = arrays_of(f, planes, dpicture, dspectrum);
    fvi_fft_inverse_adjoint_with(f, planes, &(fvi_fft_ends){&a, store, load_rows});
}
