/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the loop: start, roll, ascent, and objectives on one sample. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "vis/objective.h"
#include "vis/optimizer.h"
#include "vis/start.h"
#include "vis/transform.h"

static float *noise(uint64_t seed, int64_t n) {
    float *x = malloc((size_t)n * sizeof *x);
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = fvi_random_normal(&r);
    return x;
}

static double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* <A x, y> == <x, At y>, At being the roll back. */
static void roll_has_its_adjoint(void **state) {
    (void)state;
    enum { C = 2, H = 7, W = 5, N = C * H * W };
    float *x = noise(1, N), *y = noise(2, N), ax[N], aty[N];
    int shifts[][2] = {{0, 0}, {3, -2}, {-7, 5}, {20, -13}, {-1, 0}};
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        int dy = shifts[i][0], dx = shifts[i][1];
        fvi_roll(x, C, H, W, dy, dx, ax);
        fvi_roll(y, C, H, W, -dy, -dx, aty);
        assert_true(fabs(dot(ax, y, N) - dot(x, aty, N)) < 1e-5);
    }
    free(x);
    free(y);
}

static void roll_moves_down_and_right(void **state) {
    (void)state;
    float x[6] = {1, 2, 3, 4, 5, 6}, out[6];
    fvi_roll(x, 1, 2, 3, 1, 1, out);
    const float want[6] = {6, 4, 5, 3, 1, 2};
    assert_memory_equal(out, want, sizeof want);
}

static void start_has_mean_and_spread_at_any_size(void **state) {
    (void)state;
    int sizes[][2] = {{1, 1}, {2, 3}, {64, 64}, {33, 100}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int h = sizes[k][0], w = sizes[k][1], n = h * w;
        float *p = malloc((size_t)(3 * n) * sizeof *p);
        fvi_random r = fvi_random_stream(7, 1, 0, FVI_DRAW_START);
        fvi_start_all_scales(&r, 3, h, w, 0.1f, p);
        for (int c = 0; c < 3; c++) {
            double sum = 0, square = 0;
            for (int i = 0; i < n; i++) sum += p[c * n + i];
            for (int i = 0; i < n; i++) square += pow(p[c * n + i] - sum / n, 2);
            assert_true(fabs(sum / n - 0.5) < 1e-4);
            assert_true(fabs(sqrt(square / n) - (n > 1 ? 0.1 : 0)) < 1e-4);
        }
        free(p);
    }
}

/* Every octave is there: means over blocks of any side vary. */
static void start_has_all_scales(void **state) {
    (void)state;
    enum { S = 64 };
    float p[S * S];
    fvi_random r = fvi_random_stream(3, 1, 0, FVI_DRAW_START);
    fvi_start_all_scales(&r, 1, S, S, 0.1f, p);
    for (int side = 1; side <= 16; side *= 4) {
        double square = 0;
        int blocks = S / side;
        for (int by = 0; by < blocks; by++)
            for (int bx = 0; bx < blocks; bx++) {
                double sum = 0;
                for (int i = 0; i < side * side; i++)
                    sum += p[(by * side + i / side) * S + bx * side + i % side] - 0.5;
                square += pow(sum / (side * side), 2) / (blocks * blocks);
            }
        assert_true(sqrt(square) > 0.02);
    }
}

static void ascent_has_its_largest_step(void **state) {
    (void)state;
    float p[3] = {0, 0, 1}, g[3] = {1, -4, 2};
    assert_true(fvi_ascend(p, g, 3, 0.125f) == 4);
    assert_true(p[0] == 0.03125f && p[1] == -0.125f && p[2] == 1.0625f);
    float zero[3] = {0}, nan_[3] = {0, NAN, 1}, inf_[3] = {INFINITY, 0, 0};
    assert_true(fvi_ascend(p, zero, 3, 1) == 0);
    assert_true(isnan(fvi_ascend(p, nan_, 3, 1)));
    assert_true(isinf(fvi_ascend(p, inf_, 3, 1)));
    assert_true(p[0] == 0.03125f);
}

/* Seeds against central differences of the value, also where samples lie in runs; other samples'
 * elements are neither read nor written. */
static void seeds_are_gradients(void **state) {
    (void)state;
    fvi_unit units[] = {{2, 3, 5, 1, -1, 1, 30}, {2, 3, 5, 2, 7, 1, 30}, {2, 3, 5, -1, -1, 1, 30},
                        {1, 6, 1, 4, -1, 3, 6},  {4, 6, 1, 4, -1, 3, 6}, {4, 6, 1, -1, -1, 2, 3}};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        int64_t all = fvi_unit_count(&units[k]) * units[k].samples, written = 0;
        float *x = noise(5, all), *seed = malloc((size_t)all * sizeof *seed);
        for (int64_t i = 0; i < all; i++) seed[i] = -77;
        int64_t n = units[k].samples - 1;
        fvi_unit_seed(&units[k], n, x, seed);
        for (int64_t i = 0; i < all; i++) {
            float keep = x[i], e = 1.0f / 64;
            x[i] = keep + e;
            double up = fvi_unit_value(&units[k], n, x);
            x[i] = keep - e;
            double down = fvi_unit_value(&units[k], n, x);
            x[i] = keep;
            written += seed[i] != -77;
            assert_true(fabs((up - down) / (2 * e) - (seed[i] == -77 ? 0 : seed[i])) < 1e-5);
        }
        assert_int_equal(written, fvi_unit_count(&units[k]));
        free(x);
        free(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roll_has_its_adjoint),
        cmocka_unit_test(roll_moves_down_and_right),
        cmocka_unit_test(start_has_mean_and_spread_at_any_size),
        cmocka_unit_test(start_has_all_scales),
        cmocka_unit_test(ascent_has_its_largest_step),
        cmocka_unit_test(seeds_are_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
