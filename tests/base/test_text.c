/* SPDX-License-Identifier: Apache-2.0 */
/* Floats as text: short where that is enough, and the same float when read back; amounts of memory;
 * how far names are apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

static void numbers_are_short(void **state) {
    (void)state;
    static const struct {
        float x;
        const char *text;
    } cases[] = {{0, "0"},          {0.1f, "0.1"},          {-2.5f, "-2.5"},
                 {1e30f, "1e+30"},  {16777216, "16777216"}, {1.0f / 3, "0.33333334"},
                 {INFINITY, "inf"}, {-INFINITY, "-inf"},    {NAN, "nan"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[FVI_FLOAT_TEXT_BYTES];
        fvi_float_text(cases[i].x, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

/* Bit patterns from all over. */
static void floats_read_back(void **state) {
    (void)state;
    for (uint32_t bits = 1; bits < 0x7f800000; bits += 65599) {
        char text[FVI_FLOAT_TEXT_BYTES];
        float x;
        memcpy(&x, &bits, sizeof x);
        fvi_float_text(-x, text, sizeof text);
        if ((float)g_ascii_strtod(text, NULL) != -x) fail_msg("%.9g is written %s", -x, text);
    }
}

static void text_is_cut(void **state) {
    (void)state;
    char text[4];
    fvi_float_text(-INFINITY, text, sizeof text);
    assert_string_equal(text, "-in");
}

static void memory_has_a_unit(void **state) {
    (void)state;
    static const struct {
        size_t bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},
                 {10239, "10239 bytes"},
                 {10240, "10 KB"},
                 {1468006, "1434 KB"},
                 {((size_t)10 << 20) - 1, "10240 KB"},
                 {((size_t)12 << 20) + 1, "13 MB"},
                 {(size_t)10 << 30, "10 GB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[FVI_MEMORY_TEXT_BYTES];
        assert_string_equal(fvi_memory_text(cases[i].bytes, text), cases[i].text);
    }
    char text[FVI_MEMORY_TEXT_BYTES];
    fvi_memory_text(SIZE_MAX, text);
    assert_true(strlen(text) < 16);
}

static void names_are_apart(void **state) {
    (void)state;
    assert_int_equal(fvi_text_distance("steps", "steps"), 0);
    assert_int_equal(fvi_text_distance("stpes", "steps"), 1);
    assert_int_equal(fvi_text_distance("hne", "hen"), 1);
    assert_int_equal(fvi_text_distance("stps", "steps"), 1);
    assert_true(fvi_text_distance("a", "b") > 100);
    assert_int_equal(fvi_text_distance("CONV", "conv"), 0);
    assert_int_equal(fvi_text_distance("conv", "stage1/conv"), 2);
    assert_true(fvi_text_distance("steps", "regularizer") > 100);
}

/* A name that ends where the other goes on is read to its end only: names of their own memory. */
static void beginnings_are_apart(void **state) {
    (void)state;
    char *name = g_strdup("conv1"), *typed = g_strdup("conv1:h*");
    assert_int_equal(fvi_text_distance(typed, name), 2);
    assert_int_equal(fvi_text_distance(name, typed), 2);
    assert_int_equal(fvi_text_distance("ab", "ba"), 1);
    g_free(name);
    g_free(typed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short), cmocka_unit_test(floats_read_back),
        cmocka_unit_test(memory_has_a_unit), cmocka_unit_test(names_are_apart),
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(beginnings_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
