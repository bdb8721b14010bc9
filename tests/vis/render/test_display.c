/* SPDX-License-Identifier: Apache-2.0 */
/* From numbers to values a file can hold, against numpy; and what is no number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "vis/render/display.h"

enum { C = 3, PLANE = 63, N = C * PLANE };

static void sample(float *p) {
    for (int i = 0; i < N; i++)
        p[i] = (float)(((7 * i * i + 13 * i) % 101 - 40) / 64.0 * 100 + 50 + i * 0.25 +
                       (i == 5) * 4000 - (i == 77) * 3000);
}

/* Elements 0, 5, 50, 77, 150, 188 and the sum, made with numpy 2 by the formulas of keras-vis'
 * deprocess_input and Horama's plot_maco. */
static const struct {
    fvi_display_kind kind;
    double at[6], sum;
} references[] = {
    {FVI_DISPLAY_CLIP, {0, 1, 0.435049027, 0, 0.539215684, 0.619362772}, 64.2301473},
    {FVI_DISPLAY_LINEAR, {0.412365913, 1, 0.430229187, 0, 0.43407318, 0.437030792}, 80.7789023},
    {FVI_DISPLAY_STANDARD, {0.471310681, 1, 0.505395278, 0, 0.512729939, 0.518373312}, 94.2229526},
    {FVI_DISPLAY_PERCENTILE, {0, 1, 0.674626946, 0, 0.822233319, 0.935803354}, 101.254463},
};

static void test_kinds_are_those_of_their_programs(void **state) {
    (void)state;
    static const int places[6] = {0, 5, 50, 77, 150, 188};
    float p[N], out[N];
    sample(p);
    for (size_t k = 0; k < sizeof references / sizeof *references; k++) {
        const fvi_display_settings d = {.kind = references[k].kind};
        double sum = 0;
        fvi_display(&d, p, C, PLANE, 0, 255, out);
        for (int i = 0; i < N; i++) sum += out[i];
        for (int i = 0; i < 6; i++)
            if (fabs(out[places[i]] - references[k].at[i]) > 1e-5)
                fail_msg("kind %d at %d: %.9g, not %.9g", (int)d.kind, places[i],
                         (double)out[places[i]], references[k].at[i]);
        assert_true(fabs(sum - references[k].sum) < 1e-3);
    }
}

static void test_alpha_is_plot_macos(void **state) {
    (void)state;
    static const int places[5] = {0, 1, 20, 40, 62};
    static const double at[5] = {0.453437448, 0.279565811, 0.351552069, 0.487716615, 0.742715657};
    float p[N], alpha[PLANE];
    double sum = 0;
    sample(p);
    for (int i = 0; i < N; i++) p[i] = fabsf(p[i]);
    fvi_display_alpha(p, C, PLANE, alpha);
    for (int i = 0; i < 5; i++) assert_true(fabs(alpha[places[i]] - at[i]) < 1e-5);
    for (int i = 0; i < PLANE; i++) sum += alpha[i];
    assert_true(fabs(sum - 49.5463715) < 1e-4);
}

/* Percentiles of every size from one element on, ordered or not, with many equal ones. */
static void test_percentiles_of_any_count(void **state) {
    (void)state;
    const fvi_display_settings d = {.kind = FVI_DISPLAY_PERCENTILE};
    float p[300], out[300];
    for (int n = 2; n < 300; n++)
        for (int order = 0; order < 4; order++) {
            for (int i = 0; i < n; i++)
                p[i] = (float)(order == 0   ? i
                               : order == 1 ? n - i
                               : order == 2 ? i * 7919 % n
                                            : i % 2);
            fvi_display(&d, p, 1, n, 0, 1, out);
            if (order == 3) {
                assert_true(out[0] == 0 && out[1] == 1);
                continue;
            }
            double low = 0.01 * (n - 1), high = 0.99 * (n - 1), base = order == 1 ? 1 : 0;
            for (int i = 0; i < n; i++) {
                double want = fmin(fmax((p[i] - base - low) / (high - low), 0), 1);
                assert_true(fabs(out[i] - want) < 1e-5);
            }
        }
}

/* NaN is mid grey, infinities are black and white, and neither changes what is around it. */
static void test_what_is_no_number(void **state) {
    (void)state;
    for (int kind = FVI_DISPLAY_CLIP; kind <= FVI_DISPLAY_PERCENTILE; kind++) {
        const fvi_display_settings d = {.kind = (fvi_display_kind)kind};
        const float p[8] = {NAN, 10, INFINITY, 20, 30, -INFINITY, 40, NAN}, q[4] = {10, 20, 30, 40};
        float out[8], plain[4];
        fvi_display(&d, p, 2, 4, 0, 50, out);
        fvi_display(&d, q, 1, 4, 0, 50, plain);
        assert_true(out[0] == 0.5f && out[7] == 0.5f && out[2] == 1 && out[5] == 0);
        assert_true(out[1] == plain[0] && out[3] == plain[1] && out[4] == plain[2] &&
                    out[6] == plain[3]);
        const float none[2] = {NAN, NAN}, flat[2] = {7, 7};
        fvi_display(&d, none, 1, 2, 0, 50, out);
        assert_true(out[0] == 0.5f && out[1] == 0.5f);
        fvi_display(&d, flat, 1, 2, 0, 50, out);
        assert_true(out[0] == (kind == FVI_DISPLAY_CLIP ? 0.14f : 0.5f) && out[1] == out[0]);
    }
}

static void test_alpha_of_little(void **state) {
    (void)state;
    float none[12] = {0}, few[24] = {0, 0, 3}, bad[12] = {NAN, 1, INFINITY, 1}, alpha[12];
    fvi_display_alpha(none, 2, 6, alpha);
    for (int i = 0; i < 6; i++) assert_true(alpha[i] == 1);
    few[12] = 6;
    fvi_display_alpha(few, 2, 12, alpha); /* percentile 80 is 0: the largest takes its place */
    assert_true(alpha[0] == 1 && alpha[1] == 0 && alpha[2] == 0.5f);
    fvi_display_alpha(bad, 2, 6, alpha);
    assert_true(alpha[0] == 0 && alpha[1] == 1 && alpha[2] == 0 && alpha[3] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_those_of_their_programs),
        cmocka_unit_test(test_alpha_is_plot_macos),
        cmocka_unit_test(test_percentiles_of_any_count),
        cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_alpha_of_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
