/* SPDX-License-Identifier: Apache-2.0 */
/* fft_line: mixed-radix Fourier transforms of many lines at once.
 *
 * Stockham's self-sorting scheme, decimation in frequency: with n = p q, s the product of the
 * radices already done, and W = exp(-2 pi i / n), y[p k + j] = W^(j k) * sum over r of x[k + q r]
 * exp(-2 pi i j r / p),   k < q, j < p. Each "number" is s * LANES contiguous numbers that share
 * their twiddle. A vector has one point of LANES lines, so no shuffles are needed, nor a final
 * reordering.
 *
 * Radix 8, 4 and 2 are written out; an odd radix p is a small transform by its definition, halved
 * by the symmetry of cosine and sine. So the time of a length with a large prime factor p grows
 * with p.
 *
 * Why not a library: the packaged ones with a compatible licence have scalar code and slow paths
 * for factors above 5 (docs/performance.md).
 *
 * Source: Stockham, "High-speed convolution and correlation", AFIPS 1966; the formulation of Van
 * Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7.
 */
#include "signal/fft_line.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/simd.h"

#define LANES     FVI_FFT_LANES
#define MAX_STAGE 32
#define PI        3.14159265358979323846

typedef struct stage {
    int radix, q, s;      /* x[k + q r] -> y[radix k + j], k < q; s numbers are contiguous */
    const float *twiddle; /* [q][radix - 1] of (re, im): W^(j k), j = 1.. */
    const float *root;    /* odd radix: [radix] of (cos, sin) of 2 pi i / radix */
} stage;

struct fvi_fft_line {
    int n, count;
    stage stages[MAX_STAGE];
    int largest;  /* odd radix */
    float *table; /* all twiddles and roots */
};

/* The next radix for n: 8 or 4 while n is even, so that there are few stages and a 2 only if it is
 * the last power of two; then the smallest odd prime. */
static int next_factor(int n) {
    if (n % 8 == 0 && n % 32 != 16) return 8;
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

/* [4][largest / 2][LANES] of odd radices. */
size_t fvi_fft_line_room(const fvi_fft_line *f) { return (size_t)(f->largest + 1) * 2 * LANES; }
size_t fvi_fft_line_most_room(int n) { return (size_t)(n + 1) * 2 * LANES; }

int fvi_fft_line_crosses(const fvi_fft_line *f) { return f->count % 2; }

/* Inputs x[k + q r] and outputs y[p k + j] of one transform of p points, in LANES lines. */
typedef struct butterfly {
    const float *x; /* real parts; `step` from r to r + 1 */
    float *y;       /* real parts; `run` from j to j + 1 */
    int64_t step, run;
    int64_t xi, yi; /* offsets of the imaginary parts */
    const float *w; /* [p - 1] of (re, im): the twiddle of each y[j], j = 1.. */
    int last;       /* the last stage, whose twiddles are 1 */
} butterfly;

/* A complex number of each of LANES lines. */
typedef struct many {
    fvi_f32x8 re, im;
} many;

FVI_INLINE many take(const butterfly *e, int r) {
    const float *x = e->x + e->step * r;
    return (many){*(const fvi_f32x8 *)x, *(const fvi_f32x8 *)(x + e->xi)};
}
/* y[j] = a, times its twiddle. */
FVI_INLINE void put(const butterfly *e, int j, many a) {
    float *y = e->y + e->run * j;
    if (e->last || j == 0) {
        *(fvi_f32x8 *)y = a.re;
        *(fvi_f32x8 *)(y + e->yi) = a.im;
    } else {
        const float wr = e->w[2 * j - 2], wi = e->w[2 * j - 1];
        *(fvi_f32x8 *)y = a.re * wr - a.im * wi;
        *(fvi_f32x8 *)(y + e->yi) = a.re * wi + a.im * wr;
    }
}
FVI_INLINE many plus(many a, many b) { return (many){a.re + b.re, a.im + b.im}; }
FVI_INLINE many minus(many a, many b) { return (many){a.re - b.re, a.im - b.im}; }
/* -i a */
FVI_INLINE many back(many a) { return (many){a.im, -a.re}; }

FVI_INLINE void radix2(const butterfly *e) {
    const many a = take(e, 0), b = take(e, 1);
    put(e, 0, plus(a, b));
    put(e, 1, minus(a, b));
}

/* The four sums of a transform of four points, in order. */
FVI_INLINE void four(many *a, many *b, many *c, many *d) {
    const many s = plus(*a, *c), t = minus(*a, *c), u = plus(*b, *d), v = back(minus(*b, *d));
    *a = plus(s, u);
    *b = plus(t, v);
    *c = minus(s, u);
    *d = minus(t, v);
}

FVI_INLINE void radix4(const butterfly *e) {
    many a = take(e, 0), b = take(e, 1), c = take(e, 2), d = take(e, 3);
    four(&a, &b, &c, &d);
    put(e, 0, a);
    put(e, 1, b);
    put(e, 2, c);
    put(e, 3, d);
}

/* Even outputs are the transform of sums of numbers four apart, odd ones that of their differences
 * times powers of exp(-i pi / 4). */
FVI_INLINE void radix8(const butterfly *e) {
    const float half = 0.70710678f; /* sqrt(1/2) */
    many a = take(e, 0), b = take(e, 1), c = take(e, 2), d = take(e, 3);
    many f = take(e, 4), g = take(e, 5), h = take(e, 6), i = take(e, 7);
    many p = plus(a, f), q = plus(b, g), r = plus(c, h), s = plus(d, i);
    four(&p, &q, &r, &s);
    put(e, 0, p);
    put(e, 2, q);
    put(e, 4, r);
    put(e, 6, s);
    a = minus(a, f);
    b = minus(b, g);
    c = back(minus(c, h));
    d = minus(d, i);
    b = (many){(b.re + b.im) * half, (b.im - b.re) * half};  /* times exp(-i pi / 4) */
    d = (many){(d.im - d.re) * half, (d.re + d.im) * -half}; /* times exp(-3 i pi / 4) */
    four(&a, &b, &c, &d);
    put(e, 1, a);
    put(e, 3, b);
    put(e, 5, c);
    put(e, 7, d);
}

/* work [p / 2][2] = x[r] + x[p - r] and x[r] - x[p - r], r = 1..p / 2; y[0] is the sum of all. */
FVI_INLINE void odd_pairs(const butterfly *e, int p, many *work) {
    many sum = take(e, 0);
#pragma GCC unroll 8
    for (int r = 1; r <= p / 2; r++, work += 2) {
        const many a = take(e, r), b = take(e, p - r);
        work[0] = plus(a, b);
        work[1] = minus(a, b);
        sum = plus(sum, work[0]);
    }
    put(e, 0, sum);
}

/* c += a sum of work times cosine, d += a difference times sine. */
FVI_INLINE void add_pair(const many *work, const float *root, many *c, many *d) {
    c->re += work[0].re * root[0];
    c->im += work[0].im * root[0];
    d->re += work[1].re * root[1];
    d->im += work[1].im * root[1];
}

/* y[j] and y[p - j] = x[0] + sum of work's sums * cos -+ i sum of its differences * sin; and, if
 * `two`, those of j + 1, so that each number of `work` is read once for both. */
FVI_INLINE void odd_outputs(const butterfly *e, const float *root, int p, int j, int two,
                            const many *work) {
    const many zero = {{0}, {0}};
    many c = take(e, 0), d = zero, f = c, g = zero;
    int at = j, next = j + 1; /* j r and (j + 1) r modulo p */
#pragma GCC unroll 8
    for (int r = 1; r <= p / 2; r++, work += 2) {
        add_pair(work, root + 2 * at, &c, &d);
        if (two) add_pair(work, root + 2 * next, &f, &g);
        at = at + j < p ? at + j : at + j - p;
        next = next + j + 1 < p ? next + j + 1 : next + j + 1 - p;
    }
    put(e, j, plus(c, back(d)));
    put(e, p - j, minus(c, back(d)));
    if (!two) return;
    put(e, j + 1, plus(f, back(g)));
    put(e, p - j - 1, minus(f, back(g)));
}

FVI_INLINE void radix_odd(const butterfly *e, const stage *g, int p, many *work) {
    int j = 1;
    odd_pairs(e, p, work);
#pragma GCC unroll 4
    for (; j + 1 <= p / 2; j += 2) odd_outputs(e, g->root, p, j, 1, work);
    if (j <= p / 2) odd_outputs(e, g->root, p, j, 0, work);
}

/* Numbers of a stage, before and after. */
typedef struct lines {
    const float *x;
    float *y;
    int64_t xi, yi; /* offsets of the imaginary parts */
} lines;

/* One stage of radix p. */
FVI_INLINE void run_radix(const stage *g, int p, int last, const lines *l, float *work) {
    const int64_t run = (int64_t)g->s * LANES;
    for (int k = 0; k < g->q; k++) {
        const float *w = g->twiddle + (int64_t)k * (p - 1) * 2;
        for (int64_t t = 0; t < run; t += LANES) {
            const butterfly e = {
                l->x + k * run + t, l->y + k * p * run + t, g->q * run, run, l->xi, l->yi, w, last};
            if (p == 8)
                radix8(&e);
            else if (p == 4)
                radix4(&e);
            else if (p == 2)
                radix2(&e);
            else
                radix_odd(&e, g, p, (many *)work);
        }
    }
}

/* The same with p a constant, so that loops over it are unrolled. */
FVI_WIDE static void run_stage(const stage *g, const lines *l, float *work) {
    const int last = g->q == 1;
    switch (g->radix) {
    case 8: last ? run_radix(g, 8, 1, l, work) : run_radix(g, 8, 0, l, work); break;
    case 4: last ? run_radix(g, 4, 1, l, work) : run_radix(g, 4, 0, l, work); break;
    case 2: last ? run_radix(g, 2, 1, l, work) : run_radix(g, 2, 0, l, work); break;
    case 3: run_radix(g, 3, last, l, work); break;
    case 5: run_radix(g, 5, last, l, work); break;
    case 7: run_radix(g, 7, last, l, work); break;
    case 17: run_radix(g, 17, last, l, work); break;
    default: run_radix(g, g->radix, last, l, work);
    }
}

float *fvi_fft_line_run(const fvi_fft_line *f, int inverse, float *x, float *y, float *room) {
    /* The inverse is the forward transform with real and imaginary parts exchanged, before and
     * after. */
    int64_t plane = fvi_fft_plane(f->n), first = inverse ? plane : 0;
    int64_t imag = inverse ? -plane : plane;
    for (int i = 0; i < f->count; i++) {
        const lines l = {x + first, y + first, imag, imag};
        run_stage(&f->stages[i], &l, room);
        float *swap = x;
        x = y;
        y = swap;
    }
    return x;
}
