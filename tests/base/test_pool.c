/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: alignment, zeroes, limits, and that no two requests overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

static void test_aligned_zeroed_and_apart(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    fvi_pool *pool = fvi_pool_new(0);
    unsigned char *at[COUNT];
    size_t size[COUNT];
    assert_non_null(pool);
    for (int i = 0; i < COUNT; i++) {
        size[i] = (size_t)i % 7 == 0 ? (size_t)i * 37 : (size_t)(i * 13 % 150);
        at[i] = fvi_pool_alloc(pool, size[i]);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % (size[i] >= 64 ? 64 : 16), 0);
        for (size_t k = 0; k < size[i]; k++) assert_int_equal(at[i][k], 0);
        memset(at[i], i & 255, size[i]);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t k = 0; k < size[i]; k++) assert_int_equal(at[i][k], i & 255);
    fvi_pool_free(pool);
    fvi_pool_free(NULL);
}

static void test_limit(void **state) {
    (void)state;
    fvi_pool *pool = fvi_pool_new(1000);
    assert_non_null(fvi_pool_alloc(pool, 600));
    assert_null(fvi_pool_alloc(pool, 401));
    assert_non_null(fvi_pool_alloc(pool, 400));
    assert_null(fvi_pool_alloc(pool, 1));
    fvi_pool_free(pool);
}

static void test_absurd_sizes(void **state) {
    (void)state;
    fvi_pool *pool = fvi_pool_new(0);
    assert_null(fvi_pool_alloc(pool, SIZE_MAX));
    assert_null(fvi_pool_alloc(pool, SIZE_MAX - 70));
    assert_null(fvi_pool_array(pool, SIZE_MAX / 8 + 1, 8));
    assert_null(fvi_pool_array(pool, (size_t)1 << 33, (size_t)1 << 33));
    assert_non_null(fvi_pool_array(pool, 0, 8));
    assert_non_null(fvi_pool_array(pool, 8, 0));
    fvi_pool_free(pool);
}

static void test_texts(void **state) {
    (void)state;
    fvi_pool *pool = fvi_pool_new(20);
    assert_string_equal(fvi_pool_strdup(pool, "conv1"), "conv1");
    assert_string_equal(fvi_pool_printf(pool, "%s/%d", "conv1", 7), "conv1/7");
    assert_null(fvi_pool_printf(pool, "%s", "more than the six that are left"));
    assert_null(fvi_pool_strdup(pool, "also too long"));
    fvi_pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_zeroed_and_apart),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_absurd_sizes),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
