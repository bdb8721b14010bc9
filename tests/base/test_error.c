/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: what the text keeps, replaces and cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void test_fills_status_and_text(void **state) {
    (void)state;
    fv_error err;
    assert_int_equal(fvi_fail(&err, FV_SHAPE, "%s has %d", "layer", 3), FV_SHAPE);
    assert_int_equal(err.status, FV_SHAPE);
    assert_string_equal(err.text, "layer has 3");
    assert_int_equal(fvi_fail(NULL, FV_IO, "%s", "unheard"), FV_IO);
}

static void test_is_one_line(void **state) {
    (void)state;
    fv_error err;
    fvi_fail(&err, FV_IO, "a\nb\tc\x7F\x1B[31m \xC3\xA9");
    assert_string_equal(err.text, "a?b?c??[31m \xC3\xA9");
}

static void test_cuts_at_a_whole_character(void **state) {
    (void)state;
    fv_error err;
    char text[sizeof err.text + 40];
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof err.text - 2, "\xE6\x97\xA5", 3); /* begins on the last byte of room */
    text[sizeof text - 1] = 0;
    fvi_fail(&err, FV_IO, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
    assert_int_equal(err.text[sizeof err.text - 3], 'x');
}

static void test_prefix_and_own_text_as_argument(void **state) {
    (void)state;
    fv_error err;
    fvi_fail(&err, FV_FORMAT, "is cut short");
    fvi_error_prefix(&err, "%s", "x.npy");
    assert_string_equal(err.text, "x.npy: is cut short");
    fvi_fail(&err, FV_FORMAT, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: x.npy: is cut short");
    char text[sizeof err.text + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    fvi_error_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    fvi_error_prefix(NULL, "unheard");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills_status_and_text),
        cmocka_unit_test(test_is_one_line),
        cmocka_unit_test(test_cuts_at_a_whole_character),
        cmocka_unit_test(test_prefix_and_own_text_as_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
