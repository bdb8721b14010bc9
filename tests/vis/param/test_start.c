/* SPDX-License-Identifier: Apache-2.0 */
/* Starting pictures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "vis/param/start.h"

static void start_has_mean_and_spread_at_any_size(void **state) {
    (void)state;
    int sizes[][2] = {{1, 1}, {2, 3}, {64, 64}, {33, 100}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int h = sizes[k][0], w = sizes[k][1], n = h * w;
        float *p = malloc((size_t)(3 * n) * sizeof *p);
        fvi_random r = fvi_random_stream(7, 1, 0, FVI_DRAW_START);
        fvi_start_all_scales(&r, 3, h, w, 127.5f, 25, p);
        for (int c = 0; c < 3; c++) {
            double sum = 0, square = 0;
            for (int i = 0; i < n; i++) sum += p[c * n + i];
            for (int i = 0; i < n; i++) square += pow(p[c * n + i] - sum / n, 2);
            assert_true(fabs(sum / n - 127.5) < 0.03);
            assert_true(fabs(sqrt(square / n) - (n > 1 ? 25 : 0)) < 0.03);
        }
        free(p);
    }
}

/* Every octave is there: means over blocks of any side vary. */
static void start_has_all_scales(void **state) {
    (void)state;
    enum { S = 64 };
    float p[S * S];
    fvi_random r = fvi_random_stream(3, 1, 0, FVI_DRAW_START);
    fvi_start_all_scales(&r, 1, S, S, 0.5f, 0.1f, p);
    for (int side = 1; side <= 16; side *= 4) {
        double square = 0;
        int blocks = S / side;
        for (int by = 0; by < blocks; by++)
            for (int bx = 0; bx < blocks; bx++) {
                double sum = 0;
                for (int i = 0; i < side * side; i++)
                    sum += p[(by * side + i / side) * S + bx * side + i % side] - 0.5;
                square += pow(sum / (side * side), 2) / (blocks * blocks);
            }
        assert_true(sqrt(square) > 0.02);
    }
}

/* The draws in the order the header says, on grids of 1 and 2 cells, before mean and deviation. */
static void draws_have_their_order(void **state) {
    (void)state;
    float p[6], want[6], mean = 0, square = 0;
    fvi_random r = fvi_random_stream(9, 1, 0, FVI_DRAW_START), s = r;
    fvi_start_all_scales(&r, 1, 2, 3, 0, 1, p);
    float one[2][2], two[3][3];
    for (int i = 0; i < 4; i++) one[i / 2][i % 2] = fvi_random_normal(&s);
    for (int i = 0; i < 9; i++) two[i / 3][i % 3] = fvi_random_normal(&s);
    for (int i = 0; i < 6; i++) {
        int y = i / 3, x = i % 3, cell = 2 * x / 3;
        float fy = 0.5f * (float)y, fx = (float)x / 3, gx = 2 * fx - (float)cell;
        float top = one[0][0] * (1 - fx) + one[0][1] * fx;
        float low = one[1][0] * (1 - fx) + one[1][1] * fx;
        want[i] = top * (1 - fy) + low * fy + two[y][cell] * (1 - gx) + two[y][cell + 1] * gx;
        mean += want[i] / 6;
    }
    for (int i = 0; i < 6; i++) square += (want[i] - mean) * (want[i] - mean) / 6;
    for (int i = 0; i < 6; i++) assert_true(fabsf(p[i] - (want[i] - mean) / sqrtf(square)) < 1e-5f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_has_mean_and_spread_at_any_size),
        cmocka_unit_test(start_has_all_scales),
        cmocka_unit_test(draws_have_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
