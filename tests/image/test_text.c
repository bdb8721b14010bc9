/* SPDX-License-Identifier: Apache-2.0 */
/* Text: sizes, the common baseline, shortening, and whatever bytes a label may hold.
 * Without a single font on the machine Pango draws boxes; everything here holds for these too,
 * except the comparisons of characters, which are skipped then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "image/image.h"

static fv_image *text(const char *utf8, int pixels, int max_width) {
    fv_image *p = NULL;
    fv_error err;
    if (fvi_image_from_text(utf8, pixels, max_width, &p, &err)) fail_msg("%s", err.text);
    assert_int_equal(p->channels, 1);
    assert_int_equal(p->height, pixels);
    assert_in_range(p->width, 1, max_width);
    return p;
}

/* The first (step 1) or last (step -1) row with ink, or -1. */
static int ink_row(const fv_image *p, int step) {
    for (int i = 0; i < p->height; i++) {
        int y = step > 0 ? i : p->height - 1 - i;
        for (int x = 0; x < p->width; x++)
            if (p->data[y * p->width + x] < 0.6f) return y;
    }
    return -1;
}

static int width_of(const char *utf8, int max_width) {
    fv_image *p = text(utf8, 14, max_width);
    int w = p->width;
    fv_image_free(p);
    return w;
}

static void test_dark_on_white(void **state) {
    (void)state;
    fv_image *p = text("Hx", 20, 1000);
    float least = 1, most = 0;
    for (int i = 0; i < p->height * p->width; i++) {
        least = MIN(least, p->data[i]);
        most = MAX(most, p->data[i]);
    }
    assert_true(least >= 0 && least < 0.4f && most == 1);
    fv_image_free(p);
}

static void test_capitals_and_baseline(void **state) {
    (void)state;
    if (width_of("iiii", 1000) == width_of("WWWW", 1000)) {
        print_message("no font on this machine\n");
        skip();
    }
    static const int heights[] = {13, 14, 16, 24, 40};
    for (size_t i = 0; i < G_N_ELEMENTS(heights); i++) {
        fv_image *capital = text("H", heights[i], 1000), *both = text("Hg", heights[i], 1000);
        int base = ink_row(capital, -1), top = ink_row(capital, 1);
        assert_in_range(base - top + 1, heights[i] * 6 / 10, heights[i] * 8 / 10);
        assert_int_equal(ink_row(both, 1), top);
        assert_true(ink_row(both, -1) > base); /* below the line, and not cut off: */
        assert_true(ink_row(both, -1) < heights[i]);
        fv_image *small = text("x", heights[i], 1000);
        assert_int_equal(ink_row(small, -1), base);
        fv_image_free(capital);
        fv_image_free(both);
        fv_image_free(small);
    }
}

static void test_shortening(void **state) {
    (void)state;
    static const char label[] = "mixed4a_3x3_bottleneck:127";
    int whole = width_of(label, 10000), last = whole;
    for (int room = whole; room >= 1; room -= 3) {
        int w = width_of(label, room);
        assert_true(w <= room && w <= last);
        last = w;
    }
    assert_int_equal(width_of(label, whole), whole);
    assert_true(width_of(label, whole - 1) < whole);
    assert_true(width_of(label, whole - 1) > whole / 2);
}

/* The channel's number stays, and less than three characters before it do not. */
static void test_the_number_stays(void **state) {
    (void)state;
    int room = width_of("mi\xE2\x80\xA6:127", 1000);
    fv_image *a = text("mixed4a_3x3_bottleneck:127", 14, room);
    fv_image *b = text("\xE2\x80\xA6:127", 14, 1000);
    assert_int_equal(a->width, b->width);
    assert_memory_equal(a->data, b->data, (size_t)(a->width * a->height) * sizeof(float));
    fv_image_free(a);
    fv_image_free(b);
}

static void test_the_same_again(void **state) {
    (void)state;
    fv_image *a = text("conv1:7", 16, 200), *b = text("conv1:7", 16, 200);
    assert_int_equal(a->width, b->width);
    assert_memory_equal(a->data, b->data, (size_t)(a->width * a->height) * sizeof(float));
    fv_image_free(a);
    fv_image_free(b);
}

static void test_markup_is_shown_as_it_is(void **state) {
    (void)state;
    assert_true(width_of("&lt;", 1000) > width_of("<", 1000));
    assert_true(width_of("<b>x</b>", 1000) > 4 * width_of("x", 1000));
    assert_true(width_of("<", 1000) > 1);
}

/* Markup, newlines, bytes that are no UTF-8, other scripts, nothing, very much. */
static void test_any_bytes(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",     " ",      "<b>&amp;</b>", "a\nb\tc",      "\xFF\xFE",           "\xC3",
        "\x01", "\u200b", "\u00a0",       "\u65e5\u672c", "\u00c4\u00c9gjp",    "e\u0301\u0323",
        "&",    "<span",  "%s%n",         "\U0001F600",   "\u0627\u0644\u0639", "a\u2028b"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        fv_image_free(text(texts[i], 14, 60));
        fv_image_free(text(texts[i], 14, 1));
    }
    char *endless = g_strnfill(1000000, 'm');
    fv_image_free(text(endless, 14, 100000));
    fv_image_free(text(endless, 14, 100));
    g_free(endless);
    assert_int_equal(width_of("", 60), 1);
}

static void test_errors(void **state) {
    (void)state;
    fv_error err;
    fv_image *p = NULL;
    assert_int_equal(fvi_image_from_text("a", 3, 100, &p, &err), FV_ARG);
    assert_int_equal(fvi_image_from_text("a", 100000, 100, &p, &err), FV_ARG);
    assert_int_equal(fvi_image_from_text("a", 14, 0, &p, &err), FV_ARG);
    assert_int_equal(fvi_image_from_text(NULL, 14, 100, &p, &err), FV_ARG);
    assert_null(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dark_on_white),
        cmocka_unit_test(test_capitals_and_baseline),
        cmocka_unit_test(test_shortening),
        cmocka_unit_test(test_the_number_stays),
        cmocka_unit_test(test_markup_is_shown_as_it_is),
        cmocka_unit_test(test_the_same_again),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
