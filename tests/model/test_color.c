/* SPDX-License-Identifier: Apache-2.0 */
/* Colours as people write them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "model/input/color.h"

static void reads(void **state) {
    (void)state;
    static const struct {
        const char *text;
        float rgb[3];
    } c[] = {{"black", {0, 0, 0}},
             {"White", {255, 255, 255}},
             {"grey", {128, 128, 128}},
             {"gray", {128, 128, 128}},
             {"#727272", {114, 114, 114}},
             {"#f80", {255, 136, 0}},
             {"#FF8000", {255, 128, 0}},
             {"114", {114, 114, 114}},
             {"0", {0, 0, 0}},
             {"127.5", {127.5f, 127.5f, 127.5f}},
             {"124,116,104", {124, 116, 104}},
             {"1, 2, 3", {1, 2, 3}}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        float rgb[3];
        fv_error err = {0};
        if (fvi_color_parse(c[i].text, rgb, &err)) fail_msg("%s: %s", c[i].text, err.text);
        for (int k = 0; k < 3; k++) assert_float_equal(rgb[k], c[i].rgb[k] / 255, 1e-6);
    }
}

static void refuses(void **state) {
    (void)state;
    static const char *const c[] = {"",      "#12345",  "#12",   "#gggggg", "256",   "-1",
                                    "nan",   "inf",     "1,2",   "1,2,3,4", "1,2,x", "#",
                                    "mauve", "1,2,300", "1e999", "1;2;3",   "1,2,3,"};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        float rgb[3] = {7, 7, 7};
        fv_error err = {0};
        if (fvi_color_parse(c[i], rgb, &err) != FV_ARG) fail_msg("\"%s\" was read", c[i]);
        assert_non_null(strstr(err.text, "is no colour; allowed: black, white, grey"));
        assert_true(rgb[0] == 7 && rgb[2] == 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
