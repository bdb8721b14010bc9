/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of transform makes of its draws, written out again from the contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/blur.h"
#include "signal/resize.h"
#include "signal/sample.h"
#include "transform_help.h"

/* Runs `text` on a picture of numbers at `key`.  returns what comes out; yours to free */
static float *run(const char *text, const fvi_chain_frame *f, const fvi_draw_key *key,
                  const float *in, int *h, int *w) {
    fvi_chain *c = chain(text, f);
    fvi_chain_draw(c, key, h, w);
    float *out = malloc((size_t)((int64_t)f->channels * *h * *w) * sizeof *out);
    fvi_chain_apply(c, in, out);
    fvi_chain_free(c);
    return out;
}

enum { C = 3, H = 21, W = 26, N = C * H * W };
static const fvi_chain_frame plain = {C, H, W, 14, 11, -1, 3};

static double at(const float *in, int64_t c, int64_t y, int64_t x) {
    return in[(c * H + y) * W + x];
}

static void moves_as_drawn(void **state) {
    (void)state;
    float *in = noise(4, N);
    for (uint32_t e = 0; e < 20; e++) {
        fvi_draw_key key = {9, 5, e, FVI_DRAW_IN_PLACE, 0};
        int h, w;
        fvi_random r = stream(&key, 0, 0);
        int a = fvi_random_int(&r, 0, 6), b = fvi_random_int(&r, 0, 6);
        float *out = run("jitter(6)", &plain, &key, in, &h, &w);
        assert_true(h == H - 6 && w == W - 6);
        for (int i = 0; i < C * h * w; i++)
            assert_true(out[i] == at(in, i / (h * w), a + i / w % h, b + i % w));
        free(out);

        r = stream(&key, 0, 0);
        a = fvi_random_int(&r, -4, 3), b = fvi_random_int(&r, -4, 3);
        out = run("roll(4,-1)", &plain, &key, in, &h, &w);
        float *want = malloc(N * sizeof *want);
        roll(in, C, H, W, a, b, want);
        assert_memory_equal(out, want, N * sizeof *want);
        free(out), free(want);

        out = run("translate(4,-1;grey)", &plain, &key, in, &h, &w);
        for (int i = 0; i < N; i++) {
            int y = i / W % H - a, x = i % W - b, inside = y >= 0 && x >= 0 && y < H && x < W;
            assert_true(out[i] == (inside ? at(in, i / (H * W), y, x) : 1)); /* (-1 + 3) / 2 */
        }
        free(out);

        r = stream(&key, 0, 0);
        int flip = fvi_random_uniform(&r) < 0.4f;
        out = run("flip(.4)", &plain, &key, in, &h, &w);
        for (int i = 0; i < N; i++)
            assert_true(out[i] == (flip ? in[i / W * W + W - 1 - i % W] : in[i]));
        free(out);
    }
    free(in);
}

/* What scipy 1.x's shift(mode="wrap", order=0) makes of [0 1 2 3 4] by -6..6, by its definition:
 * the period is 4; below 0 come 1..4, above the end 0..3. */
static void lap_is_scipys(void **state) {
    (void)state;
    const float in[25] = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2,
                          3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4};
    const fvi_chain_frame f = {1, 5, 5, 5, 5, 0, 1};
    const float minus_one[5] = {1, 2, 3, 4, 1}, plus_two[5] = {2, 3, 0, 1, 2};
    int h, w, seen = 0;
    for (uint32_t e = 0; e < 60; e++) {
        fvi_draw_key key = {3, 0, e, FVI_DRAW_IN_PLACE, 0};
        fvi_random r = stream(&key, 0, 0);
        fvi_random_int(&r, -6, 6);
        int dx = fvi_random_int(&r, -6, 6);
        float *out = run("roll(6,0,1)", &f, &key, in, &h, &w);
        if (dx == -1) assert_memory_equal(out, minus_one, sizeof minus_one);
        if (dx == 2) assert_memory_equal(out, plus_two, sizeof plus_two);
        seen |= (dx == -1) | (dx == 2) << 1;
        free(out);
    }
    assert_int_equal(seen, 3);
}

static void pads_and_fits_about_the_centre(void **state) {
    (void)state;
    const float in[3] = {1, 2, 3};
    const struct {
        const char *text;
        int net, n;
        float want[8];
    } cases[] = {{"fit()", 1, 1, {2}},
                 {"fit()", 2, 2, {1, 2}},
                 {"fit(;repeat)", 6, 6, {1, 1, 2, 3, 3, 3}},
                 {"fit()", 5, 5, {0, 1, 2, 3, 0}},
                 {"pad(2;reflect)", 1, 7, {2, 1, 1, 2, 3, 3, 2}},
                 {"pad(2;wrap)", 1, 7, {2, 3, 1, 2, 3, 1, 2}},
                 {"pad(2;grey)", 1, 7, {.5f, .5f, 1, 2, 3, .5f, .5f}}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fvi_chain_frame f = {1, 1, 3, 1, cases[k].net, 0, 1};
        fvi_draw_key key = {0, 0, 0, FVI_DRAW_TRANSFORM, 0};
        int h, w;
        float *out = run(cases[k].text, &f, &key, in, &h, &w);
        assert_int_equal(w, cases[k].n);
        assert_memory_equal(out + h / 2 * w, cases[k].want, (size_t)w * sizeof *out);
        free(out);
    }
}

static void scales_as_drawn(void **state) {
    (void)state;
    float *in = noise(4, N);
    for (uint32_t e = 0; e < 40; e++) {
        fvi_draw_key key = {9, 5 + e % 2, e / 2, FVI_DRAW_TRANSFORM, 0};
        int h, w;
        fvi_random r = stream(&key, 0, 1);
        double factor = 0.5 + fvi_random_int(&r, 0, 11) * 0.1;
        static const char *const texts[] = {"scale(.5,1.6,.1)", "scale(.5,1.6,.1,1)",
                                            "scale(.5,1.6,.1,2)"};
        double add[] = {0.5, 1e-4, 1 - 1e-4};
        for (int like = 0; like < 3; like++) {
            int oh = (int)floor(H * factor + add[like]), ow = (int)floor(W * factor + add[like]);
            int py = like == 2 && oh < H ? (H - oh + 1) / 2 : 0;
            int px = like == 2 && ow < W ? (W - ow + 1) / 2 : 0;
            float *want = malloc((size_t)(C * oh * ow) * sizeof *want);
            fvi_resize(fvi_planes_of(C, H, W, in), fvi_planes_of(C, oh, ow, want),
                       (fvi_resize_align)like);
            float *out = run(texts[like], &plain, &key, in, &h, &w);
            assert_true(h == oh + 2 * py && w == ow + 2 * px);
            for (int i = 0; i < C * h * w; i++) {
                int y = i / w % h - py, x = i % w - px,
                    inside = y >= 0 && x >= 0 && y < oh && x < ow;
                float value = inside ? want[(i / (h * w) * oh + y) * ow + x] : 0;
                assert_true(fabsf(out[i] - value) < 1e-4f);
            }
            free(want), free(out);
        }
        r = stream(&key, 0, 1);
        factor = 0.5f + (1.25 - 0.5f) * fvi_random_uniform(&r);
        free(run("scale(.5,1.25)", &plain, &key, in, &h, &w));
        assert_true(h == (int)floor(H * factor + 0.5) && w == (int)floor(W * factor + 0.5));
    }
    free(in);
}

/* Bilinear, mirror on the border. */
static double look(const float *in, int c, double y, double x) {
    double fy = floor(y), fx = floor(x), sum = 0;
    for (int k = 0; k < 4; k++) {
        int row = fvi_edge_index((int64_t)fy + k / 2, H, FVI_EDGE_REFLECT);
        int column = fvi_edge_index((int64_t)fx + k % 2, W, FVI_EDGE_REFLECT);
        sum +=
            (k / 2 ? y - fy : 1 - y + fy) * (k % 2 ? x - fx : 1 - x + fx) * at(in, c, row, column);
    }
    return sum;
}

static void turns_and_zooms_as_drawn(void **state) {
    (void)state;
    float *in = noise(4, N);
    for (uint32_t e = 0; e < 20; e++) {
        fvi_draw_key key = {9, 5, e, FVI_DRAW_TRANSFORM, 0};
        int h, w;
        fvi_random r = stream(&key, 0, 0);
        int k = fvi_random_int(&r, 0, 20 + 5);
        double whole = k > 20 ? 0 : k - 10;
        r = stream(&key, 0, 0);
        double any = -10 + 20.0 * fvi_random_uniform(&r), zoom = 0.75 + 1.25 * (any + 10) / 20;
        for (int kind = 0; kind < 3; kind++) {
            const char *const texts[] = {"rotate(-10,10,5;reflect)", "rotate(-10,10;reflect)",
                                         "zoom(.75,2;reflect)"};
            double a = (kind == 0 ? whole : kind == 1 ? any : 0) * acos(-1) / 180;
            double f = kind == 2 ? zoom : 1;
            float *out = run(texts[kind], &plain, &key, in, &h, &w);
            assert_true(h == H && w == W);
            for (int i = 0; i < N; i++) {
                double y = (i / W % H - (H - 1) / 2.0) / f, x = (i % W - (W - 1) / 2.0) / f;
                double want = look(in, i / (H * W), x * sin(a) + y * cos(a) + (H - 1) / 2.0,
                                   x * cos(a) - y * sin(a) + (W - 1) / 2.0);
                assert_true(fabs(out[i] - want) < 2e-4);
            }
            free(out);
        }
    }
    free(in);
}

/* One crop from the numbers drawn: side x side samples a pixel, in pictures' own pixels. */
static void check_crop(const float *in, const float *out, double window, double angle, int flip,
                       double middle_y, double middle_x) {
    int oh = plain.net_h, ow = plain.net_w;
    double sy = window * H / oh, sx = window * W / ow;
    int side = fmax(sy, sx) > 1.5 ? (int)ceil(fmax(sy, sx)) : 1;
    for (int i = 0; i < C * oh * ow; i++) {
        double want = 0;
        for (int k = 0; k < side * side; k++) {
            double py = (i / ow % oh + (k / side + 0.5) / side) / oh - 0.5;
            double px = (i % ow + (k % side + 0.5) / side) / ow - 0.5;
            double y = py * window * H, x = (flip ? -px : px) * window * W;
            want += look(in, i / (oh * ow), middle_y * H - 0.5 + x * sin(angle) + y * cos(angle),
                         middle_x * W - 0.5 + x * cos(angle) - y * sin(angle)) /
                    (side * side);
        }
        assert_true(fabs(out[i] - want) < 2e-4);
    }
}

static void crops_as_drawn(void **state) {
    (void)state;
    float *in = noise(4, N);
    for (uint32_t e = 0; e < 40; e++) {
        float progress = (float)(e % 5) / 4;
        fvi_draw_key key = {9, 5, e, FVI_DRAW_TRANSFORM, progress};
        fvi_random r = stream(&key, 0, 0);
        double low = 0.3f + progress * (0.5 - 0.3f), high = 1.5 + progress * (0.75 - 1.5);
        double window = low + (high - low) * fvi_random_uniform(&r);
        double angle = 15 * (2.0 * fvi_random_uniform(&r) - 1) * acos(-1) / 180;
        int flip = fvi_random_uniform(&r) < 0.5f, h, w;
        fvi_random rest = r;
        double y = fvi_random_uniform(&r), x = fvi_random_uniform(&r);
        float *out = run("crop(.3,1.5,.5,.75,15,.5;reflect)", &plain, &key, in, &h, &w);
        assert_true(h == plain.net_h && w == plain.net_w);
        check_crop(in, out, window, angle, flip, window / 2 + (1 - window) * y,
                   window / 2 + (1 - window) * x);
        free(out);
        float n[2];
        fvi_random_normals(&rest, 2, n);
        double reach = fabs(1 - window) / 2;
        out = run("crop(.3,1.5,.5,.75,15,.5,.2;reflect)", &plain, &key, in, &h, &w);
        check_crop(in, out, window, angle, flip, 0.5 + fmax(-reach, fmin(reach, 0.2f * n[0])),
                   0.5 + fmax(-reach, fmin(reach, 0.2f * n[1])));
        free(out);
    }
    free(in);
}

static void pixels_change_as_drawn(void **state) {
    (void)state;
    float *in = noise(4, N), *normal = malloc(N * sizeof *normal),
          *work = malloc(H * W * sizeof *work);
    for (uint32_t e = 0; e < 10; e++) {
        fvi_draw_key key = {9, 5, e, FVI_DRAW_TRANSFORM, 0};
        int h, w;
        fvi_random r = stream(&key, 0, 0);
        fvi_random_normals(&r, N, normal);
        float *out = run("noise(.25,.125)", &plain, &key, in, &h, &w);
        for (int i = 0; i < N; i++) {
            double want = in[i] + 4 * (0.25 * normal[i] + 0.125 * (2 * fvi_random_uniform(&r) - 1));
            assert_true(fabs(out[i] - want) < 1e-5);
        }
        free(out);
        r = stream(&key, 0, 0);
        out = run("noise(0,.125)", &plain, &key, in, &h, &w);
        for (int i = 0; i < N; i++)
            assert_true(fabs(out[i] - in[i] - 0.5 * (2 * fvi_random_uniform(&r) - 1)) < 1e-5);
        free(out);

        r = stream(&key, 0, 0);
        double gain = exp(0.5 * (2 * fvi_random_uniform(&r) - 1));
        fvi_random_normals(&r, C, normal);
        out = run("color(.5,.25)", &plain, &key, in, &h, &w);
        for (int i = 0; i < N; i++)
            assert_true(fabs(out[i] - ((in[i] - 1) * gain + 1 + normal[i / (H * W)])) < 1e-5);
        free(out);

        r = stream(&key, 0, 0);
        float sigma = 0.5f + 1.5f * fvi_random_uniform(&r), *want = noise(4, N);
        out = run("blur(.5,2)", &plain, &key, in, &h, &w);
        fvi_blur(fvi_planes_of(C, H, W, want), sigma, work);
        for (int i = 0; i < N; i++) assert_true(fabsf(out[i] - want[i]) < 1e-5f);
        free(out), free(want);
    }
    free(in), free(normal), free(work);
}

/* Place in the list, unit, evaluation and use all count, sizes but not the unit; a chain drawn
 * again gives the same. */
static void draws_depend_on_their_key_alone(void **state) {
    (void)state;
    float *in = noise(4, N);
    fvi_draw_key key = {9, 5, 3, FVI_DRAW_TRANSFORM, 0}, other = {9, 6, 3, FVI_DRAW_TRANSFORM, 0};
    fvi_chain *c = chain("scale(.5,2) octave(4,1.2) roll(10) noise(.1)", &plain);
    int h, w, h2, w2;
    fvi_chain_draw(c, &key, &h, &w);
    float *a = malloc((size_t)(C * h * w) * sizeof *a),
          *b = malloc((size_t)(C * h * w) * sizeof *b);
    fvi_chain_apply(c, in, a);
    fvi_chain_draw(c, &other, &h2, &w2);
    assert_true(h == h2 && w == w2);
    fvi_chain_apply(c, in, b);
    assert_memory_not_equal(a, b, (size_t)(C * h * w) * sizeof *a);
    fvi_chain_draw(c, &key, &h, &w);
    for (int k = 0; k < 2; k++) {
        fvi_chain_apply(c, in, b);
        assert_memory_equal(a, b, (size_t)(C * h * w) * sizeof *a);
    }
    fvi_chain_free(c);
    float *first = run("roll(5) roll(5)", &plain, &key, in, &h, &w);
    fvi_random r = stream(&key, 0, 0), s = stream(&key, 1, 0);
    int dy = fvi_random_int(&r, -5, 5) + fvi_random_int(&s, -5, 5);
    int dx = fvi_random_int(&r, -5, 5) + fvi_random_int(&s, -5, 5);
    float *want = malloc(N * sizeof *want);
    roll(in, C, H, W, dy, dx, want);
    assert_memory_equal(first, want, N * sizeof *want);
    free(in), free(a), free(b), free(first), free(want);
}

/* Whether a size is drawn depends on the last transform that makes one, wherever in the list. */
static void what_comes_out_is_of_a_drawn_size(void **state) {
    (void)state;
    static const char *const fixed[] = {"none", "scale(1,2) resize(9)",
                                        "scale(1,2) flip(0) resize(9) roll(1)",
                                        "roll(1) octave(3,2) flip(0) fit()",
                                        "scale(1,2) flip(0) roll(1) roll(1) crop(.5,1) roll(1)"};
    static const char *const drawn[] = {"scale(1,2)", "resize(9) octave(3,2)",
                                        "resize(9) flip(0) scale(1,2) roll(1)",
                                        "roll(1) crop(.5,1) roll(1) scale(1,2) flip(0)"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const fvi_transforms t = parse(fixed[i]);
        if (fvi_transforms_draw_size(&t)) fail_msg("%s draws a size", fixed[i]);
    }
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        const fvi_transforms t = parse(drawn[i]);
        if (!fvi_transforms_draw_size(&t)) fail_msg("%s draws no size", drawn[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out_is_of_a_drawn_size),
        cmocka_unit_test(moves_as_drawn),
        cmocka_unit_test(lap_is_scipys),
        cmocka_unit_test(pads_and_fits_about_the_centre),
        cmocka_unit_test(scales_as_drawn),
        cmocka_unit_test(turns_and_zooms_as_drawn),
        cmocka_unit_test(crops_as_drawn),
        cmocka_unit_test(pixels_change_as_drawn),
        cmocka_unit_test(draws_depend_on_their_key_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
