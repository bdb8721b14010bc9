/* SPDX-License-Identifier: Apache-2.0 */
/* Bar plots: where bars end, that no peak is lost, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "image/image.h"

static fv_image *plot(const float *values, int count, fv_plot_desc desc) {
    desc.struct_size = sizeof desc;
    fv_image *out = NULL;
    fv_error err;
    if (fv_plot_bars(values, count, &desc, &out, &err)) fail_msg("%s", err.text);
    assert_int_equal(out->channels, 3);
    return out;
}

static float at(const fv_image *p, int c, int y, int x) {
    return p->data[((int64_t)c * p->height + y) * p->width + x];
}

/* Bars up are red, bars down are blue, as in maps: +1, -1, or 0 for anything else (grey and white).
 */
static int side(const fv_image *p, int y, int x) {
    float red = at(p, 0, y, x), blue = at(p, 2, y, x);
    return red > blue + 0.2f ? 1 : blue > red + 0.2f ? -1 : 0;
}

/* How many columns have a pixel of a bar up (1) or down (-1). */
static int columns(const fv_image *p, int which) {
    int n = 0;
    for (int x = 0; x < p->width; x++) {
        int any = 0;
        for (int y = 0; y < p->height; y++) any |= side(p, y, x) == which;
        n += any;
    }
    return n;
}

/* Height of the bar in the column, signed. */
static int height_at(const fv_image *p, int x) {
    int sum = 0;
    for (int y = 0; y < p->height; y++) sum += side(p, y, x);
    return sum;
}

/* The extremes of the bars' heights. */
static void extremes(const fv_image *p, int *lowest, int *highest) {
    *lowest = *highest = 0;
    for (int x = 0; x < p->width; x++) {
        int h = height_at(p, x);
        if (h < *lowest) *lowest = h;
        if (h > *highest) *highest = h;
    }
}

static void test_heights_are_proportional(void **state) {
    (void)state;
    const float values[] = {1, 2, -1, 0, 4};
    fv_image *p = plot(values, 5, (fv_plot_desc){.width = 400, .height = 400});
    assert_int_equal(p->width, 400);
    assert_int_equal(p->height, 400);
    int seen[5] = {0}, n = 0, last = 0;
    for (int x = 0; x < p->width && n < 5; x++) { /* the bars in order, zero has none */
        int h = height_at(p, x);
        if (h && !last) seen[n++] = h;
        last = h;
    }
    assert_int_equal(n, 4);
    assert_true(seen[3] > 100);
    for (int i = 0; i < 3; i++)
        assert_true(fabs((double)seen[i] / seen[3] - (double)values[i] / 4) < 0.02);
    fv_image_free(p);
}

static void test_one_sign(void **state) {
    (void)state;
    const float up[] = {1, 2, 3}, down[] = {-1, -2, -3}, none[] = {0, 0};
    fv_image *p = plot(up, 3, (fv_plot_desc){0});
    assert_int_equal(p->width, 640);
    assert_int_equal(p->height, 320);
    assert_true(columns(p, 1) > 300 && columns(p, -1) == 0);
    fv_image_free(p);
    p = plot(down, 3, (fv_plot_desc){0});
    assert_true(columns(p, -1) > 300 && columns(p, 1) == 0);
    fv_image_free(p);
    p = plot(none, 2, (fv_plot_desc){0});
    assert_true(columns(p, 1) == 0 && columns(p, -1) == 0);
    int axis = 0; /* but an axis, below */
    for (int y = p->height / 2; y < p->height; y++)
        axis += at(p, 0, y, 300) < 0.4f && at(p, 0, y, 500) < 0.4f;
    assert_int_equal(axis, 1);
    fv_image_free(p);
}

/* One value among a hundred thousand still reaches the top. */
static void test_no_peak_is_lost(void **state) {
    (void)state;
    static float values[100000];
    memset(values, 0, sizeof values);
    values[31415] = 1;
    values[77777] = -0.5f;
    fv_image *p = plot(values, 100000, (fv_plot_desc){.width = 300, .height = 300});
    int lowest, highest;
    extremes(p, &lowest, &highest);
    assert_in_range(highest, 120, 250);
    assert_in_range(-lowest, highest / 2 - 2, highest / 2 + 2);
    assert_int_equal(columns(p, 1), 1);
    assert_int_equal(columns(p, -1), 1);
    fv_image_free(p);
}

static void test_tiny_and_huge_values(void **state) {
    (void)state;
    const float sets[][3] = {{1e-30f, -1e-30f, 0}, {3e38f, -3e38f, 1}, {1e-44f, 0, 0}};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        fv_image_free(plot(sets[i], 3, (fv_plot_desc){.width = 64, .height = 64}));
}

static void test_texts(void **state) {
    (void)state;
    const float values[] = {1, -1};
    fv_image *plain = plot(values, 2, (fv_plot_desc){0}), *like = NULL;
    fv_image *titled = plot(values, 2, (fv_plot_desc){.title = "dense1:0"});
    int dark_rows[2] = {0};
    for (int y = 0; y < 24; y++)
        for (int x = 200; x < 440; x++) {
            dark_rows[0] |= at(plain, 0, y, x) < 0.4f && at(plain, 2, y, x) < 0.4f;
            dark_rows[1] |= at(titled, 0, y, x) < 0.4f && at(titled, 2, y, x) < 0.4f;
        }
    assert_false(dark_rows[0]);
    assert_true(dark_rows[1]);
    fv_image_free(plain);
    fv_image_free(titled);

    assert_int_equal(fv_image_new(1, 1, 1, &like, NULL), FV_OK);
    fv_image_set_text(like, "seed", "5", NULL);
    plain = plot(values, 2, (fv_plot_desc){.like = like, .low = "left", .high = "right"});
    assert_string_equal(fv_image_text(plain, "seed"), "5");
    fv_image_free(plain);
    fv_image_free(like);
}

static void check_refused(const float *values, int count, fv_plot_desc desc) {
    desc.struct_size = sizeof desc;
    fv_image *out = NULL;
    assert_int_equal(fv_plot_bars(values, count, &desc, &out, NULL), FV_ARG);
    assert_null(out);
}

static void test_errors(void **state) {
    (void)state;
    const float good[] = {1}, bad[] = {1, NAN}, infinite[] = {INFINITY};
    check_refused(NULL, 1, (fv_plot_desc){0});
    check_refused(good, 0, (fv_plot_desc){0});
    check_refused(good, -1, (fv_plot_desc){0});
    check_refused(bad, 2, (fv_plot_desc){0});
    check_refused(infinite, 1, (fv_plot_desc){0});
    check_refused(good, 1, (fv_plot_desc){.width = 63});
    check_refused(good, 1, (fv_plot_desc){.height = -1});
    check_refused(good, 1, (fv_plot_desc){.height = 16385});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heights_are_proportional),
        cmocka_unit_test(test_one_sign),
        cmocka_unit_test(test_no_peak_is_lost),
        cmocka_unit_test(test_tiny_and_huge_values),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
