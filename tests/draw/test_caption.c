/* SPDX-License-Identifier: Apache-2.0 */
/* Captions: where lines break, that nothing is left out, and whatever bytes a name may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "draw/caption.h"
#include "image/image.h"

enum { PIXELS = 14 };

static fvi_caption *caption(const char *text) {
    fvi_caption *c = NULL;
    fv_error err;
    if (fvi_caption_new(text, PIXELS, &c, &err)) fail_msg("%s", err.text);
    return c;
}

/* Compares a text's lines at a width, pixel by pixel, with those it should have. */
static void check_lines(const char *text, int width, const char *const *expected) {
    fvi_caption *c = caption(text);
    fv_image *drawn = NULL, *line = NULL;
    const int n = (int)g_strv_length((char **)(uintptr_t)expected);
    assert_int_equal(fvi_caption_lines(c, width), n);
    assert_int_equal(fvi_caption_draw(c, width, &drawn, NULL), FV_OK);
    assert_int_equal(drawn->height, n * PIXELS);
    for (int i = 0; i < n; i++) {
        assert_int_equal(fvi_image_from_text(expected[i], PIXELS, 10000, &line, NULL), FV_OK);
        assert_true(line->width <= drawn->width);
        const int left = (drawn->width - line->width) / 2;
        for (int y = 0; y < PIXELS; y++)
            assert_memory_equal(drawn->data + (i * PIXELS + y) * drawn->width + left,
                                line->data + y * line->width, (size_t)line->width * sizeof(float));
        fv_image_free(line);
    }
    fv_image_free(drawn);
    fvi_caption_free(c);
}

static void test_lines(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int width;
        const char *lines[6];
    } cases[] = {
        {"conv:3", 400, {"conv:3"}},
        {"conv:3", 1, {"conv:3"}}, /* a number stays with its layer */
        {"", 100, {""}},
        {"block_5/expand/conv:17", 1000, {"block_5/expand/conv:17"}},
        {"block_5/expand/conv:17", 1, {"block_5/", "expand/", "conv:17"}},
        {"8 H\xC3\xA4hnchen", 1, {"8", "H\xC3\xA4hnchen"}},
        {"-0.4 to 3.21", 1, {"-0.4", "to", "3.21"}},
        {"man-eater, shark", 1, {"man-", "eater,", "shark"}},
        {"a//b::c", 1, {"a//", "b::", "c"}},
        {"abcdefghijklmnopqrstuvwxyz", 1, {"abcdefghijklmnopqrstuvwx", "yz"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        check_lines(cases[i].text, cases[i].width, cases[i].lines);
}

/* One line, or at most half as high as wide; not narrower than that needs; never below `least`. */
static void test_width(void **state) {
    (void)state;
    static const char *const texts[] = {
        "3",
        "17 > 3",
        "block_5/expand/conv:17",
        "great white shark, white shark, man-eater, man-eating shark, Carcharodon carcharias",
        "Donaudampfschifffahrtsgesellschaftskapit\xC3\xA4nsm\xC3\xBCtze",
        "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        fvi_caption *c = caption(texts[i]);
        const int least = fvi_caption_width(c, 1), lines = fvi_caption_lines(c, least);
        assert_true(lines == 1 || 2 * lines * PIXELS <= least);
        assert_int_equal(fvi_caption_width(c, 5000), 5000);
        assert_int_equal(fvi_caption_lines(c, 5000), 1);
        int last = fvi_caption_lines(c, 1);
        for (int width = 2; width < 700; width++) {
            const int now = fvi_caption_lines(c, width);
            assert_true(now <= last);
            last = now;
        }
        fv_image *drawn = NULL;
        assert_int_equal(fvi_caption_draw(c, least, &drawn, NULL), FV_OK);
        assert_in_range(drawn->width, 1, least);
        fv_image_free(drawn);
        fvi_caption_free(c);
    }
}

/* Marks stay with their letters; what is no text is none; a name without end has one. */
static void test_any_bytes(void **state) {
    (void)state;
    GString *long_text = g_string_new(NULL), *marks = g_string_new("a");
    for (int i = 0; i < 50000; i++) g_string_append(long_text, i % 9 ? "x" : "/");
    for (int i = 0; i < 400; i++) g_string_append(marks, "\xCC\x88"); /* a combining diaeresis */
    const char *const texts[] = {"\xFF\xFE/\xC3",
                                 "\n\t \x01 a\x7F",
                                 " ",
                                 long_text->str,
                                 marks->str,
                                 "<b>&amp;</b>",
                                 "\xE2\x80\x8F/\xE2\x80\x8B:1"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        fvi_caption *c = caption(texts[i]);
        fv_image *drawn = NULL;
        const int width = fvi_caption_width(c, 30);
        assert_in_range(width, 30, 2000);
        assert_int_equal(fvi_caption_draw(c, width, &drawn, NULL), FV_OK);
        assert_in_range(drawn->height, PIXELS, 2000);
        fv_image_free(drawn);
        fvi_caption_free(c);
    }
    fvi_caption *c = caption(marks->str);
    assert_int_equal(fvi_caption_lines(c, 1), 1);
    fvi_caption_free(c);
    g_string_free(long_text, TRUE);
    g_string_free(marks, TRUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
