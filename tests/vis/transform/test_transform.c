/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of transforms: adjoints by <A x - A 0, y> == <x, At y>, one by one and together; sizes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/resize.h"
#include "transform_help.h"
#include "vis/transform/transform_kind.h"

/* ---- roll ----------------------------------------------------------------------------------- */

/* <A x, y> == <x, At y>, At being the roll back. */
static void roll_has_its_adjoint(void **state) {
    (void)state;
    enum { C = 2, H = 7, W = 5, N = C * H * W };
    float *x = noise(1, N), *y = noise(2, N), ax[N], aty[N];
    int shifts[][2] = {{0, 0}, {3, -2}, {-7, 5}, {20, -13}, {-1, 0}, {INT32_MIN, INT32_MAX}};
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        int dy = shifts[i][0], dx = shifts[i][1];
        roll(x, C, H, W, dy, dx, ax);
        roll(y, C, H, W, -(dy % H), -(dx % W), aty);
        assert_true(fabs(dot(ax, y, N) - dot(x, aty, N)) < 1e-5);
    }
    free(x);
    free(y);
}

static void roll_moves_down_and_right(void **state) {
    (void)state;
    float x[6] = {1, 2, 3, 4, 5, 6}, out[6];
    roll(x, 1, 2, 3, 1, 1, out);
    const float want[6] = {6, 4, 5, 3, 1, 2};
    assert_memory_equal(out, want, sizeof want);
}

/* ---- adjoints ------------------------------------------------------------------------------- */

static int is_tested[64]; /* [kind] alone in a chain */

static void check_adjoint(const char *text, const fvi_chain_frame *f) {
    const fvi_transforms list = parse(text);
    if (list.count == 1) is_tested[list.list[0].kind] = 1;
    fvi_chain *c = chain(text, f);
    int64_t n = (int64_t)f->channels * f->h * f->w, plane = fvi_chain_max_plane(c);
    float *x = noise(1, n), *zero = calloc((size_t)n, sizeof *zero), *aty = noise(2, n + 1);
    for (uint32_t e = 0; e < 12; e++) {
        fvi_draw_key key = {7, e % 3, e, FVI_DRAW_TRANSFORM, (float)e / 11};
        int h, w;
        fvi_chain_draw(c, &key, &h, &w);
        assert_true(h >= 1 && w >= 1 && (int64_t)h * w <= plane);
        int64_t m = (int64_t)f->channels * h * w;
        float *ax = malloc((size_t)(m + 1) * sizeof *ax), *a0 = malloc((size_t)m * sizeof *a0);
        float *y = noise(3, m);
        ax[m] = aty[n] = 77;
        fvi_chain_apply(c, x, ax);
        fvi_chain_apply(c, zero, a0);
        fvi_chain_adjoint(c, y, aty);
        assert_true(ax[m] == 77 && aty[n] == 77);
        for (int64_t i = 0; i < m; i++) ax[i] -= a0[i];
        double left = dot(ax, y, m), right = dot(x, aty, n);
        double length = sqrt(dot(ax, ax, m) * dot(y, y, m)) + sqrt(dot(x, x, n) * dot(aty, aty, n));
        if (!(fabs(left - right) <= 1e-5 * length + 1e-9))
            fail_msg("%s, %d %d x %d, evaluation %u: %g %g", text, f->channels, f->h, f->w, e, left,
                     right);
        free(ax), free(a0), free(y);
    }
    free(x), free(zero), free(aty);
    fvi_chain_free(c);
}

static const fvi_chain_frame frames[] = {
    {1, 33, 33, 24, 24, 0, 1}, {3, 21, 38, 17, 29, 0, 255}, {3, 40, 23, 40, 23, -2, 2},
    {2, 17, 17, 50, 20, 0, 1}, {3, 90, 70, 20, 20, 0, 1},
};
enum { FRAMES = sizeof frames / sizeof *frames };

static void every_kind_has_its_adjoint(void **state) {
    (void)state;
    static const char *const with_edges[] = {"pad(5",
                                             "pad(60",
                                             "translate(9",
                                             "translate(0,7",
                                             "zoom(.5,2",
                                             "zoom(.8,1.2,.1",
                                             "rotate(-180,180",
                                             "rotate(-10,10,5",
                                             "crop(.5,1.1",
                                             "fit(",
                                             "crop(.3,.6,.9,1.4,15,.5",
                                             "crop(.1,1,.1,1,5,1,.3"};
    static const char *const edges[] = {"", ";zero", ";grey", ";reflect", ";wrap", ";repeat"};
    static const char *const others[] = {"jitter(8)",
                                         "jitter(0)",
                                         "roll(4)",
                                         "roll(100)",
                                         "roll(4,-1)",
                                         "roll(50,0,1)",
                                         "scale(.9,1.1)",
                                         "scale(.5,2,.1)",
                                         "scale(.9,1.1,.02,1)",
                                         "resize(9)",
                                         "scale(.3,1.2,.1,2)",
                                         "scale(.03,.03,0,2)",
                                         "flip(.5)",
                                         "flip(1)",
                                         "noise(.1)",
                                         "noise(.1,.2)",
                                         "noise(0,.2)",
                                         "noise(0)",
                                         "blur(0,2)",
                                         "blur(5,5)",
                                         "color(.2,.1)",
                                         "resize(0)",
                                         "resize(31)",
                                         "resize(31,1)",
                                         "resize(9,2)",
                                         "octave(1,2)",
                                         "translate(9,0,1)",
                                         "rotate(0,0,0,1)"};
    char text[80];
    for (int k = 0; k < FRAMES; k++) {
        for (size_t i = 0; i < sizeof with_edges / sizeof *with_edges; i++)
            for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
                snprintf(text, sizeof text, "%s%s)", with_edges[i], edges[e]);
                check_adjoint(text, &frames[k]);
            }
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            check_adjoint(others[i], &frames[k]);
    }
    for (int kind = 1; fvi_transform_find(kind); kind++)
        if (!is_tested[kind]) fail_msg("%s is not tested", fvi_transform_find(kind)->name);
}

static void chains_have_their_adjoint(void **state) {
    (void)state;
    static const char *const chains[] = {
        "none",
        "pad(12;grey) jitter(8) scale(.9,1.1,.02) rotate(-10,10,5) jitter(4)",
        "pad(12;grey) jitter(8) scale(.9,1.1,.02,1) rotate(-10,10,5) jitter(4)",
        "pad(12;grey) translate(0,7) scale(.9,1.1,.02,2) rotate(-10,10,5) translate(0,3) "
        "resize(30,2)",
        "crop(.6,1.1,.6,1.1,15,.5;reflect) color(.2,.04) noise(.05)",
        "crop(.25,.30,.25,.30,0,0,.15) noise(.05,.025)",
        "roll(4,-1) rotate(-1,1;reflect)",
        "pad(8) jitter(4) jitter(4) scale(.92,.96) blur(1,1.1) jitter(2) flip(.5) resize(0)",
        "pad(1) pad(1) pad(1) pad(1) pad(1) pad(1) pad(1) pad(1) jitter(1) jitter(1) jitter(1) "
        "jitter(1) jitter(1) jitter(1) jitter(1) fit()"};
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        for (int k = 0; k < FRAMES; k++) check_adjoint(chains[i], &frames[k]);
}

/* The gradients that are peers' instead of adjoints, on numbers: octave resizes back, translate's
 * `back` shifts back with the same edge. */
static void peers_gradients_come_back_their_way(void **state) {
    (void)state;
    const float in[9] = {0, 1, 4, 9, 16, 25, 36, 49, 64};
    int h, w, seen = 0;
    fvi_chain *octave = chain("octave(3,1.5)", &(fvi_chain_frame){1, 9, 9, 1, 9, 0, 1});
    float square[81], smaller[81], larger[81], direct[81];
    for (int i = 0; i < 81; i++) square[i] = in[i % 9] + (float)(i / 9);
    for (uint32_t e = 0; e < 30; e++) {
        fvi_draw_key key = {1, e, e, FVI_DRAW_TRANSFORM, 0};
        fvi_chain_draw(octave, &key, &h, &w);
        fvi_random r = stream(&key, 0, 1);
        int k = fvi_random_int(&r, 0, 2);
        const int sides[] = {9, 6, 4};
        assert_true(h == sides[k] && w == sides[k]);
        fvi_chain_apply(octave, square, smaller);
        fvi_chain_adjoint(octave, smaller, larger);
        fvi_resize(fvi_planes_of(1, h, w, smaller), fvi_planes_of(1, 9, 9, direct), FVI_ALIGN_ENDS);
        assert_memory_equal(larger, direct, sizeof direct);
        seen |= 1 << k;
    }
    assert_int_equal(seen, 7);
    fvi_chain_free(octave);

    fvi_chain *shift = chain("translate(0,3,1;repeat)", &(fvi_chain_frame){1, 4, 9, 1, 9, 0, 1});
    float wide[36], moved[36], returned[36];
    for (int i = 0; i < 36; i++) wide[i] = in[i % 9];
    for (uint32_t e = 0; e < 8; e++) {
        fvi_draw_key key = {1, 0, e, FVI_DRAW_TRANSFORM, 0};
        fvi_chain_draw(shift, &key, &h, &w);
        fvi_random r = stream(&key, 0, 0);
        fvi_random_int(&r, 0, 3); /* down: the rows are all the same */
        int dx = fvi_random_int(&r, 0, 3);
        fvi_chain_apply(shift, wide, moved);
        fvi_chain_adjoint(shift, wide, returned);
        for (int i = 0; i < 9; i++) {
            assert_true(moved[i] == in[i - dx < 0 ? 0 : i - dx]);
            assert_true(returned[i] == in[i + dx > 8 ? 8 : i + dx]);
        }
    }
    fvi_chain_free(shift);
    fvi_chain *turn = chain("rotate(90,90,0,1)", &(fvi_chain_frame){1, 9, 9, 1, 9, 0, 1});
    fvi_chain_apply(turn, square, smaller); /* counter-clockwise: the right side comes to the top */
    for (int i = 0; i < 81; i++) assert_true(smaller[i] == square[i % 9 * 9 + 8 - i / 9]);
    fvi_chain_adjoint(turn, smaller, larger);
    assert_memory_equal(larger, square, sizeof square);
    fvi_chain_free(turn);
}

static const fvi_chain_frame plain = {3, 21, 26, 14, 11, -1, 3};

/* ---- sizes and errors ----------------------------------------------------------------------- */

static void sizes_stay_under_the_bound(void **state) {
    (void)state;
    static const char *const texts[] = {"scale(.5,1.31,.2)", "scale(.4,.97,0,2)",
                                        "scale(.5,1.5,0,1)",
                                        "scale(.9,1.1,.02,2) scale(.9,1.1,.02,2)", "octave(5,1.4)"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        fvi_chain *c = chain(texts[k], &plain);
        int64_t most = 0;
        for (uint32_t e = 0; e < 2000; e++) {
            fvi_draw_key key = {1, 2, e, FVI_DRAW_TRANSFORM, 0};
            int h, w;
            fvi_chain_draw(c, &key, &h, &w);
            if ((int64_t)h * w > most) most = (int64_t)h * w;
        }
        assert_true(most <= fvi_chain_max_plane(c));
        assert_true((double)most >= 0.8 * (double)fvi_chain_max_plane(c));
        fvi_chain_free(c);
    }
}

static void a_chain_can_be_asked_whether_it_keeps_the_size(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int keeps;
    } cases[] = {{"roll(4,-1) rotate(-1,1;reflect)", 1}, {"", 1},           {"jitter(2)", 0},
                 {"pad(3) jitter(6) zoom(.9,1.1)", 1},   {"fit()", 0},      {"scale(.9,1.1)", 0},
                 {"scale(.9,1.1) resize(21)", 0},        {"resize(26)", 0}, {"octave(2,2)", 0}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fvi_chain *c = chain(cases[k].text, &plain);
        assert_int_equal(fvi_chain_keeps_size(c), cases[k].keeps);
        fvi_chain_free(c);
    }
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"jitter(21)", "number 1, jitter(21...), makes 0 x 5 of 21 x 26"},
        {"pad(2) jitter(40)", "number 2, jitter(40...)"},
        {"scale(.01,1)", "number 1, scale(0.01...), makes 0 x 0"},
        {"resize(4) resize(0) fit() pad(0) jitter(11)", "number 5, jitter(11...), makes 3 x 0"},
        {"octave(16,2)", "makes 0 x 0"},
        {"resize(30000)", "makes up to 30000 x 30000; allowed: at most 2^28"},
        {"scale(1,100) scale(1,100) scale(1,100)", "number 2"},
        {"pad(4096) scale(1,100)", "number 2"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fvi_transforms t = parse(cases[k].text);
        fvi_chain *c = NULL;
        fv_error err;
        assert_int_equal(fvi_chain_new(&t, &plain, &c, &err), FV_ARG);
        if (!strstr(err.text, cases[k].part)) fail_msg("%s: %s", cases[k].text, err.text);
        assert_null(c);
    }
    const fvi_chain_frame bad[] = {{0, 4, 4, 4, 4, 0, 1},
                                   {1, 0, 4, 4, 4, 0, 1},
                                   {1, 4, 4, 4, 4, 1, 1},
                                   {1, 4, 4, 4, 4, NAN, 1},
                                   {1, 1 << 20, 1 << 20, 4, 4, 0, 1}};
    fvi_transforms none = parse("");
    fvi_chain *c = NULL;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(fvi_chain_new(&none, &bad[k], &c, NULL), FV_ARG);
    const fvi_chain_frame no_net = {1, 4, 4, 0, 0, 0, 1};
    fvi_transforms crop = parse("crop(.5,1)");
    assert_int_equal(fvi_chain_new(&crop, &no_net, &c, NULL), FV_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roll_has_its_adjoint),
        cmocka_unit_test(roll_moves_down_and_right),
        cmocka_unit_test(every_kind_has_its_adjoint),
        cmocka_unit_test(chains_have_their_adjoint),
        cmocka_unit_test(peers_gradients_come_back_their_way),
        cmocka_unit_test(sizes_stay_under_the_bound),
        cmocka_unit_test(a_chain_can_be_asked_whether_it_keeps_the_size),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
