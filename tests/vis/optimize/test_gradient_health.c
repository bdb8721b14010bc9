/* SPDX-License-Identifier: Apache-2.0 */
#include "vis/optimize/gradient_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/abs_max.h"

static void test_largest(void **state) {
    const float x[] = {-3, 2, 0, -0.0f}, inf[] = {1, -INFINITY, 2}, nan[] = {INFINITY, -NAN, 1};
    (void)state;
    assert_true(fvi_abs_max(x, 4) == 3);
    assert_true(fvi_abs_max(x, 0) == 0);
    assert_true(isinf(fvi_abs_max(inf, 3)));
    assert_true(isnan(fvi_abs_max(nan, 3)));
    assert_int_equal(fvi_count_nonfinite(nan, 3), 2);
    assert_int_equal(fvi_count_nonfinite(x, 4), 0);
}

/* What each side of both bounds is taken for. */
static void test_bounds(void **state) {
    float g[100] = {0};
    (void)state;
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_VANISHED);
    g[7] = -FLT_MIN / 2;
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_VANISHED);
    g[7] = -FLT_MIN;
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_SOUND);
    g[7] = 1.7e19f;
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_SOUND);
    g[8] = -1.7e19f; /* each is below the bound, the norm is not */
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_EXPLODED);
    assert_int_equal(fvi_gradient_health_of(NAN, g, 100).kind, FVI_GRADIENT_BROKEN);
    g[9] = NAN;
    assert_int_equal(fvi_gradient_health_of(1, g, 100).kind, FVI_GRADIENT_BROKEN);
}

static void test_text(void **state) {
    char text[128];
    const fvi_gradient_health zero = {.kind = FVI_GRADIENT_VANISHED};
    const fvi_gradient_health faint = {.kind = FVI_GRADIENT_VANISHED, .largest = 1e-40f};
    (void)state;
    fvi_gradient_health_text(&zero, text, sizeof text);
    assert_string_equal(text, "its gradient is zero");
    fvi_gradient_health_text(&faint, text, sizeof text);
    assert_string_equal(text, "its gradient vanishes: no number of it exceeds 1e-40");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_largest),
                                       cmocka_unit_test(test_bounds), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
