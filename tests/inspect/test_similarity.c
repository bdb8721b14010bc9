/* SPDX-License-Identifier: Apache-2.0 */
/* Grouping: distances against correlations computed directly, and who belongs together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "fovea/fovea.h"

static fv_image *noise(uint64_t seed, int channels, int h, int w) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(channels, h, w, &p, NULL), FV_OK);
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    for (int i = 0; i < channels * h * w; i++) p->data[i] = fvi_random_uniform(&r);
    return p;
}

/* p shifted around the edges, its contrast changed by `gain`, `share` of noise mixed in. */
static fv_image *variant(const fv_image *p, int dy, int dx, float gain, float share,
                         uint64_t seed) {
    fv_image *q = noise(seed, p->channels, p->height, p->width);
    for (int c = 0; c < p->channels; c++)
        for (int y = 0; y < p->height; y++)
            for (int x = 0; x < p->width; x++) {
                int sy = (y + dy + p->height) % p->height, sx = (x + dx + p->width) % p->width;
                float from = p->data[(c * p->height + sy) * p->width + sx];
                float *to = &q->data[(c * p->height + y) * p->width + x];
                *to = (1 - share) * (gain * from + 0.1f) + share * *to;
            }
    return q;
}

/* 1 - the largest correlation, straight from its definition. */
static double distance(const fv_image *a, const fv_image *b) {
    int h = a->height, w = a->width, n = h * w;
    double mean_a[3] = {0}, mean_b[3] = {0}, aa = 0, bb = 0, top = -HUGE_VAL;
    for (int i = 0; i < 3 * n; i++) {
        mean_a[i / n] += a->data[i] / n;
        mean_b[i / n] += b->data[i] / n;
    }
    for (int i = 0; i < 3 * n; i++) {
        aa += pow(a->data[i] - mean_a[i / n], 2);
        bb += pow(b->data[i] - mean_b[i / n], 2);
    }
    for (int s = 0; s < n; s++) {
        double sum = 0;
        for (int i = 0; i < 3 * n; i++) {
            int c = i / n, y = (i % n / w + s / w) % h, x = (i % w + s % w) % w;
            sum += (a->data[i] - mean_a[c]) * (b->data[c * n + y * w + x] - mean_b[c]);
        }
        top = fmax(top, sum);
    }
    return 1 - top / sqrt(aa * bb);
}

static void test_distances_are_correlations(void **state) {
    (void)state;
    static const int sizes[][2] = {{8, 8}, {7, 9}, {1, 12}, {6, 1}, {5, 10}};
    for (int k = 0; k < 5; k++) {
        int h = sizes[k][0], w = sizes[k][1], groups[4], distinct = 0;
        fv_image *p[4] = {noise(1, 3, h, w), noise(2, 3, h, w)};
        p[2] = variant(p[0], h / 2, w / 3, 0.5f, 0.3f, 3);
        p[3] = variant(p[1], 0, w / 2, -1, 0, 4);
        double d[16];
        const fv_image *const *images = (const fv_image *const *)p;
        assert_int_equal(fv_images_group(images, 4, NULL, groups, d, &distinct, NULL), FV_OK);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                double want = i == j ? 0 : distance(p[i], p[j]);
                if (fabs(d[4 * i + j] - want) > 1e-4)
                    fail_msg("%dx%d: %d, %d: %g, not %g", h, w, i, j, d[4 * i + j], want);
            }
        for (int i = 0; i < 4; i++) fv_image_free(p[i]);
    }
}

/* Shifts and contrast make no difference; chains hold groups together; numbers follow appearance.
 */
static void test_who_belongs_together(void **state) {
    (void)state;
    enum { COUNT = 7 };
    fv_image *a = noise(1, 3, 48, 40), *b = noise(2, 3, 48, 40), *c = noise(3, 3, 48, 40);
    fv_image *p[COUNT] = {b,    variant(a, 5, 9, 1, 0, 9),   c, variant(b, 47, 1, 0.3f, 0, 9), a,
                          NULL, variant(c, 1, 1, 2, 0.2f, 8)};
    p[5] = variant(a, 0, 0, 1, 0.55f, 7); /* half-way to somewhere else */
    const int want[COUNT] = {0, 1, 2, 0, 1, 1, 2};
    int groups[COUNT], distinct = 0;
    const fv_image *const *images = (const fv_image *const *)p;
    assert_int_equal(fv_images_group(images, COUNT, NULL, groups, NULL, &distinct, NULL), FV_OK);
    assert_int_equal(distinct, 3);
    assert_memory_equal(groups, want, sizeof want);
    assert_int_equal(fv_images_group(images, COUNT, FV_DESC(fv_group_desc, .threshold = 1e-3),
                                     groups, NULL, &distinct, NULL),
                     FV_OK);
    assert_int_equal(distinct, 5);
    assert_int_equal(fv_images_group(images, COUNT, FV_DESC(fv_group_desc, .threshold = 2), groups,
                                     NULL, &distinct, NULL),
                     FV_OK);
    assert_int_equal(distinct, 1);
    for (int i = 0; i < COUNT; i++) fv_image_free(p[i]);
}

static void test_a_chain_is_one_group(void **state) {
    (void)state;
    fv_image *p[5] = {noise(1, 3, 32, 32)};
    for (int i = 1; i < 5; i++) p[i] = variant(p[i - 1], 3, 4, 1, 0.35f, (uint64_t)i + 20);
    const fv_image *shuffled[5] = {p[0], p[4], p[2], p[1], p[3]};
    int groups[5], distinct = 0;
    double d[25];
    assert_int_equal(fv_images_group(shuffled, 5, FV_DESC(fv_group_desc, .threshold = 0.36F),
                                     groups, d, &distinct, NULL),
                     FV_OK);
    assert_true(d[0 * 5 + 1] > 0.36); /* the ends are far apart */
    assert_int_equal(distinct, 1);
    for (int i = 0; i < 5; i++) assert_int_equal(groups[i], 0);
    for (int i = 0; i < 5; i++) fv_image_free(p[i]);
}

/* Sizes beyond 128, unequal sizes, grey beside colour, alpha, flat and broken pictures. */
static void test_odd_pictures(void **state) {
    (void)state;
    fv_image *small = noise(1, 3, 16, 16), *p[7] = {0};
    for (int k = 0; k < 2; k++) { /* blocks of 20 and of 10 pixels of the same picture */
        int size = k ? 160 : 320, block = k ? 10 : 20;
        assert_int_equal(fv_image_new(k ? 4 : 3, size, size, &p[k], NULL), FV_OK);
        for (int i = 0; i < 3 * size * size; i++) {
            int c = i / size / size, y = i / size % size / block, x = i % size / block;
            p[k]->data[i] = small->data[(c * 16 + y) * 16 + x];
        }
    }
    p[2] = noise(5, 1, 64, 64);
    assert_int_equal(fv_image_new(3, 64, 64, &p[3], NULL), FV_OK);
    for (int i = 0; i < 3 * 64 * 64; i++) p[3]->data[i] = p[2]->data[i % (64 * 64)];
    assert_int_equal(fv_image_new(3, 64, 64, &p[4], NULL), FV_OK); /* black */
    assert_int_equal(fv_image_new(1, 20, 20, &p[5], NULL), FV_OK);
    p[6] = variant(p[3], 0, 0, 1, 0, 1);
    p[6]->data[100] = NAN;
    const int want[7] = {0, 0, 1, 1, 2, 2, 1};
    int groups[7], distinct = 0;
    double d[49];
    const fv_image *const *images = (const fv_image *const *)p;
    assert_int_equal(fv_images_group(images, 7, NULL, groups, d, &distinct, NULL), FV_OK);
    for (int i = 0; i < 49; i++) assert_true(d[i] >= 0 && d[i] <= 2);
    assert_true(d[4] == 1 && d[4 * 7 + 5] == 0); /* flat: unlike all but its like */
    assert_memory_equal(groups, want, sizeof want);
    assert_int_equal(distinct, 3);
    for (int i = 0; i < 7; i++) fv_image_free(p[i]);
    fv_image_free(small);
}

static void test_errors(void **state) {
    (void)state;
    fv_image *p = noise(1, 3, 4, 4);
    const fv_image *images[2] = {p, NULL};
    int groups[2] = {-7, -7}, distinct = -7;
    fv_error err;
    assert_int_equal(fv_images_group(images, 0, NULL, groups, NULL, &distinct, &err), FV_ARG);
    assert_int_equal(fv_images_group(NULL, 1, NULL, groups, NULL, &distinct, &err), FV_ARG);
    assert_int_equal(fv_images_group(images, 2, NULL, groups, NULL, &distinct, &err), FV_ARG);
    assert_int_equal(fv_images_group(images, 1, FV_DESC(fv_group_desc, .threshold = -1), groups,
                                     NULL, &distinct, &err),
                     FV_ARG);
    assert_int_equal(fv_images_group(images, 1, FV_DESC(fv_group_desc, .threshold = NAN), groups,
                                     NULL, &distinct, &err),
                     FV_ARG);
    assert_int_equal(fv_images_group(images, 1, NULL, groups, NULL, NULL, &err), FV_ARG);
    assert_true(groups[0] == -7 && distinct == -7);
    assert_int_equal(fv_images_group(images, 1, NULL, groups, NULL, &distinct, &err), FV_OK);
    assert_true(groups[0] == 0 && distinct == 1);
    fv_image_free(p);
}

/* Two halves of a vector changed places: alike where shifts are tried, and else not. */
static void without_shifts_places_count(void **state) {
    (void)state;
    float a[8] = {0, 1, 2, 5, 0, 0, 0, 0}, b[8] = {0, 0, 0, 0, 0, 1, 2, 5};
    fv_image one = {.channels = 1, .height = 1, .width = 8, .data = a}, two = one;
    two.data = b;
    const fv_image *images[2] = {&one, &two};
    int groups[2], distinct = 0;
    assert_int_equal(fv_images_group(images, 2, NULL, groups, NULL, &distinct, NULL), FV_OK);
    assert_int_equal(distinct, 1);
    assert_int_equal(fv_images_group(images, 2, FV_DESC(fv_group_desc, .fixed = 1), groups, NULL,
                                     &distinct, NULL),
                     FV_OK);
    assert_int_equal(distinct, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_shifts_places_count),
        cmocka_unit_test(test_distances_are_correlations),
        cmocka_unit_test(test_who_belongs_together),
        cmocka_unit_test(test_a_chain_is_one_group),
        cmocka_unit_test(test_odd_pictures),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
