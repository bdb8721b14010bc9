/* SPDX-License-Identifier: Apache-2.0 */
/* Colour maps: the numbers of those who published them, adjoint and inverse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "signal/color.h"

enum { N = 5 };

static void noise(uint64_t seed, float *x) {
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    fvi_random_normals(&r, 3 * N, x);
}

/* The matrix as Horama 0.3.0 and Xplique 2.0.2 print it, multiplied from the right. */
static void map_is_the_published_one(void **state) {
    (void)state;
    static const double k[3][3] = {{0.56282854, 0.58447580, 0.58447580},
                                   {0.19482528, 0, -0.19482528},
                                   {0.04329450, -0.10823626, 0.06494176}};
    fv_color colors[] = {FV_COLOR_LUCID, FV_COLOR_MACO};
    for (int m = 0; m < 2; m++) {
        float t[3 * N], x[3 * N];
        noise(1, t);
        memcpy(x, t, sizeof x);
        fvi_color_apply(colors[m], N, N, x);
        for (int i = 0; i < N; i++)
            for (int c = 0; c < 3; c++) {
                double want = 0;
                for (int r = 0; r < 3; r++) want += t[r * N + i] * k[r][c];
                assert_true(fabs(x[c * N + i] - want) < 3e-7);
            }
    }
}

static void rgb_stays(void **state) {
    (void)state;
    float x[3 * N], keep[3 * N];
    noise(2, x);
    memcpy(keep, x, sizeof x);
    fvi_color_apply(FV_COLOR_RGB, N, N, x);
    fvi_color_adjoint(FV_COLOR_RGB, N, N, x);
    fvi_color_inverse(FV_COLOR_RGB, N, x);
    assert_memory_equal(x, keep, sizeof x);
}

static void map_has_its_adjoint_and_inverse(void **state) {
    (void)state;
    float x[3 * N], y[3 * N], ax[3 * N], aty[3 * N];
    noise(3, x);
    noise(4, y);
    memcpy(ax, x, sizeof x);
    memcpy(aty, y, sizeof y);
    fvi_color_apply(FV_COLOR_LUCID, N, N, ax);
    fvi_color_adjoint(FV_COLOR_LUCID, N, N, aty);
    double left = 0, right = 0;
    for (int i = 0; i < 3 * N; i++) {
        left += (double)ax[i] * y[i];
        right += (double)x[i] * aty[i];
    }
    assert_true(fabs(left - right) < 1e-5);
    fvi_color_inverse(FV_COLOR_LUCID, N, ax);
    for (int i = 0; i < 3 * N; i++) assert_true(fabsf(ax[i] - x[i]) < 2e-5f);
}

static void grey_has_equal_channels_and_its_adjoint(void **state) {
    (void)state;
    float x[3 * N], y[3 * N], ax[3 * N], aty[3 * N];
    noise(5, x);
    noise(6, y);
    memcpy(ax, x, sizeof x);
    memcpy(aty, y, sizeof y);
    fvi_color_apply(FV_COLOR_GREY, N, N, ax);
    fvi_color_adjoint(FV_COLOR_GREY, N, N, aty);
    for (int i = 0; i < 3 * N; i++) assert_true(ax[i] == x[i % N]);
    for (int i = 0; i < N; i++) {
        assert_true(fabsf(aty[i] - (y[i] + y[N + i] + y[2 * N + i])) < 1e-6f);
        assert_true(aty[N + i] == 0 && aty[2 * N + i] == 0);
    }
    fvi_color_inverse(FV_COLOR_GREY, N, ax);
    for (int i = 0; i < N; i++) assert_true(fabsf(ax[i] - x[i]) < 1e-6f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_is_the_published_one),
        cmocka_unit_test(rgb_stays),
        cmocka_unit_test(map_has_its_adjoint_and_inverse),
        cmocka_unit_test(grey_has_equal_channels_and_its_adjoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
