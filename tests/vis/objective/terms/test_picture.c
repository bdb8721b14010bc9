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

#include "vis/objective/reader.h"
#include "vis/objective/terms.h"

enum { C = 3, H = 7, W = 9, N = C * H * W };

/* "lp(6)" -> a term of that weight. Nothing is written on failure. */
static fv_status read_term(const char *text, float weight, fvi_term *out, fv_error *err) {
    fvi_call c = {.text = text};
    char **part = g_strsplit_set(text, "(,)", -1);
    fvi_term terms[FVI_MAX_TERMS];
    int n_terms = 0;
    fvi_reader r = {.weight = weight, .n_terms = &n_terms, .terms = terms};
    for (c.name = part[0]; part[c.n + 1] && *part[c.n + 1]; c.n++) c.arg[c.n] = part[c.n + 1];
    const fvi_term_kind *kind = fvi_terms_find_picture(c.name, c.n);
    assert_non_null(kind);
    const fv_status st = kind->read(&r, kind, &c, err);
    assert_int_equal(n_terms, st ? 0 : 1);
    if (!st) *out = terms[0];
    g_strfreev(part);
    return st;
}

static double evaluate(const fvi_term *t, const float *p, const float *start, int channels, int h,
                       int w, float *dp) {
    const fvi_picture_view v = {p, start, channels, h, w, (int64_t)channels * h * w, dp};
    return t->kind->picture(t, &v);
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
        fvi_term t;
        assert_int_equal(read_term(references[k].text, -2, &t, NULL), FV_OK);
        for (int i = 0; i < N; i++) dp[i] = 1;
        double value = evaluate(&t, p, start, C, H, W, dp), sum = 0;
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
        fvi_term t;
        assert_int_equal(read_term(references[k].text, 1, &t, NULL), FV_OK);
        memset(dp, 0, sizeof dp);
        double here = evaluate(&t, p, start, C, H, W, dp);
        int compared = 0;
        for (int i = 0; i < N; i++) {
            float keep = p[i];
            p[i] = keep + e;
            double up = evaluate(&t, p, start, C, H, W, unused);
            p[i] = keep - e;
            double down = evaluate(&t, p, start, C, H, W, unused);
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
                fvi_term t;
                float p[25], dp[25] = {0};
                int h = sizes[s][0], w = sizes[s][1];
                assert_int_equal(read_term(references[k].text, -1, &t, NULL), FV_OK);
                for (int i = 0; i < 25; i++) p[i] = levels[l];
                assert_true(isfinite(evaluate(&t, p, p, 1, h, w, dp)));
                for (int i = 0; i < 25; i++) assert_true(isfinite(dp[i]) && (i < h * w || !dp[i]));
            }
}

/* Large numbers with a large p do not overflow. */
static void test_norms_do_not_overflow(void **state) {
    (void)state;
    const fvi_term t = {.kind = &fvi_term_mean_norm, .weight = 1, .argument = {1000, 0}};
    const float p[4] = {255, -100, 254, 1e-20f};
    float dp[4] = {0};
    double value = evaluate(&t, p, p, 1, 2, 2, dp);
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
        fvi_term t;
        GString *s = g_string_new(NULL);
        assert_int_equal(read_term(spellings[k][0], 1, &t, NULL), FV_OK);
        t.kind->text(NULL, &t, 1, s);
        assert_string_equal(s->str, spellings[k][1]);
        g_string_free(s, TRUE);
    }
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "tv(0)",           "tv(nan)",        "tv(1,2)",     "tv(inf)",     "l1(1,2)",
        "lp(0.5)",         "lp(nan)",        "distance(1)", "boundary(0)", "boundary(1.5)",
        "boundary(1,2,3)", "mean_norm(inf)", "mean_tv(1)"};
    fvi_term t = {.argument = {7, 7}};
    fv_error err;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(read_term(bad[k], 1, &t, &err), FV_ARG);
        assert_null(t.kind);
        assert_true(t.argument[0] == 7 && t.argument[1] == 7);
    }
    assert_null(fvi_terms_find_picture("conv1", 0));
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
