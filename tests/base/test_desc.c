/* SPDX-License-Identifier: Apache-2.0 */
/* Descs of older and newer headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/desc.h"

typedef struct desc_old { /* the first version */
    size_t struct_size;
    int a, b;
} desc_old;
typedef struct desc_now { /* this library's */
    size_t struct_size;
    int a, b;
    double c;
} desc_now;
typedef struct desc_new { /* a later one */
    size_t struct_size;
    int a, b;
    double c;
    const char *d;
} desc_new;

static fv_status read_desc(const void *desc, desc_now *own, fv_error *err) {
    return fvi_desc_read("desc_now", desc, sizeof(desc_old), sizeof *own, own, err);
}

static void test_defaults(void **state) {
    (void)state;
    desc_now own = {1, 2, 3, 4};
    assert_int_equal(read_desc(NULL, &own, NULL), FV_OK);
    assert_int_equal(own.struct_size, sizeof own);
    assert_true(own.a == 0 && own.b == 0 && own.c == 0);
}

static void test_sizes(void **state) {
    (void)state;
    desc_now own = {.c = 4};
    assert_int_equal(read_desc(FV_DESC(desc_old, .a = 1, .b = 2), &own, NULL), FV_OK);
    assert_true(own.struct_size == sizeof own && own.a == 1 && own.b == 2 && own.c == 0);
    assert_int_equal(read_desc(FV_DESC(desc_now, .b = 5, .c = 6), &own, NULL), FV_OK);
    assert_true(own.a == 0 && own.b == 5 && own.c == 6);
    assert_int_equal(read_desc(FV_DESC(desc_new, .a = 7), &own, NULL), FV_OK);
    assert_true(own.struct_size == sizeof own && own.a == 7 && own.c == 0);
}

static void test_refused(void **state) {
    (void)state;
    desc_now own = {.a = 9};
    fv_error err = {0};
    assert_int_equal(read_desc(&(desc_now){.a = 1}, &own, &err), FV_ARG);
    assert_string_equal(err.text, "desc_now.struct_size is 0, at least 16 is expected: write "
                                  "FV_DESC(desc_now, ...)");
    assert_int_equal(read_desc(FV_DESC(desc_new, .d = "x"), &own, &err), FV_UNSUPPORTED);
    assert_non_null(strstr(err.text, "desc_now: byte "));
    assert_int_equal(read_desc(&(desc_now){.struct_size = SIZE_MAX}, &own, &err), FV_ARG);
    assert_non_null(strstr(err.text, "at most 4120 is expected"));
    assert_int_equal(own.a, 9);
}

static void test_by_type(void **state) {
    (void)state;
    desc_now own;
    fv_error err;
    desc_old cut = {offsetof(desc_old, b), 1, 2};
    assert_int_equal(FVI_DESC_READ(desc_now, b, NULL, &own, &err), FV_OK);
    assert_int_equal(FVI_DESC_READ(desc_now, b, FV_DESC(desc_now, .c = 1), &own, &err), FV_OK);
    assert_true(own.c == 1);
    assert_int_equal(FVI_DESC_READ(desc_now, b, (const desc_now *)(const void *)&cut, &own, &err),
                     FV_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
