/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to gradients; the Laplacian pyramid against numbers made with PyTorch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "signal/pyramid.h"
#include "vis/optimize/gradient_scale.h"

static void normalise(fvi_gradient_scale kind, float clip, float *g, int n) {
    fv_error err;
    fvi_gradient_settings d = {.kind = kind, .levels = 3, .clip = clip};
    if (fvi_normalise(&d, g, 1, 1, n, NULL, &err)) fail_msg("%s", err.text);
}

static double mean_of(const float *g, int n, int power) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += pow(power == 1 ? g[i] : fabsf(g[i]), power ? power : 1);
    return sum / n;
}

/* Each kind makes its own number 1, whatever the gradient's size. */
static void test_divisors(void **state) {
    (void)state;
    static const float sizes[] = {1e-15f, 1e-3f, 1, 1e12f};
    for (int k = 0; k < 4; k++)
        for (int kind = FVI_GRADIENT_SCALE_NONE; kind <= FVI_GRADIENT_SCALE_STANDARD; kind++) {
            const float ramp[5] = {1, -4, 2, 0.5f, 3};
            float g[5];
            for (int i = 0; i < 5; i++) g[i] = ramp[i] * sizes[k];
            normalise((fvi_gradient_scale)kind, 0, g, 5);
            double got = 0;
            switch (kind) {
            case FVI_GRADIENT_SCALE_NONE: got = g[0] / sizes[k]; break;
            case FVI_GRADIENT_SCALE_MAX: got = -g[1]; break;
            case FVI_GRADIENT_SCALE_MEAN: got = mean_of(g, 5, 0); break;
            case FVI_GRADIENT_SCALE_L2: got = sqrt(mean_of(g, 5, 2) * 5); break;
            case FVI_GRADIENT_SCALE_RMS: got = sqrt(mean_of(g, 5, 2)); break;
            default: got = sqrt(mean_of(g, 5, 2)) + fabs(mean_of(g, 5, 1)); break;
            }
            /* keras-vis: L2 divides by no less than 1e-6 */
            double want = kind == FVI_GRADIENT_SCALE_L2 && k == 0 ? 1e-9 * sqrt(30.25) : 1;
            if (fabs(got / want - 1) > 1e-5) fail_msg("kind %d, size %g: %g", kind, sizes[k], got);
        }
}

/* Wolfram's step: the largest coefficient is the rate. */
static void test_max(void **state) {
    (void)state;
    float g[3] = {1, -4, 2};
    normalise(FVI_GRADIENT_SCALE_MAX, 0, g, 3);
    assert_true(g[0] == 0.25f && g[1] == -1 && g[2] == 0.5f);
}

static void test_clip(void **state) {
    (void)state;
    float g[4] = {1, -4, 2, 0.25f}, h[4] = {1, -4, 2, 0.25f};
    normalise(FVI_GRADIENT_SCALE_NONE, 1.5f, g, 4);
    assert_true(g[0] == 1 && g[1] == -1.5f && g[2] == 1.5f && g[3] == 0.25f);
    normalise(FVI_GRADIENT_SCALE_MAX, 0.5f, h, 4); /* cut off after the division */
    assert_true(h[0] == 0.25f && h[1] == -0.5f && h[2] == 0.5f && h[3] == 0.0625f);
}

static void test_what_cannot_be_normalised_stays(void **state) {
    (void)state;
    for (int kind = FVI_GRADIENT_SCALE_NONE; kind <= FVI_GRADIENT_SCALE_LAPLACIAN; kind++) {
        const float bad[5][4] = {
            {0}, {1, NAN, 2, 3}, {INFINITY, 1, 0, 5}, {1, -INFINITY, 0, 2}, {NAN, NAN, NAN, NAN}};
        for (int k = 0; k < 5; k++) {
            float g[4], room[16];
            memcpy(g, bad[k], sizeof g);
            fvi_gradient_settings d = {.kind = (fvi_gradient_scale)kind, .levels = 2, .clip = 0.5f};
            assert_int_equal(fvi_normalise(&d, g, 1, 2, 2, room, NULL), FV_OK);
            assert_memory_equal(g, bad[k], sizeof g);
        }
    }
    float same[3] = {2, 2, 2}; /* has a mean, but no deviation */
    normalise(FVI_GRADIENT_SCALE_STANDARD, 0, same, 3);
    assert_true(same[0] == 2 && same[2] == 2);
}

static void test_errors(void **state) {
    (void)state;
    float g[4] = {1, 2, 3, 4}, room[16];
    fv_error err;
    const fvi_gradient_settings lap = {.kind = FVI_GRADIENT_SCALE_LAPLACIAN, .levels = 3};
    assert_int_equal(fvi_normalise(&lap, g, 1, 1, 4, room, &err), FV_ARG);
    assert_int_equal(fvi_normalise_room(&lap, 1, 2, 2), 2 + 2 + 1 + 1);
    assert_int_equal(fvi_normalise(&lap, g, 1, 2, 2, room, &err), FV_OK);
    const fvi_gradient_settings none = {.kind = (fvi_gradient_scale)99};
    assert_int_equal(fvi_normalise(&none, g, 1, 2, 2, NULL, &err), FV_ARG);
    const fvi_planes planes = fvi_planes_of(1, 2, 2, g);
    assert_int_equal(fvi_pyramid_normalise(planes, 0, room, &err), FV_ARG);
    assert_int_equal(fvi_pyramid_normalise(planes, 11, room, &err), FV_ARG);
}

/* Six numbers of the result, the sum of its squares, and its sum weighted with (37 i) % 11 - 5, on
 * g[i] = (((7 i^2 + 13 i) % 101) - 50) / 50 * (1 + i % 3). Made with PyTorch 2.13.0 in double:
 * F.pad as TensorFlow's SAME has it, F.conv2d with stride 2, F.conv_transpose2d with 4 times the
 * kernel, cut to size; each level divided by its root mean square. `splits` is the notebook's
 * lap_n.
 */
static const struct {
    int channels, h, w, splits;
    double at[6], squares, weighted; /* of 0, n/7, n/3, n/2, n-2, n-1 */
} pyramids[] = {
    {3,
     16,
     16,
     4,
     {-1.23165179, -1.22967155, -1.50355259, -1.60862939, 1.39670467, -1.3181248},
     2725.02178,
     -123.652166},
    {3,
     15,
     17,
     4,
     {-2.2946135, -2.40271764, -0.26961131, -0.339903687, -0.916282255, -0.767937392},
     3834.40488,
     -101.236983},
    {1,
     7,
     10,
     2,
     {-1.4622498, -1.7442473, -0.588757838, -1.52806798, -0.793981886, 1.61901657},
     172.755127,
     -18.0605158},
    {2,
     5,
     1,
     3,
     {-3.04979383, -3.47702145, -2.5638991, -2.16404005, -0.994551683, 0.555149443},
     44.3136365,
     14.4863902},
    {3,
     1,
     9,
     1,
     {-2.02622403, -1.70793173, 0.793195451, -0.648523052, -0.561708296, -2.96324023},
     55.4029722,
     9.36008155},
    {1,
     2,
     2,
     1,
     {-1.35076587, -1.35076587, -1.67007594, 0.039073791, 0.039073791, -1.53184809},
     6.96180739,
     14.668519},
    {3,
     33,
     20,
     9,
     {-1.88339156, -1.42818877, -1.12653017, -4.19198141, 1.03312154, -2.02825234},
     18348.7713,
     -37.7353908},
    {2,
     6,
     6,
     0,
     {-0.88528128, -0.991515034, -0.867575655, -0.0708225024, 0.424935015, 0.106233754},
     72,
     -28.8424641},
};

static void test_pyramid_is_the_notebooks(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof pyramids / sizeof *pyramids; k++) {
        int n = pyramids[k].channels * pyramids[k].h * pyramids[k].w;
        float *g = malloc((size_t)n * sizeof *g);
        for (int i = 0; i < n; i++)
            g[i] = (float)((7 * i * i + 13 * i) % 101 - 50) / 50 * (float)(1 + i % 3);
        fvi_gradient_settings d = {.kind = FVI_GRADIENT_SCALE_LAPLACIAN,
                                   .levels = pyramids[k].splits + 1};
        const int c = pyramids[k].channels, h = pyramids[k].h, w = pyramids[k].w;
        float *room = malloc((size_t)fvi_normalise_room(&d, c, h, w) * sizeof *room);
        assert_non_null(room);
        assert_int_equal(fvi_normalise(&d, g, c, h, w, room, NULL), FV_OK);
        free(room);
        const int places[6] = {0, n / 7, n / 3, n / 2, n - 2, n - 1};
        double squares = 0, weighted = 0;
        for (int i = 0; i < n; i++) {
            squares += (double)g[i] * g[i];
            weighted += g[i] * (double)(37 * i % 11 - 5);
        }
        for (int i = 0; i < 6; i++)
            if (fabs(g[places[i]] - pyramids[k].at[i]) > 1e-5)
                fail_msg("pyramid %zu at %d: %.9g, not %.9g", k, places[i], (double)g[places[i]],
                         pyramids[k].at[i]);
        assert_true(fabs(squares / pyramids[k].squares - 1) < 1e-5);
        assert_true(fabs(weighted - pyramids[k].weighted) < 1e-4 * n);
        free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divisors), cmocka_unit_test(test_max),
        cmocka_unit_test(test_clip),     cmocka_unit_test(test_what_cannot_be_normalised_stays),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_pyramid_is_the_notebooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
