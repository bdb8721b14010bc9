/* SPDX-License-Identifier: Apache-2.0 */
/* Fourier transforms against their definition in double precision, numpy, and their adjoint; the
 * vector functions that go with them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/simd.h"
#include "signal/fft.h"

#define PI 3.14159265358979323846

/* Small ones, every radix, odd factors twice, primes, more rows or columns than lanes, and lines.
 */
static const int sizes[][2] = {{1, 1},   {1, 2},   {2, 1},   {2, 3},   {3, 2},   {4, 4},
                               {5, 5},   {6, 9},   {7, 8},   {8, 7},   {12, 10}, {13, 11},
                               {16, 1},  {1, 17},  {25, 27}, {31, 4},  {33, 34}, {40, 64},
                               {67, 49}, {64, 70}, {17, 34}, {24, 32}, {51, 17}, {32, 40}};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

static float *noise(uint64_t seed, int64_t n) {
    float *x = malloc((size_t)n * sizeof *x);
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    fvi_random_normals(&r, n, x);
    return x;
}

static double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

static fvi_fft *plan(int h, int w) {
    fvi_fft *f = NULL;
    assert_int_equal(fvi_fft_new(h, w, 1, &f, NULL), FV_OK);
    return f;
}

static void forward_is_its_definition(void **state) {
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int h = sizes[k][0], w = sizes[k][1], columns = w / 2 + 1;
        float *x = noise((uint64_t)k, h * w), *s = malloc((size_t)(h * columns) * 2 * sizeof *s);
        fvi_fft *f = plan(h, w);
        fvi_fft_forward(f, 1, x, s);
        for (int v = 0; v < h; v++)
            for (int u = 0; u < columns; u++) {
                double re = 0, im = 0;
                for (int i = 0; i < h * w; i++) {
                    double a =
                        2 * PI * ((double)(v * (i / w) % h) / h + (double)(u * (i % w) % w) / w);
                    re += x[i] * cos(a);
                    im -= x[i] * sin(a);
                }
                const float *got = s + 2 * (v * columns + u);
                double allowed = 1e-6 * sqrt((double)h * w);
                assert_true(fabs(got[0] - re) < allowed && fabs(got[1] - im) < allowed);
            }
        fvi_fft_free(f);
        free(x);
        free(s);
    }
}

static void inverse_undoes_forward(void **state) {
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int h = sizes[k][0], w = sizes[k][1], n = h * w;
        float *x = noise((uint64_t)k + 50, n), *y = malloc((size_t)n * sizeof *y);
        float *s = malloc((size_t)(h * (w / 2 + 1)) * 2 * sizeof *s);
        fvi_fft *f = plan(h, w);
        fvi_fft_forward(f, 1, x, s);
        fvi_fft_inverse(f, 1, s, y);
        for (int i = 0; i < n; i++) assert_true(fabs(x[i] - y[i]) < 2e-6);
        fvi_fft_free(f);
        free(x);
        free(y);
        free(s);
    }
}

/* Any numbers at all in the half spectrum: numpy 2.4, numpy.fft.irfft2(s, s=(h, w)). */
static void inverse_takes_the_hermitian_part(void **state) {
    (void)state;
    static const struct {
        int h, w;
        float want[16];
    } cases[] = {
        {4,
         4,
         {-0.1875f, 0.8125f, -0.6875f, 1.8125f, -0.5625f, -0.5625f, -1.8125f, -0.8125f, -0.1875f,
          -1.4375f, -0.6875f, 0.0625f, 0.1875f, -0.0625f, 0.4375f, -1.3125f}},
        {3,
         5,
         {-0.533333f, 0.980671f, -0.662875f, -0.192646f, 1.741516f, -0.060128f, -0.237212f,
          -2.102775f, -1.045401f, -0.587174f, -0.406538f, -0.524112f, -0.505159f, 0.720003f,
          -1.584835f}},
        {2,
         6,
         {0.25f, -1, -1.154701f, -0.25f, 1.154701f, -1, -0.25f, 0.577350f, 0, -2.75f, 0,
          -0.577350f}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int h = cases[k].h, w = cases[k].w, n = h * (w / 2 + 1);
        float s[2 * 16], x[16];
        for (int i = 0; i < n; i++) {
            s[2 * i] = (float)(7 * i % 11 - 5);
            s[2 * i + 1] = (float)(5 * i % 9 - 4);
        }
        fvi_fft *f = plan(h, w);
        fvi_fft_inverse(f, 1, s, x);
        for (int i = 0; i < h * w; i++) assert_true(fabsf(x[i] - cases[k].want[i]) < 2e-6f);
        fvi_fft_free(f);
    }
}

static void inverse_has_its_adjoint(void **state) {
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int h = sizes[k][0], w = sizes[k][1], n = h * w, m = h * (w / 2 + 1) * 2;
        float *s = noise((uint64_t)k + 100, m), *y = noise((uint64_t)k + 200, n);
        float *x = malloc((size_t)n * sizeof *x), *ds = malloc((size_t)m * sizeof *ds);
        fvi_fft *f = plan(h, w);
        fvi_fft_inverse(f, 1, s, x);
        fvi_fft_inverse_adjoint(f, 1, y, ds);
        assert_true(fabs(dot(x, y, n) - dot(s, ds, m)) < 1e-6 * sqrt(dot(s, s, m)));
        fvi_fft_free(f);
        free(s);
        free(y);
        free(x);
        free(ds);
    }
}

static void sizes_below_one_are_refused(void **state) {
    (void)state;
    fvi_fft *f = NULL;
    assert_int_equal(fvi_fft_new(0, 4, 1, &f, NULL), FV_ARG);
    assert_int_equal(fvi_fft_new(4, -1, 1, &f, NULL), FV_ARG);
    assert_null(f);
    fvi_fft_free(NULL);
}

static void vector_functions_are_exact(void **state) {
    (void)state;
    for (double x = -86; x < 86; x += 0.0137) {
        float f = (float)x;
        assert_true(fabs((double)fvi_exp(f) / exp((double)f) - 1) < 2e-7);
    }
    for (double x = -2000; x < 2000; x += 0.137) {
        float f = (float)x, s, c;
        fvi_sincos(f, &s, &c);
        assert_true(fabs(s - sin((double)f)) < 2e-7 && fabs(c - cos((double)f)) < 2e-7);
    }
    assert_true(fvi_exp(1000) == fvi_exp(87) && fvi_exp(-1000) == fvi_exp(-87));
    assert_true(isnan(fvi_exp(NAN)) && isnan(fvi_exp(INFINITY)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_its_definition),
        cmocka_unit_test(inverse_undoes_forward),
        cmocka_unit_test(inverse_takes_the_hermitian_part),
        cmocka_unit_test(inverse_has_its_adjoint),
        cmocka_unit_test(sizes_below_one_are_refused),
        cmocka_unit_test(vector_functions_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
