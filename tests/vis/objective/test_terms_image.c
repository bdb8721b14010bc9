/* SPDX-License-Identifier: Apache-2.0 */
/* Regularisers: values and gradients against PyTorch's, gradients against central differences, and
 * how they are written as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vis/objective/terms_image.h"

enum { C = 3, H = 7, W = 9, N = C * H * W };

/* "lp(6)" -> kind and arguments. */
static fv_status read_term(const char *text, fvi_picture_kind *kind, float argument[2],
                           fv_error *err) {
    char name[32];
    double given[3];
    int n = 0;
    size_t length = strcspn(text, "(");
    memcpy(name, text, length);
    name[length] = 0;
    for (const char *at = text + length; *at == '(' || *at == ',';) {
        char *end;
        given[n++] = strtod(at + 1, &end);
        at = end;
    }
    return fvi_picture_term_find(name, given, n, kind, argument, err);
}

static void picture_and_start(float *p, float *start) {
    for (int i = 0; i < N; i++) {
        p[i] = (float)((7 * i * i + 13 * i) % 101 - 40) / 64;
        start[i] = (float)((5 * i * i + 3 * i) % 89 - 30) / 64;
    }
}

/* Value, and the sum of the gradient weighted with (37 i) % 11 - 5, on the picture above. Made with
 * PyTorch 2.13.0 in double and its autograd, from each program's formula written out with slices
 * and F.conv2d. */
static const struct {
    const char *text;
    double value, gradient;
} references[] = {
    {"tv", 176.9375, -103},
    {"tv(2)", 0.675631407, -0.45353836},
    {"tv(1.5)", 0.639314186, -0.341964952},
    {"l1(0)", 74.046875, -51},
    {"l1(0.503)", 85.781375, -8},
    {"l2(0)", 6.19244996, -2.97489283},
    {"l2(0.5)", 7.85928187, -1.96224989},
    {"lp(6)", 0.00731550309, 0.00304207342},
    {"lp(1.5)", 0.0739206446, -0.0448514212},
    {"lp(inf)", 0.00479497354, 0.0141093474},
    {"squares(0.25)", 38.244873, -33.84375},
    {"distance", 0.380770244, -0.10896164},
    {"boundary(2,0.5)", 59.1400855, -34.1592136},
    {"boundary(1,-0.25)", 34.7317089, -38.6287285},
    {"boundary(20,0.5)", 81.6793139, -62.2176965},
    {"mean_tv", 0.936177249, -0.544973545},
    {"mean_norm(1)", 0.391782407, -0.26984127},
    {"mean_norm(2)", 0.45043445, -0.216391615},
    {"difference", 0.617065835, -0.0882901257},
    {"blur", 12.6177833, -20.084375},
};
enum { REFERENCES = sizeof references / sizeof *references };

static void test_terms_are_those_of_their_programs(void **state) {
    (void)state;
    float p[N], start[N], dp[N];
    picture_and_start(p, start);
    for (int k = 0; k < REFERENCES; k++) {
        fvi_picture_kind kind;
        float a[2];
        assert_int_equal(read_term(references[k].text, &kind, a, NULL), FV_OK);
        for (int i = 0; i < N; i++) dp[i] = 1;
        double value = fvi_picture_term(kind, a, p, start, C, H, W, -2, dp), sum = 0;
        for (int i = 0; i < N; i++) sum += (dp[i] - 1.0) / -2 * (37 * i % 11 - 5);
        if (fabs(value / references[k].value - 1) > 1e-6 ||
            fabs(sum - references[k].gradient) > 2e-4)
            fail_msg("%s: %.9g, %.9g", references[k].text, value, sum);
    }
}

/* Of every element, but for blur, whose b is held fixed, and for elements at a kink. */
static void test_gradients_are_central_differences(void **state) {
    (void)state;
    const float e = 1.0f / 512;
    float p[N], start[N], dp[N], unused[N];
    picture_and_start(p, start);
    for (int i = 0; i < N; i++) p[i] += (float)(i % 7 + 1) / 16384 * 64; /* no two are equal */
    for (int k = 0; k < REFERENCES - 1; k++) {
        fvi_picture_kind kind;
        float a[2];
        assert_int_equal(read_term(references[k].text, &kind, a, NULL), FV_OK);
        memset(dp, 0, sizeof dp);
        double here = fvi_picture_term(kind, a, p, start, C, H, W, 1, dp);
        int compared = 0;
        for (int i = 0; i < N; i++) {
            float keep = p[i];
            p[i] = keep + e;
            double up = fvi_picture_term(kind, a, p, start, C, H, W, 1, unused);
            p[i] = keep - e;
            double down = fvi_picture_term(kind, a, p, start, C, H, W, 1, unused);
            p[i] = keep;
            double slope = (up - down) / (2 * e), bend = (up - 2 * here + down) / e;
            if (fabs(bend) > 0.2 * (fabs(up - here) + fabs(here - down)) / e) continue;
            compared++;
            if (fabs(slope - dp[i]) > 1e-4 * fmax(fabs(slope), 0.1))
                fail_msg("%s at %d: %g, not %g", references[k].text, i, (double)dp[i], slope);
        }
        if (compared < N / 2 && strcmp(references[k].text, "lp(inf)") != 0)
            fail_msg("%s: only %d elements compared", references[k].text, compared);
    }
}

/* One pixel, one row, one column, and flat pictures: finite everywhere. */
static void test_small_and_flat_pictures(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 4}, {4, 1}, {2, 2}, {5, 5}};
    static const float levels[] = {0, 0.5f, 255};
    for (int k = 0; k < REFERENCES; k++)
        for (int s = 0; s < 5; s++)
            for (int l = 0; l < 3; l++) {
                fvi_picture_kind kind;
                float a[2], p[25], dp[25] = {0};
                int h = sizes[s][0], w = sizes[s][1];
                assert_int_equal(read_term(references[k].text, &kind, a, NULL), FV_OK);
                for (int i = 0; i < 25; i++) p[i] = levels[l];
                assert_true(isfinite(fvi_picture_term(kind, a, p, p, 1, h, w, -1, dp)));
                for (int i = 0; i < 25; i++) assert_true(isfinite(dp[i]) && (i < h * w || !dp[i]));
            }
}

/* Large numbers with a large p do not overflow. */
static void test_norms_do_not_overflow(void **state) {
    (void)state;
    const float a[2] = {1000, 0}, p[4] = {255, -100, 254, 1e-20f};
    float dp[4] = {0};
    double value = fvi_picture_term(FVI_PICTURE_MEAN_NORM, a, p, p, 1, 2, 2, 1, dp);
    assert_true(fabs(value - 255 * pow(4, -0.001)) < 0.1);
    assert_true(dp[0] > 0.9f && dp[0] <= 1 && dp[1] <= 0 && dp[3] == 0);
}

static void test_text(void **state) {
    (void)state;
    static const char *const spellings[][2] = {{"tv", "tv"},
                                               {"tv(2)", "tv(2)"},
                                               {"tv(1.50)", "tv(1.5)"},
                                               {"l1", "l1(0)"},
                                               {"l2(-.1)", "l2(-0.1)"},
                                               {"lp", "lp(6)"},
                                               {"lp(inf)", "lp(inf)"},
                                               {"squares", "squares(0)"},
                                               {"boundary", "boundary(20,0.5)"},
                                               {"boundary(5)", "boundary(5,0.5)"},
                                               {"boundary(5,0)", "boundary(5,0)"},
                                               {"mean_norm", "mean_norm(2)"},
                                               {"mean_tv", "mean_tv"},
                                               {"blur", "blur"}};
    for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++) {
        fvi_picture_kind kind = FVI_PICTURE_NONE;
        float a[2];
        char text[64];
        assert_int_equal(read_term(spellings[k][0], &kind, a, NULL), FV_OK);
        fvi_picture_term_text(kind, a, text, sizeof text);
        assert_string_equal(text, spellings[k][1]);
    }
    char small[4];
    fvi_picture_term_text(FVI_PICTURE_DISTANCE, (float[2]){0}, small, sizeof small);
    assert_string_equal(small, "dis");
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "tv(0)",           "tv(nan)",        "tv(1,2)",     "tv(inf)",     "l1(1,2)",
        "lp(0.5)",         "lp(nan)",        "distance(1)", "boundary(0)", "boundary(1.5)",
        "boundary(1,2,3)", "mean_norm(inf)", "mean_tv(1)"};
    fvi_picture_kind kind = FVI_PICTURE_L1;
    float a[2] = {7, 7};
    fv_error err;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(read_term(bad[k], &kind, a, &err), FV_ARG);
        assert_int_equal(kind, FVI_PICTURE_L1);
        assert_true(a[0] == 7 && a[1] == 7);
    }
    assert_int_equal(read_term("conv1", &kind, a, &err), FV_OK);
    assert_int_equal(kind, FVI_PICTURE_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms_are_those_of_their_programs),
        cmocka_unit_test(test_gradients_are_central_differences),
        cmocka_unit_test(test_small_and_flat_pictures),
        cmocka_unit_test(test_norms_do_not_overflow),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
