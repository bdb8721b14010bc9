/* SPDX-License-Identifier: Apache-2.0 */
/* fft_line: mixed-radix Fourier transforms of many lines at once.
 *
 * Stockham's self-sorting scheme, decimation in frequency: with n = p q, s the product of the
 * radices already done, and W = exp(-2 pi i / n), y[p k + j] = W^(j k) * sum over r of x[k + q r]
 * exp(-2 pi i j r / p),   k < q, j < p, each "number" being s * LANES numbers that lie together and
 * share their twiddle. So all loops run along memory without a shuffle and become vector
 * instructions; nothing is sorted afterwards.
 *
 * Radix 4 and 2 are written out; an odd radix p is a small transform by its definition, halved by
 * the symmetry of cosine and sine. A length with a large prime factor p therefore takes time in
 * proportion to p: 227 points take five times as long as 224.
 *
 * Why not a library: those with a licence we can ship under that also come in packages have scalar
 * code and slow paths for factors above 5; kissfft 131 needs 1.4 ms for a plane of 224 x 224
 * (224 = 32 * 7) where this takes 0.13 to 0.15.
 *
 * Source: Stockham, "High-speed convolution and correlation", AFIPS 1966; the formulation of Van
 * Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7.
 */
#include "vis/fft_line.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/eight.h"
#include "base/error.h"

#define LANES     FVI_FFT_LANES
#define CHUNK     8 /* lanes an odd radix works on at a time: its sums stay in registers */
#define MAX_STAGE 32
#define PI        3.14159265358979323846

typedef struct stage {
    int radix, q, s;      /* x[k + q r] -> y[radix k + j], k < q; s numbers lie together */
    const float *twiddle; /* [q][radix - 1] of (re, im): W^(j k), j = 1.. */
    const float *root;    /* odd radix: [radix] of (cos, sin) of 2 pi i / radix */
} stage;

struct fvi_fft_line {
    int n, count;
    stage stages[MAX_STAGE];
    int largest;  /* odd radix */
    float *table; /* all twiddles and roots */
};

/* The next factor to take out of n: 4, then 2, then the smallest odd prime. */
static int next_factor(int n) {
    if (n % 4 == 0) return 4;
    if (n % 2 == 0) return 2;
    for (int p = 3; (int64_t)p * p <= n; p += 2)
        if (n % p == 0) return p;
    return n;
}

/* Fills (cos, sin) of -2 pi j k / n, j = 1..p-1, k = 0..q-1. */
static float *fill_twiddles(float *t, int n, int p) {
    for (int k = 0; k < n / p; k++)
        for (int j = 1; j < p; j++, t += 2) {
            double a = -2 * PI * (double)((int64_t)j * k % n) / n;
            t[0] = (float)cos(a);
            t[1] = (float)sin(a);
        }
    return t;
}

/* Splits n into stages; returns how many floats of tables they need. */
static int64_t split(fvi_fft_line *f) {
    int64_t floats = 0;
    int s = 1;
    f->largest = 1;
    for (int n = f->n; n > 1;) {
        int p = next_factor(n);
        stage *g = &f->stages[f->count++];
        *g = (stage){.radix = p, .q = n / p, .s = s};
        floats += 2 * (int64_t)(n - n / p) + (p % 2 ? 2 * (int64_t)p : 0);
        if (p % 2 && p > f->largest) f->largest = p;
        s *= p;
        n /= p;
    }
    return floats;
}

fv_status fvi_fft_line_new(int n, fvi_fft_line **out, fv_error *err) {
    fvi_fft_line *f = calloc(1, sizeof *f);
    if (!f) return fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform of %d points", n);
    f->n = n;
    int64_t floats = split(f);
    f->table = malloc(((size_t)floats + 1) * sizeof *f->table);
    if (!f->table) {
        fvi_fft_line_free(f);
        return fvi_fail(err, FV_NOMEM, "no memory for a Fourier transform of %d points", n);
    }
    float *t = f->table;
    for (int i = 0; i < f->count; i++) {
        stage *g = &f->stages[i];
        g->twiddle = t;
        t = fill_twiddles(t, g->radix * g->q, g->radix);
        g->root = t;
        for (int r = 0; g->radix % 2 && r < g->radix; r++, t += 2) {
            t[0] = (float)cos(2 * PI * r / g->radix);
            t[1] = (float)sin(2 * PI * r / g->radix);
        }
    }
    *out = f;
    return FV_OK;
}

void fvi_fft_line_free(fvi_fft_line *f) {
    if (!f) return;
    free(f->table);
    free(f);
}

/* [4][largest / 2][CHUNK] of odd radices. */
size_t fvi_fft_line_room(const fvi_fft_line *f) { return (size_t)(f->largest + 1) * 2 * CHUNK; }
size_t fvi_fft_line_most_room(int n) { return (size_t)(n + 1) * 2 * CHUNK; }

/* The numbers x[k + q r] or y[p k + j] begin at these places; `imag` is the way from a real to its
 * imaginary part. */
typedef struct ends {
    const float *x; /* real parts; stride q * run from r to r + 1 */
    float *y;       /* real parts; stride run from j to j + 1 */
    int64_t step, run;
    int64_t xi, yi; /* offsets of the imaginary parts */
} ends;

FVI_INLINE void radix2(const ends *e, const float *w) {
    const float *restrict ar = e->x, *restrict ai = ar + e->xi;
    const float *restrict br = ar + e->step, *restrict bi = ai + e->step;
    float *restrict cr = e->y, *restrict ci = cr + e->yi;
    float *restrict dr = cr + e->run, *restrict di = ci + e->run;
    float wr = w[0], wi = w[1];
#pragma omp simd
    for (int64_t t = 0; t < e->run; t++) {
        float xr = ar[t] - br[t], xi = ai[t] - bi[t];
        cr[t] = ar[t] + br[t];
        ci[t] = ai[t] + bi[t];
        dr[t] = xr * wr - xi * wi;
        di[t] = xr * wi + xi * wr;
    }
}

FVI_INLINE void radix4(const ends *e, const float *w) {
    const float *restrict x0r = e->x, *restrict x0i = x0r + e->xi;
    const float *restrict x1r = x0r + e->step, *restrict x1i = x0i + e->step;
    const float *restrict x2r = x1r + e->step, *restrict x2i = x1i + e->step;
    const float *restrict x3r = x2r + e->step, *restrict x3i = x2i + e->step;
    float *restrict y0r = e->y, *restrict y0i = y0r + e->yi;
    float *restrict y1r = y0r + e->run, *restrict y1i = y0i + e->run;
    float *restrict y2r = y1r + e->run, *restrict y2i = y1i + e->run;
    float *restrict y3r = y2r + e->run, *restrict y3i = y2i + e->run;
    float w1r = w[0], w1i = w[1], w2r = w[2], w2i = w[3], w3r = w[4], w3i = w[5];
#pragma omp simd
    for (int64_t t = 0; t < e->run; t++) {
        float ar = x0r[t] + x2r[t], ai = x0i[t] + x2i[t], br = x0r[t] - x2r[t];
        float bi = x0i[t] - x2i[t], cr = x1r[t] + x3r[t], ci = x1i[t] + x3i[t];
        float dr = x1i[t] - x3i[t], di = x3r[t] - x1r[t]; /* -i (x1 - x3) */
        float pr = br + dr, pi = bi + di, qr = ar - cr, qi = ai - ci, sr = br - dr, si = bi - di;
        y0r[t] = ar + cr;
        y0i[t] = ai + ci;
        y1r[t] = pr * w1r - pi * w1i;
        y1i[t] = pr * w1i + pi * w1r;
        y2r[t] = qr * w2r - qi * w2i;
        y2i[t] = qr * w2i + qi * w2r;
        y3r[t] = sr * w3r - si * w3i;
        y3i[t] = sr * w3i + si * w3r;
    }
}

FVI_INLINE const fvi_eight *at(const float *p) { return (const fvi_eight *)p; }
FVI_INLINE fvi_eight *to(float *p) { return (fvi_eight *)p; }

/* The sums of an odd radix p over CHUNK lanes: work [p/2][4] has x[r] + x[p-r] and x[r] - x[p-r],
 * r = 1..p/2; their total is y[0]. */
FVI_INLINE void odd_pairs(const ends *e, int p, int64_t t, fvi_eight *work) {
    const float *x = e->x + t;
    fvi_eight re = *at(x), im = *at(x + e->xi);
    for (int r = 1; r <= p / 2; r++, work += 4) {
        const float *a = x + e->step * r, *b = x + e->step * (p - r);
        const fvi_eight ar = *at(a), ai = *at(a + e->xi), br = *at(b), bi = *at(b + e->xi);
        work[0] = ar + br;
        work[1] = ai + bi;
        work[2] = ar - br;
        work[3] = ai - bi;
        re += ar + br;
        im += ai + bi;
    }
    *to(e->y + t) = re;
    *to(e->y + t + e->yi) = im;
}

/* y[j] and y[p-j] = x[0] + sum of pairs * cos -+ i sum of differences * sin, times their twiddles.
 */
FVI_INLINE void odd_outputs(const ends *e, const float *root, int p, int j, int64_t t,
                            const float *w, const fvi_eight *work) {
    const float *x = e->x + t, *v = w + 2 * (j - 1), *u = w + 2 * (p - j - 1);
    const float vr = v[0], vi = v[1], ur = u[0], ui = u[1];
    fvi_eight cr = *at(x), ci = *at(x + e->xi), dr = {0}, di = {0};
    for (int r = 1, k = j; r <= p / 2; r++, work += 4) {
        const float c = root[2 * k], s = root[2 * k + 1];
        cr += work[0] * c;
        ci += work[1] * c;
        dr += work[2] * s;
        di += work[3] * s;
        k = k + j < p ? k + j : k + j - p;
    }
    const fvi_eight ar = cr + di, ai = ci - dr, br = cr - di, bi = ci + dr;
    float *a = e->y + e->run * j + t, *b = e->y + e->run * (p - j) + t;
    *to(a) = ar * vr - ai * vi;
    *to(a + e->yi) = ar * vi + ai * vr;
    *to(b) = br * ur - bi * ui;
    *to(b + e->yi) = br * ui + bi * ur;
}

FVI_INLINE void radix_odd(const ends *e, const stage *g, int p, const float *w, float *work) {
    for (int64_t t = 0; t < e->run; t += CHUNK) {
        odd_pairs(e, p, t, (fvi_eight *)work);
        for (int j = 1; j <= p / 2; j++)
            odd_outputs(e, g->root, p, j, t, w, (const fvi_eight *)work);
    }
}

/* One stage from (xr, xi) to (yr, yi); the imaginary part lies xi - xr away. */
FVI_WIDE static void run_stage(const stage *g, const float *x, int64_t xi, float *y, int64_t yi,
                               float *work) {
    int64_t run = (int64_t)g->s * LANES;
    for (int k = 0; k < g->q; k++) {
        const float *w = g->twiddle + (int64_t)k * (g->radix - 1) * 2;
        ends e = {x + k * run, y + (int64_t)k * g->radix * run, g->q * run, run, xi, yi};
        if (g->radix == 4)
            radix4(&e, w);
        else if (g->radix == 2)
            radix2(&e, w);
        else if (g->radix == 3) /* known radices are unrolled */
            radix_odd(&e, g, 3, w, work);
        else if (g->radix == 5)
            radix_odd(&e, g, 5, w, work);
        else if (g->radix == 7)
            radix_odd(&e, g, 7, w, work);
        else
            radix_odd(&e, g, g->radix, w, work);
    }
}

float *fvi_fft_line_run(const fvi_fft_line *f, int inverse, float *x, float *y, float *room) {
    /* The inverse is the forward transform with the parts exchanged, before and after. */
    int64_t plane = fvi_fft_plane(f->n), first = inverse ? plane : 0;
    int64_t imag = inverse ? -plane : plane;
    for (int i = 0; i < f->count; i++) {
        run_stage(&f->stages[i], x + first, imag, y + first, imag, room);
        float *swap = x;
        x = y;
        y = swap;
    }
    return x;
}
