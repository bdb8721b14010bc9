/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: counts that overflow, texts, strides, broadcasting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"

#define SHAPE(...) (&(fvi_shape){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})
static const fvi_shape scalar = {0};

static void test_count(void **state) {
    (void)state;
    assert_int_equal(fvi_shape_count(&scalar), 1);
    assert_int_equal(fvi_shape_count(SHAPE(2, 3, 4)), 24);
    assert_int_equal(fvi_shape_count(SHAPE(2, 0, 4)), 0);
    assert_int_equal(fvi_shape_count(SHAPE(1 << 16, 1 << 15)), FVI_MAX_ELEMENTS);
    assert_int_equal(fvi_shape_count(SHAPE(1 << 16, 1 << 16)), -1);
    assert_int_equal(fvi_shape_count(SHAPE(3, -1)), -1);
    assert_int_equal(fvi_shape_count(SHAPE(0, -1)), -1);
    assert_int_equal(fvi_shape_count(SHAPE(INT64_MAX)), -1);
    assert_int_equal(fvi_shape_count(SHAPE(INT64_MAX, INT64_MAX)), -1);
    assert_int_equal(fvi_shape_count(SHAPE(1LL << 32, 1LL << 32)), -1); /* 0 modulo 2^64 */
    assert_int_equal(fvi_shape_count(SHAPE(0, 1LL << 32, 1LL << 32)), -1);
}

static void test_product_and_strides(void **state) {
    (void)state;
    const fvi_shape *s = SHAPE(2, 3, 4, 5);
    assert_int_equal(fvi_shape_product(s, 1, 3), 12);
    assert_int_equal(fvi_shape_product(s, 2, 2), 1);
    int64_t stride[FVI_MAX_DIMS];
    fvi_shape_strides(s, stride);
    const int64_t expected[] = {60, 20, 5, 1};
    assert_memory_equal(stride, expected, sizeof expected);
}

static void test_equal(void **state) {
    (void)state;
    assert_true(fvi_shape_equal(SHAPE(2, 3), SHAPE(2, 3)));
    assert_false(fvi_shape_equal(SHAPE(2, 3), SHAPE(3, 2)));
    assert_false(fvi_shape_equal(SHAPE(2, 3), SHAPE(2, 3, 1)));
    assert_true(fvi_shape_equal(&scalar, &scalar));
}

static void test_text(void **state) {
    (void)state;
    char text[FVI_SHAPE_TEXT];
    assert_string_equal(fvi_shape_text(&scalar, text), "scalar");
    assert_string_equal(fvi_shape_text(SHAPE(1, 3, 224, 224), text), "1x3x224x224");
    assert_string_equal(fvi_shape_text(SHAPE(-1, 0), text), "-1x0");
    fvi_shape longest = {.ndim = FVI_MAX_DIMS};
    for (int i = 0; i < FVI_MAX_DIMS; i++) longest.dim[i] = INT64_MIN;
    assert_int_equal(strlen(fvi_shape_text(&longest, text)), FVI_SHAPE_TEXT - 1);
}

static void check_broadcast(const fvi_shape *a, const fvi_shape *b, const fvi_shape *expected) {
    fvi_shape out;
    assert_int_equal(fvi_shape_broadcast(a, b, &out), 0);
    assert_true(fvi_shape_equal(&out, expected));
    assert_int_equal(fvi_shape_broadcast(b, a, &out), 0);
    assert_true(fvi_shape_equal(&out, expected));
}

static void test_broadcast(void **state) {
    (void)state;
    check_broadcast(SHAPE(2, 3), SHAPE(3), SHAPE(2, 3));
    check_broadcast(SHAPE(2, 1, 4), SHAPE(3, 1), SHAPE(2, 3, 4));
    check_broadcast(SHAPE(5), &scalar, SHAPE(5));
    check_broadcast(SHAPE(0), SHAPE(1), SHAPE(0));
    fvi_shape out = *SHAPE(7);
    assert_int_equal(fvi_shape_broadcast(SHAPE(2, 3), SHAPE(2), &out), -1);
    assert_int_equal(fvi_shape_broadcast(SHAPE(0), SHAPE(2), &out), -1);
    assert_true(fvi_shape_equal(&out, SHAPE(7)));
}

static void test_checked_arithmetic(void **state) {
    (void)state;
    int64_t r = 5;
    assert_int_equal(fvi_mul(INT64_MAX, 2, &r), -1);
    assert_int_equal(fvi_mul(INT64_MIN, -1, &r), -1);
    assert_int_equal(fvi_add(INT64_MAX, 1, &r), -1);
    assert_int_equal(fvi_add(INT64_MIN, -1, &r), -1);
    assert_int_equal(r, 5);
    assert_int_equal(fvi_mul(-3, 4, &r), 0);
    assert_int_equal(r, -12);
    assert_int_equal(fvi_add(INT64_MAX, -1, &r), 0);
    assert_int_equal(r, INT64_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),     cmocka_unit_test(test_product_and_strides),
        cmocka_unit_test(test_equal),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_broadcast), cmocka_unit_test(test_checked_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
