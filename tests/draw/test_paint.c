/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as colours: scales, the palettes' order and middle, overlays, bars, stacks, histograms
 * and lines, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/palette.h"
#include "image/image.h"

static fv_error err;
#define OK(call) \
    if (call) fail_msg("%s", err.text)

static float at(const fv_image *p, int c, int y, int x) {
    return p->data[((int64_t)c * p->height + y) * p->width + x];
}

/* CIE lightness of an sRGB colour, 0..100. */
static double lightness(fvi_rgb c) {
    double y = 0;
    const double weight[] = {0.2126, 0.7152, 0.0722};
    for (int k = 0; k < 3; k++) {
        double v = (double)c.v[k];
        y += weight[k] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

static void test_scale(void **state) {
    (void)state;
    const float v[] = {-1, NAN, 3, 0.5f, INFINITY};
    fv_paint_desc d = {.struct_size = sizeof d};
    OK(fv_paint_scale(v, 5, &d, &err));
    assert_int_equal(d.palette, FV_PALETTE_GREY);
    assert_true(d.low == -1 && d.high == 3);
    d = *FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING);
    OK(fv_paint_scale(v, 5, &d, &err));
    assert_true(d.low == -3 && d.high == 3);
    d = *FV_DESC(fv_paint_desc, .low = 0, .high = 2);
    OK(fv_paint_scale(v, 5, &d, &err));
    assert_true(d.low == 0 && d.high == 2);
    const float same[] = {2e9f, 2e9f}, none[] = {NAN}, zero[] = {0};
    for (int palette = FV_PALETTE_GREY; palette <= FV_PALETTE_SEQUENTIAL; palette++) {
        d = *FV_DESC(fv_paint_desc, .palette = (fv_palette)palette);
        OK(fv_paint_scale(same, 2, &d, &err));
        assert_true(d.low < d.high);
        d = *FV_DESC(fv_paint_desc, .palette = (fv_palette)palette);
        OK(fv_paint_scale(none, 1, &d, &err));
        d = *FV_DESC(fv_paint_desc, .palette = (fv_palette)palette);
        OK(fv_paint_scale(zero, 1, &d, &err));
        assert_true(d.low < d.high);
    }
    d = *FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING, .low = -1, .high = 2);
    assert_int_equal(fv_paint_scale(v, 5, &d, &err), FV_ARG);
    assert_non_null(strstr(err.text, "-1 to 2"));
    d = *FV_DESC(fv_paint_desc, .low = 2, .high = 1);
    assert_int_equal(fv_paint_scale(v, 5, &d, &err), FV_ARG);
    d = *FV_DESC(fv_paint_desc, .palette = (fv_palette)9);
    assert_int_equal(fv_paint_scale(v, 5, &d, &err), FV_ARG);
    assert_int_equal(fv_paint_scale(NULL, 5, &d, &err), FV_ARG);
}

/* HEAT's lightness rises in even steps; SIGNED's falls to both sides alike from a neutral middle.
 */
static void test_palettes(void **state) {
    (void)state;
    fvi_rgb c[FVI_PALETTE_SIZE];
    fvi_palette(FV_PALETTE_SEQUENTIAL, c);
    double span = lightness(c[255]) - lightness(c[0]);
    assert_true(span > 80);
    for (int i = 16; i < FVI_PALETTE_SIZE; i += 16) {
        double step = (lightness(c[i]) - lightness(c[i - 16])) / span * 255 / 16;
        assert_true(step > 0.5 && step < 1.6);
    }
    fvi_palette(FV_PALETTE_DIVERGING, c);
    assert_memory_equal(&c[127], &c[128], sizeof c[0]);
    for (int k = 0; k < 3; k++) assert_true(fabsf(c[127].v[k] - c[127].v[0]) < 0.01f);
    assert_true(c[127].v[0] > 0.95f);
    assert_true(c[0].v[2] > c[0].v[0] + 0.3f && c[255].v[0] > c[255].v[2] + 0.3f);
    for (int i = 0; i < 127; i++) {
        assert_true(fabs(lightness(c[i]) - lightness(c[255 - i])) < 6);
        assert_true(lightness(c[i]) <= lightness(c[i + 1]));
    }
}

static void test_paint(void **state) {
    (void)state;
    const float v[] = {0, 1, 2, 4};
    fv_image *p = NULL;
    OK(fv_paint(v, 2, 2, NULL, &p, &err));
    assert_int_equal(p->channels, 1);
    const float want[] = {0, 0.25f, 0.5f, 1};
    for (int i = 0; i < 4; i++) assert_true(fabsf(p->data[i] - want[i]) < 1 / 255.f);
    fv_image_free(p);
    const float w[] = {-2, 0, NAN, 2};
    OK(fv_paint(w, 1, 4, FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING), &p, &err));
    assert_int_equal(p->channels, 3);
    assert_true(at(p, 2, 0, 0) > at(p, 0, 0, 0) && at(p, 0, 0, 3) > at(p, 2, 0, 3));
    assert_true(at(p, 0, 0, 1) > 0.95f && at(p, 2, 0, 1) > 0.95f);
    assert_true(at(p, 0, 0, 2) == 0.5f && at(p, 2, 0, 2) == 0.5f);
    fv_image_free(p);
    OK(fv_paint(w, 1, 4, NULL, &p, &err));
    assert_true(at(p, 0, 0, 2) == 1 && at(p, 1, 0, 2) == 0);
    fv_image_free(p);
    p = NULL;
    assert_int_equal(fv_paint(w, 0, 4, NULL, &p, &err), FV_ARG);
    assert_null(p);
}

static void test_bar(void **state) {
    (void)state;
    fv_image *p = NULL;
    OK(fv_paint_bar(FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING, .low = -2, .high = 2),
                    0, &p, &err));
    assert_int_equal(p->width, 256);
    assert_true(at(p, 2, 2, 0) > at(p, 0, 2, 0) && at(p, 0, 2, 255) > at(p, 2, 2, 255));
    int ink[3] = {0}; /* a number under the left end, the middle and the right end */
    for (int y = 16; y < p->height; y++)
        for (int x = 0; x < 256; x++)
            if (at(p, 0, y, x) < 0.5f) ink[x < 60 ? 0 : x < 200 ? 1 : 2]++;
    for (int i = 0; i < 3; i++) assert_true(ink[i] > 5);
    fv_image_free(p);
    p = NULL;
    assert_int_equal(
        fv_paint_bar(FV_DESC(fv_paint_desc, .palette = FV_PALETTE_SEQUENTIAL), 0, &p, &err),
        FV_ARG);
    assert_int_equal(
        fv_paint_bar(FV_DESC(fv_paint_desc, .palette = FV_PALETTE_SEQUENTIAL, .high = 1), 10, &p,
                     &err),
        FV_ARG);
    assert_null(p);
}

/* Where the map is at its neutral end the photograph stays, in grey; elsewhere it is coloured. */
static void test_overlay(void **state) {
    (void)state;
    fv_image *photo = NULL, *p = NULL;
    OK(fv_image_new(3, 8, 8, &photo, &err));
    for (int i = 0; i < 64; i++) photo->data[i] = 0.8f; /* red */
    const float map[] = {0, 4, 0, 4}, grey = fvi_luma(0.8f, 0, 0);
    OK(fv_overlay(photo, map, 2, 2, NULL, &p, &err));
    assert_int_equal(p->width, 8);
    for (int k = 0; k < 3; k++) assert_true(fabsf(at(p, k, 0, 0) - grey) < 1e-5f);
    assert_true(at(p, 0, 4, 7) > grey + 0.3f);
    fv_image_free(p);
    const float sign[] = {-1, 1};
    OK(fv_overlay(photo, sign, 1, 2,
                  FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING, .strength = 1), &p,
                  &err));
    assert_true(at(p, 2, 0, 0) > at(p, 0, 0, 0) && at(p, 0, 0, 7) > at(p, 2, 0, 7));
    fv_image_free(p);
    p = NULL;
    assert_int_equal(
        fv_overlay(photo, sign, 1, 2, FV_DESC(fv_paint_desc, .palette = FV_PALETTE_GREY), &p, &err),
        FV_ARG);
    assert_int_equal(
        fv_overlay(photo, sign, 1, 2,
                   FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING, .strength = 1.5f), &p,
                   &err),
        FV_ARG);
    assert_null(p);
    fv_image_free(photo);
}

static void test_stack(void **state) {
    (void)state;
    fv_image *a = NULL, *b = NULL, *p = NULL;
    OK(fv_image_new(1, 2, 3, &a, &err));
    OK(fv_image_new(3, 4, 5, &b, &err));
    const fv_image *both[] = {a, b};
    OK(fv_stack(both, 2, 0, 1, &p, &err));
    assert_true(p->channels == 3 && p->height == 7 && p->width == 5);
    assert_true(at(p, 1, 0, 0) == 0 && at(p, 1, 0, 4) == 1 && at(p, 1, 2, 0) == 1);
    fv_image_free(p);
    OK(fv_stack(both, 2, 1, 0, &p, &err));
    assert_true(p->height == 4 && p->width == 8);
    assert_true(at(p, 1, 3, 0) == 1 && at(p, 1, 3, 3) == 0);
    fv_image_free(p);
    p = NULL;
    assert_int_equal(fv_stack(both, 0, 1, 0, &p, &err), FV_ARG);
    assert_int_equal(fv_stack((const fv_image *const[]){a, NULL}, 2, 1, 0, &p, &err), FV_ARG);
    assert_null(p);
    fv_image_free(a);
    fv_image_free(b);
}

/* How many pixels of a column are red (sign 1) or blue (-1): a bar's height, or a line's. */
static int colored(const fv_image *p, int x, int sign) {
    int n = 0;
    for (int y = 0; y < p->height; y++) n += (float)sign * (at(p, 0, y, x) - at(p, 2, y, x)) > 0.3f;
    return n;
}

/* Red is positive in every kind of picture of numbers, blue negative. */
static void test_signs(void **state) {
    (void)state;
    const float v[] = {-3, -2, -1, -1, 1, 1, 2, 3}, *line = v;
    fv_image *p[4];
    OK(fv_paint(v, 1, 8, FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING), &p[0], &err));
    OK(fv_plot_bars(v, 8, NULL, &p[1], &err));
    OK(fv_plot_histogram(v, 8, NULL, 0, NULL, &p[2], &err));
    OK(fv_plot_lines(&line, NULL, 1, 8, NULL, &p[3], &err));
    for (int i = 0; i < 4; i++) {
        int blue[2] = {0, 0}, red[2] = {0, 0}; /* in each half */
        for (int x = 0; x < p[i]->width; x++) {
            blue[x >= p[i]->width / 2] += colored(p[i], x, -1);
            red[x >= p[i]->width / 2] += colored(p[i], x, 1);
        }
        assert_true(blue[0] > 0 && red[1] > 0);
        assert_true(4 * blue[1] < blue[0] && 4 * red[0] < red[1]); /* the axis shifts the middle */
        fv_image_free(p[i]);
    }
}

static void test_histogram(void **state) {
    (void)state;
    float v[1001];
    for (int i = 0; i < 1000; i++) v[i] = i < 900 ? 0.25f : (float)i / 999; /* a peak at 1/4 */
    v[999] = 1;
    v[0] = 0;
    v[1000] = NAN;
    const float mark = 0.5f;
    fv_image *p = NULL;
    OK(fv_plot_histogram(v, 1001, &mark, 1, NULL, &p, &err));
    int best = 0;
    for (int x = 0; x < p->width; x++)
        if (colored(p, x, 1) > colored(p, best, 1)) best = x;
    assert_true(best > p->width / 5 && best < p->width / 3);
    int marked = 0;
    for (int x = 0; x < p->width; x++) {
        int dark = 0;
        for (int y = 0; y < p->height; y++) dark += at(p, 0, y, x) < 0.4f && at(p, 2, y, x) < 0.4f;
        if (dark > p->height / 2) {
            marked++;
            assert_true(abs(x - p->width / 2) < p->width / 20);
        }
    }
    assert_int_equal(marked, 2);
    fv_image_free(p);
    const float one[] = {7};
    OK(fv_plot_histogram(one, 1, NULL, 0, NULL, &p, &err));
    fv_image_free(p);
    p = NULL;
    assert_int_equal(fv_plot_histogram(v + 1000, 1, NULL, 0, NULL, &p, &err), FV_ARG);
    assert_int_equal(fv_plot_histogram(v, 0, NULL, 0, NULL, &p, &err), FV_ARG);
    assert_int_equal(fv_plot_histogram(v, 5, NULL, 0, FV_DESC(fv_plot_desc, .width = 5), &p, &err),
                     FV_ARG);
    assert_null(p);
}

static void test_lines(void **state) {
    (void)state;
    const float rise[] = {0, 1, 2, 3}, fall[] = {3, 2, 1, 0};
    const float *both[] = {rise, fall};
    const char *names[] = {"rise", "fall"};
    fv_image *p = NULL;
    OK(fv_plot_lines(both, names, 2, 4, FV_DESC(fv_plot_desc, .width = 400, .height = 300), &p,
                     &err));
    int first = 0, last = 0; /* rows of the blue line near both ends */
    for (int y = 0; y < p->height; y++) {
        if (at(p, 2, y, 60) > at(p, 0, y, 60) + 0.3f) first = y;
        if (at(p, 2, y, 380) > at(p, 0, y, 380) + 0.3f) last = y;
    }
    assert_true(first > 200 && last < 60 && last > 0);
    fv_image_free(p);
    p = NULL;
    assert_int_equal(fv_plot_lines(both, NULL, 9, 4, NULL, &p, &err), FV_ARG);
    assert_int_equal(fv_plot_lines(both, NULL, 2, 1, NULL, &p, &err), FV_ARG);
    assert_null(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale),   cmocka_unit_test(test_palettes),
        cmocka_unit_test(test_paint),   cmocka_unit_test(test_bar),
        cmocka_unit_test(test_overlay), cmocka_unit_test(test_stack),
        cmocka_unit_test(test_signs),   cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests_name("view/paint", tests, NULL, NULL);
}
