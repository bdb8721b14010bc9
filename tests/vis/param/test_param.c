/* SPDX-License-Identifier: Apache-2.0 */
/* Parametrisations: pictures against formulas written out in double precision, gradients against
 * central differences of those, numbers of Lucid's and Horama's programs, starts, inversion,
 * clipping, errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vis/param/param.h"
#include "vis/param/spectrum.h"

#define PI 3.14159265358979323846
enum { MOST = 512 };

static fvi_param *make(const fvi_param_settings *d, int c, int h, int w) {
    fvi_param *p = NULL;
    fv_error err = {0};
    if (fvi_param_new(d, c, h, w, &p, &err)) fail_msg("%s", err.text);
    return p;
}

static void noise(uint64_t seed, int64_t n, float mean, float sd, float *x) {
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    fvi_random_normals(&r, n, x);
    for (int64_t i = 0; i < n; i++) x[i] = mean + sd * x[i];
}

/* ---- the formulas, in double ---- */

typedef struct formula {
    fvi_param_settings d;
    int c, h, w;
    float magnitude[MOST]; /* PHASE */
} formula;

/* x [h][w] = the inverse transform of s [h][w/2+1] of (re, im), over h * w. */
static void inverse(int h, int w, const double *s, double *x) {
    int columns = w / 2 + 1;
    for (int i = 0; i < h * w; i++) {
        x[i] = 0;
        for (int k = 0; k < h * columns; k++) {
            int u = k % columns, v = k / columns, twice = u == 0 || 2 * u == w ? 1 : 2;
            double a = 2 * PI * ((double)(v * (i / w)) / h + (double)(u * (i % w)) / w);
            x[i] += twice * (s[2 * k] * cos(a) - s[2 * k + 1] * sin(a)) / (h * w);
        }
    }
}

/* Lucid writes sqrt(h w) / f before an inverse transform over h w. */
static void fourier(const formula *f, const double *z, double *raw) {
    int columns = f->w / 2 + 1, half = f->h * columns;
    double s[2 * MOST];
    for (int c = 0; c < f->c; c++) {
        for (int k = 0; k < half; k++) {
            double fy = (double)(k / columns) / f->h, fx = (double)(k % columns) / f->w;
            if (fy > 0.5) fy -= 1;
            double low = 1.0 / (f->h > f->w ? f->h : f->w), at = fmax(hypot(fy, fx), low);
            double scale = sqrt((double)f->h * f->w) / pow(at, f->d.decay) * f->d.gain;
            s[2 * k] = z[2 * (c * half + k)] * scale;
            s[2 * k + 1] = z[2 * (c * half + k) + 1] * scale;
        }
        inverse(f->h, f->w, s, raw + c * f->h * f->w);
    }
}

static void laplacian(const formula *f, const double *z, double *raw) {
    memset(raw, 0, (size_t)(f->c * f->h * f->w) * sizeof *raw);
    for (int n = 0; n < f->d.levels; n++) {
        int h = f->h >> n ? f->h >> n : 1, w = f->w >> n ? f->w >> n : 1;
        for (int i = 0; i < f->c * f->h * f->w; i++) {
            int c = i / (f->h * f->w), y = i / f->w % f->h, x = i % f->w;
            double gy = (double)y * h / f->h, gx = (double)x * w / f->w;
            int y0 = (int)gy, x0 = (int)gx, y1 = y0 + 1 < h ? y0 + 1 : y0;
            int x1 = x0 + 1 < w ? x0 + 1 : x0;
            const double *l = z + (size_t)c * h * w;
            double top = l[y0 * w + x0] + (l[y0 * w + x1] - l[y0 * w + x0]) * (gx - x0);
            double low = l[y1 * w + x0] + (l[y1 * w + x1] - l[y1 * w + x0]) * (gx - x0);
            raw[i] += top + (low - top) * (gy - y0);
        }
        z += (size_t)f->c * h * w;
    }
}

static void standardise(double *x, int n, double to) {
    double mean = 0, square = 0;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) square += (x[i] - mean) * (x[i] - mean) / (n > 1 ? n - 1 : 1);
    for (int i = 0; i < n; i++) x[i] = to * (x[i] - mean) / (sqrt(square) + 1e-4);
}

static void phase(const formula *f, const double *z, double *raw) {
    int half = f->h * (f->w / 2 + 1), n = f->c * half;
    double phi[MOST], s[2 * MOST];
    memcpy(phi, z, (size_t)n * sizeof *phi);
    standardise(phi, n, f->d.phase_std > 0 ? f->d.phase_std : 1);
    for (int c = 0; c < f->c; c++) {
        for (int k = 0; k < half; k++) {
            s[2 * k] = f->magnitude[c * half + k] * cos(phi[c * half + k]);
            s[2 * k + 1] = f->magnitude[c * half + k] * sin(phi[c * half + k]);
        }
        inverse(f->h, f->w, s, raw + c * f->h * f->w);
    }
    standardise(raw, f->c * f->h * f->w, f->d.gain);
}

static void bounded(const formula *f, const double *z, double *raw) {
    int half = f->h * (f->w / 2 + 1);
    double s[2 * MOST];
    for (int c = 0; c < f->c; c++) {
        const double *y = z + 2 * c * half;
        for (int k = 0; k < half; k++) {
            double size = sqrt(1 + y[2 * k] * y[2 * k] + y[2 * k + 1] * y[2 * k + 1]);
            double m = k ? f->d.gain * f->magnitude[c * half + k] / size : 0;
            s[2 * k] = m * y[2 * k];
            s[2 * k + 1] = m * y[2 * k + 1];
        }
        inverse(f->h, f->w, s, raw + c * f->h * f->w);
    }
}

static void picture_of(const formula *f, const double *z, double *x) {
    static const double m[3][3] = {{0.56282854, 0.19482528, 0.04329450},
                                   {0.58447580, 0, -0.10823626},
                                   {0.58447580, -0.19482528, 0.06494176}};
    static const double lucid[3] = {0.48, 0.46, 0.41};
    int plane = f->h * f->w, n = f->c * plane;
    int colour = f->c == 3 && f->d.color != FV_COLOR_RGB,
        sigmoid = f->d.output_activation == FVI_OUTPUT_SIGMOID;
    double raw[MOST];
    if (f->d.kind == FVI_PARAM_FOURIER)
        fourier(f, z, raw);
    else if (f->d.kind == FVI_PARAM_LAPLACIAN)
        laplacian(f, z, raw);
    else if (f->d.kind == FVI_PARAM_PHASE)
        phase(f, z, raw);
    else if (f->d.kind == FVI_PARAM_BOUNDED)
        bounded(f, z, raw);
    else
        memcpy(raw, z, (size_t)n * sizeof *raw);
    for (int i = 0; i < n; i++) {
        int c = i / plane, at = i % plane;
        double v = raw[i], range = (double)f->d.high - f->d.low;
        if (colour)
            v = m[c][0] * raw[at] + m[c][1] * raw[plane + at] + m[c][2] * raw[2 * plane + at];
        x[i] = sigmoid ? 1 / (1 + exp(-v)) : v + (colour ? lucid[c] : 0.5);
        x[i] = f->d.low + range * x[i];
        if (f->d.kind == FVI_PARAM_PIXELS && !colour && !sigmoid) x[i] = v;
    }
}

/* ---- against them ---- */

static void check_formula(const fvi_param_settings *d, int c, int h, int w) {
    fvi_param *p = make(d, c, h, w);
    formula f = {.d = *d, .c = c, .h = h, .w = w};
    int n = (int)fvi_param_count(p), pixels = c * h * w;
    float z[MOST], x[MOST], t[MOST], dz[MOST];
    double zd[MOST], want[MOST], up[MOST], down[MOST];
    assert_true(n <= MOST && pixels <= MOST);
    if (d->kind >= FVI_PARAM_PHASE) fvi_spectrum_builtin(d->color, d->decay, c, h, w, f.magnitude);
    noise(11, n, 0.2f, d->kind == FVI_PARAM_FOURIER ? 0.3f : 1, z);
    noise(12, pixels, 0, 1, t);
    for (int i = 0; i < n; i++) zd[i] = z[i];
    picture_of(&f, zd, want);
    fvi_param_picture(p, z, x);
    double range = (double)d->high - d->low;
    for (int i = 0; i < pixels; i++) assert_true(fabs(x[i] - want[i]) < 1e-5 * (1 + range));
    fvi_param_adjoint(p, z, t, dz);
    double scale = 0, gradient[MOST];
    for (int k = 0; k < n; k++) {
        double e = 1e-5;
        zd[k] = z[k] + e;
        picture_of(&f, zd, up);
        zd[k] = z[k] - e;
        picture_of(&f, zd, down);
        zd[k] = z[k];
        gradient[k] = 0;
        for (int i = 0; i < pixels; i++) gradient[k] += t[i] * (up[i] - down[i]) / (2 * e);
        scale = fmax(scale, fabs(gradient[k]));
    }
    for (int k = 0; k < n; k++) assert_true(fabs(dz[k] - gradient[k]) <= 2e-5 * (scale + 1e-3));
    fvi_param_free(p);
}

static void pictures_and_gradients_are_the_formulas(void **state) {
    (void)state;
    static const int sizes[][3] = {{3, 4, 6}, {3, 5, 7}, {1, 6, 5},
                                   {4, 3, 4}, {3, 1, 8}, {2, 7, 1}};
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_BOUNDED; kind++)
        for (int squash = FVI_OUTPUT_NONE; squash <= FVI_OUTPUT_CLIP; squash++)
            for (int color = FV_COLOR_RGB; color <= FV_COLOR_LUCID; color++)
                for (int s = 0; s < 6; s++) {
                    fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                                       .color = (fv_color)color,
                                       .output_activation = (fvi_output_activation)squash,
                                       .low = -1,
                                       .high = 3,
                                       .decay = s % 2 ? 1 : 1.5f,
                                       .gain = 0.25f,
                                       .levels = 3,
                                       .phase_std = s % 2 ? 0 : 2.5f};
                    check_formula(&d, sizes[s][0], sizes[s][1], sizes[s][2]);
                }
}

/* z[i] = sin(1.7 i). Every seventh value of the picture is compared. */
static void check_numbers(const fvi_param_settings *d, const float *want, int count) {
    fvi_param *p = make(d, 3, 4, 6);
    float z[MOST], x[72];
    for (int i = 0; i < fvi_param_count(p); i++) z[i] = (float)sin(1.7 * i);
    fvi_param_picture(p, z, x);
    for (int i = 0; i < count; i++) assert_true(fabsf(x[7 * i] - want[i]) < 3e-5f);
    fvi_param_free(p);
}

/* fft_image and to_valid_rgb of Lucid in numpy 2.4. */
static void lucid_has_these_numbers(void **state) {
    (void)state;
    const fvi_param_settings d = {.kind = FVI_PARAM_FOURIER,
                             .color = FV_COLOR_LUCID,
                             .high = 1,
                             .output_activation = FVI_OUTPUT_SIGMOID,
                             .decay = 1,
                             .gain = 0.25f};
    const float want[] = {0.499506f, 0.519875f, 0.567875f, 0.583687f, 0.506640f, 0.440599f,
                          0.497148f, 0.519828f, 0.714409f, 0.601696f, 0.538125f};
    check_numbers(&d, want, 11);
}

/* maco_preconditioner of Horama 0.3.0 in torch 2.13, magnitudes 1 / (1 + i mod 5). */
static void maco_has_these_numbers(void **state) {
    (void)state;
    float m[48];
    for (int i = 0; i < 48; i++) m[i] = 1.0f / (float)(1 + i % 5);
    const fv_tensor spectrum = {.ndim = 3, .dim = {3, 4, 4}, .data = m};
    const fvi_param_settings d = {.kind = FVI_PARAM_PHASE,
                             .color = FV_COLOR_MACO,
                             .low = -2.5f,
                             .high = 2.5f,
                             .output_activation = FVI_OUTPUT_SIGMOID,
                             .decay = 1,
                             .gain = 1,
                             .spectrum = &spectrum};
    const float want[] = {1.851396f, -1.141055f, -0.152332f, -0.306378f, 1.539698f, 0.637072f,
                          0.285331f, -0.374810f, 1.105134f,  0.755176f,  -0.933314f};
    check_numbers(&d, want, 11);
}

/* ---- inversion ---- */

static void pictures_come_back(void **state) {
    (void)state;
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_LAPLACIAN; kind++)
        for (int squash = FVI_OUTPUT_NONE; squash <= FVI_OUTPUT_CLIP; squash++) {
            fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                               .color = FV_COLOR_MACO,
                               .high = 255,
                               .output_activation = (fvi_output_activation)squash,
                               .decay = 1.5f,
                               .gain = 0.25f,
                               .levels = 4};
            float x[315], y[315], z[MOST];
            noise(5, 315, 128, 30, x);
            fvi_param *p = make(&d, 3, 15, 7);
            assert_true(fvi_param_count(p) <= MOST);
            assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
            fvi_param_picture(p, z, y);
            for (int i = 0; i < 315; i++) assert_true(fabsf(x[i] - y[i]) < 0.02f);
            fvi_param_free(p);
        }
}

static void black_and_white_come_back_nearly(void **state) {
    (void)state;
    fvi_param_settings d = {.kind = FVI_PARAM_PIXELS,
                       .color = FV_COLOR_RGB,
                       .high = 1,
                       .output_activation = FVI_OUTPUT_SIGMOID};
    float x[2] = {0, 1}, z[2];
    fvi_param *p = make(&d, 1, 1, 2);
    assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
    fvi_param_picture(p, z, x);
    assert_true(fabsf(x[0] - FVI_PARAM_EDGE) < 1e-6f && fabsf(x[1] - 1 + FVI_PARAM_EDGE) < 1e-6f);
    fvi_param_free(p);
}

static double correlation(const float *a, const float *b, int n) {
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) ma += a[i] / n, mb += b[i] / n;
    for (int i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

/* A picture that has the magnitudes comes back through its phases: whole where they may spread, and
 * most of it where they may not. */
static void phases_come_back(void **state) {
    (void)state;
    enum { H = 32, W = 31, N = 3 * H * W, CASES = 5 };
    static const struct {
        float from, to;
        double least;
    } cases[CASES] = {
        {2.5f, 2.5f, 0.995}, {6, 2, 0.995}, {1, 1, 0.995}, {4, 1, 0.95}, {1, 4, 0.995}};
    static float x[N], y[N], z[N];
    for (int k = 0; k < CASES; k++) {
        fvi_param_settings d = {.kind = FVI_PARAM_PHASE,
                           .color = FV_COLOR_MACO,
                           .high = 1,
                           .output_activation = FVI_OUTPUT_SIGMOID,
                           .decay = FVI_SPECTRUM_DECAY,
                           .gain = 1,
                           .phase_std = cases[k].from};
        fvi_param *p = make(&d, 3, H, W);
        noise(21, fvi_param_count(p), 0, 1, z);
        for (int twice = 0; twice < 2; twice++) { /* column 0 gets phases a picture can have */
            fvi_param_picture(p, z, x);
            assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
        }
        fvi_param_free(p);
        d.phase_std = cases[k].to;
        p = make(&d, 3, H, W);
        assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
        fvi_param_picture(p, z, y);
        assert_true(correlation(x, y, N) > cases[k].least);
        fvi_param_free(p);
    }
}

/* A picture of its own comes back; one stronger than photographs comes back weaker. */
static void bounded_pictures_come_back(void **state) {
    (void)state;
    enum { N = 3 * 16 * 15 };
    fvi_param_settings d = {.kind = FVI_PARAM_BOUNDED,
                       .color = FV_COLOR_MACO,
                       .high = 1,
                       .output_activation = FVI_OUTPUT_SIGMOID,
                       .decay = FVI_SPECTRUM_DECAY,
                       .gain = 1};
    static float x[N], y[N], z[3 * 16 * 8 * 2];
    fvi_param *p = make(&d, 3, 16, 15);
    noise(31, fvi_param_count(p), 0, 1, z);
    fvi_param_picture(p, z, x);
    assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
    fvi_param_picture(p, z, y);
    for (int i = 0; i < N; i++) assert_true(fabsf(x[i] - y[i]) < 1e-3f);
    for (int i = 0; i < N; i++) x[i] = x[i] > 0.5f ? 1 : 0;
    assert_int_equal(fvi_param_from_picture(p, x, z, NULL), FV_OK);
    fvi_param_picture(p, z, y);
    assert_true(correlation(x, y, N) > 0.5);
    for (int i = 0; i < N; i++) assert_true(isfinite(y[i]));
    fvi_param_free(p);
}

/* ---- starts ---- */

static void random_numbers_are_drawn_in_order(void **state) {
    (void)state;
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_BOUNDED; kind++) {
        fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                           .color = FV_COLOR_LUCID,
                           .high = 1,
                           .output_activation = FVI_OUTPUT_SIGMOID,
                           .decay = 1,
                           .gain = 1,
                           .levels = 2};
        fvi_start_settings normal = {.kind = FVI_START_NORMAL, .mean = 2, .sd = 0.5f};
        fvi_start_settings uniform = {.kind = FVI_START_UNIFORM, .mean = 2, .sd = 0.5f};
        fvi_param *p = make(&d, 3, 5, 4);
        int n = (int)fvi_param_count(p);
        float z[MOST], want[MOST];
        fvi_random r = fvi_random_stream(1, 2, 0, FVI_DRAW_START), s = r;
        assert_int_equal(fvi_param_start(p, &normal, &r, z, NULL), FV_OK);
        fvi_random_normals(&s, n, want);
        for (int i = 0; i < n; i++) assert_true(z[i] == 2 + 0.5f * want[i]);
        s = r;
        assert_int_equal(fvi_param_start(p, &uniform, &r, z, NULL), FV_OK);
        for (int i = 0; i < n; i++)
            assert_true(z[i] == 2 + 0.5f * (2 * fvi_random_uniform(&s) - 1));
        normal.kind = FVI_START_IMAGE;
        assert_int_equal(fvi_param_start(p, &normal, &r, z, NULL), FV_ARG);
        fvi_param_free(p);
    }
}

static void starts_are_pictures(void **state) {
    (void)state;
    enum { N = 3 * 12 * 11 };
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_LAPLACIAN; kind++)
        for (int squash = FVI_OUTPUT_NONE; squash <= FVI_OUTPUT_CLIP; squash++) {
            fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                               .color = FV_COLOR_LUCID,
                               .high = 255,
                               .output_activation = (fvi_output_activation)squash,
                               .decay = 1,
                               .gain = 1,
                               .levels = 3};
            fvi_start_settings grey = {.kind = FVI_START_GREY, .mean = 100};
            fvi_start_settings scales = {.kind = FVI_START_SCALES, .mean = 100, .sd = 20};
            fvi_param *p = make(&d, 3, 12, 11);
            static float z[2 * N], x[N];
            fvi_random r = fvi_random_stream(1, 2, 0, FVI_DRAW_START);
            assert_int_equal(fvi_param_start(p, &grey, &r, z, NULL), FV_OK);
            fvi_param_picture(p, z, x);
            for (int i = 0; i < N; i++) assert_true(fabsf(x[i] - 100) < 0.01f);
            assert_int_equal(fvi_param_start(p, &scales, &r, z, NULL), FV_OK);
            fvi_param_picture(p, z, x);
            double sum = 0, square = 0;
            for (int i = 0; i < N; i++) sum += x[i];
            for (int i = 0; i < N; i++) square += pow(x[i] - sum / N, 2);
            assert_true(fabs(sum / N - 100) < 0.01 && fabs(sqrt(square / N) - 20) < 0.01);
            fvi_param_free(p);
        }
}

/* ---- clipping, errors ---- */

static void clipping_keeps_pictures_in_range(void **state) {
    (void)state;
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_LAPLACIAN; kind++)
        for (int color = FV_COLOR_RGB; color <= FV_COLOR_LUCID; color++) {
            fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                               .color = (fv_color)color,
                               .low = -1,
                               .high = 1,
                               .output_activation = FVI_OUTPUT_CLIP,
                               .decay = 1,
                               .gain = 1,
                               .levels = 3};
            fvi_param *p = make(&d, 3, 6, 7);
            float z[MOST], keep[MOST], x[126], y[126];
            int n = (int)fvi_param_count(p), outside = 0;
            noise(9, n, 0, 1, z);
            fvi_param_picture(p, z, x);
            fvi_param_constrain(p, z);
            fvi_param_picture(p, z, y);
            for (int i = 0; i < 126; i++) {
                outside += fabsf(x[i]) > 1;
                assert_true(fabsf(y[i] - fmaxf(-1, fminf(1, x[i]))) < 1e-5f);
            }
            assert_true(outside > 0 && outside < 126);
            for (int i = 0; i < n; i++) keep[i] = z[i] *= 1e-3f;
            fvi_param_constrain(p, z);
            assert_memory_equal(z, keep, (size_t)n * sizeof *z);
            fvi_param_free(p);
        }
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    const fvi_param_settings good = {.kind = FVI_PARAM_PHASE,
                                .color = FV_COLOR_MACO,
                                .high = 1,
                                .output_activation = FVI_OUTPUT_SIGMOID,
                                .decay = 1,
                                .gain = 1,
                                .levels = 1};
    float data[8] = {0};
    const fv_tensor flat = {.ndim = 2, .dim = {2, 4}, .data = data};
    const fv_tensor grey = {.ndim = 3, .dim = {1, 2, 4}, .data = data};
    fvi_param_settings bad[] = {good, good, good, good, good, good, good, good, good};
    fv_status want[] = {FV_ARG, FV_ARG, FV_ARG, FV_ARG, FV_ARG, FV_ARG, FV_ARG, FV_SHAPE, FV_SHAPE};
    bad[0].kind = (fvi_param_kind)6;
    bad[1].color = (fv_color)0;
    bad[2].output_activation = (fvi_output_activation)4;
    bad[3].low = 1;
    bad[4].gain = 0;
    bad[5].phase_std = 7;
    bad[6].kind = FVI_PARAM_LAPLACIAN;
    bad[6].levels = 11;
    bad[7].spectrum = &flat;
    bad[8].spectrum = &grey;
    fvi_param *p = NULL;
    for (int i = 0; i < 9; i++) {
        fv_error err = {0};
        assert_int_equal(fvi_param_new(&bad[i], 3, 4, 4, &p, &err), want[i]);
        assert_true(err.text[0]);
    }
    assert_int_equal(fvi_param_new(&good, 3, 0, 4, &p, NULL), FV_ARG);
    assert_int_equal(fvi_param_new(&good, 0, 4, 4, &p, NULL), FV_ARG);
    assert_int_equal(fvi_param_new(&good, 3, 1 << 20, 1 << 20, &p, NULL), FV_NOMEM);
    assert_null(p);
    fvi_param_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_and_gradients_are_the_formulas),
        cmocka_unit_test(lucid_has_these_numbers),
        cmocka_unit_test(maco_has_these_numbers),
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(black_and_white_come_back_nearly),
        cmocka_unit_test(phases_come_back),
        cmocka_unit_test(bounded_pictures_come_back),
        cmocka_unit_test(random_numbers_are_drawn_in_order),
        cmocka_unit_test(starts_are_pictures),
        cmocka_unit_test(clipping_keeps_pictures_in_range),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
