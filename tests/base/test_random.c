/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: Philox's published answers, distributions, and streams that share nothing.
 *
 * The source itself is included to reach philox(). Known answers: tests/kat_vectors of the library
 * Random123, lines "philox4x32 10".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.c"

static void test_known_answers(void **state) {
    (void)state;
    // clang-format off
    static const struct { uint32_t counter[4], key[2], out[4]; } known[] = {
        {{0, 0, 0, 0}, {0, 0},
         {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    // clang-format on
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        philox(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

/* The numbers of a stream are part of what makes a picture come out the same: they may not change.
 */
static void test_stream_is_pinned(void **state) {
    (void)state;
    fvi_random r = fvi_random_stream(1, 2, 3, FVI_DRAW_START);
    uint32_t key[2] = {1, 0}, who[4] = {2, 0, FVI_DRAW_START, 0}, mixed[4], out[4];
    philox(who, key, mixed);
    uint32_t counter[4] = {0, 3, mixed[2], mixed[3]};
    philox(counter, mixed, out);
    for (int i = 0; i < 4; i++) assert_int_equal(fvi_random_u32(&r), out[i]);
    counter[0] = 1;
    philox(counter, mixed, out);
    assert_int_equal(fvi_random_u32(&r), out[0]);
}

/* A stream through its halves is itself; what is no half becomes the nearest one. */
static void test_halves(void **state) {
    (void)state;
    fvi_random a = fvi_random_stream(0xFEDCBA9876543210u, 77, 0xFFFF0001u, FVI_DRAW_NOISE);
    float halves[FVI_RANDOM_HALVES];
    fvi_random_to_halves(&a, halves);
    for (int i = 0; i < FVI_RANDOM_HALVES; i++)
        assert_true(halves[i] >= 0 && halves[i] < 65536 && halves[i] == floorf(halves[i]));
    assert_true(halves[4] == 1 && halves[5] == 0xFFFF); /* the step */
    fvi_random b = fvi_random_from_halves(halves);
    for (int i = 0; i < 9; i++) assert_int_equal(fvi_random_u32(&a), fvi_random_u32(&b));
    const float wrong[FVI_RANDOM_HALVES] = {-1, 1e20f, NAN, 65536, 2.4f};
    b = fvi_random_from_halves(wrong);
    assert_int_equal(b.key[0], 0xFFFF0000u);
    assert_int_equal(b.counter[1], 2);
}

/* Normals are the same whether they are asked for at once or by two, wherever the stream stands. */
static void test_normals_do_not_depend_on_pieces(void **state) {
    (void)state;
    enum { N = 9000 };
    float *all = malloc((N + 4) * sizeof *all), pair[2];
    for (int before = 0; before < 4; before++)
        for (int n = N - 3; n <= N; n++) {
            fvi_random a = fvi_random_stream(5, 6, 7, FVI_DRAW_NOISE), b = a;
            fvi_random_skip(&a, before);
            for (int i = 0; i < before; i++) fvi_random_u32(&b);
            fvi_random_normals(&a, n, all);
            for (int i = 0; i < n; i += 2) {
                fvi_random c = b;
                double u = ((double)fvi_random_u32(&c) + 1) * 0x1p-32;
                double t = (double)fvi_random_u32(&c) * 0x1p-32 * 2 * M_PI;
                fvi_random_normals(&b, 2, pair);
                assert_float_equal(pair[0], sqrt(-2 * log(u)) * cos(t), 3e-6);
                assert_float_equal(pair[1], sqrt(-2 * log(u)) * sin(t), 3e-6);
                for (int k = 0; k < 2 && i + k < n; k++)
                    assert_float_equal(pair[k], all[i + k], 1e-6);
            }
            assert_int_equal(fvi_random_u32(&a), fvi_random_u32(&b));
        }
    free(all);
}

static int compare_u64(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* No two of many neighbouring streams have their first 64 bits in common. */
static void test_streams_are_apart(void **state) {
    (void)state;
    enum { N = 6 };
    static uint64_t first[N * N * N * 2 * 2];
    int n = 0;
    for (uint64_t seed = 0; seed < N; seed++)
        for (uint64_t unit = 0; unit < N; unit++)
            for (uint32_t step = 0; step < N; step++)
                for (int use = FVI_DRAW_START; use <= FVI_DRAW_TILE; use++)
                    for (int high = 0; high < 2; high++) {
                        uint64_t far_unit = unit + ((uint64_t)high << 32);
                        fvi_random r = fvi_random_stream(seed, far_unit, step, (fvi_draw)use);
                        uint64_t upper = (uint64_t)fvi_random_u32(&r) << 32;
                        first[n++] = upper | fvi_random_u32(&r);
                    }
    qsort(first, (size_t)n, sizeof *first, compare_u64);
    for (int i = 1; i < n; i++) assert_true(first[i - 1] != first[i]);
    fvi_random low = fvi_random_stream(1, 0, 0, FVI_DRAW_START);
    fvi_random high = fvi_random_stream((uint64_t)1 << 32, 0, 0, FVI_DRAW_START);
    assert_int_not_equal(fvi_random_u32(&low), fvi_random_u32(&high));
}

/* A stream does not depend on what others were drawn between. */
static void test_streams_do_not_disturb_each_other(void **state) {
    (void)state;
    fvi_random alone = fvi_random_stream(9, 4, 0, FVI_DRAW_TILE), a = alone;
    fvi_random b = fvi_random_stream(9, 5, 0, FVI_DRAW_TILE);
    for (int i = 0; i < 100; i++) {
        fvi_random_u32(&b);
        assert_int_equal(fvi_random_u32(&a), fvi_random_u32(&alone));
    }
}

static void test_uniform(void **state) {
    (void)state;
    enum { N = 200000 };
    fvi_random r = fvi_random_stream(0, 0, 0, FVI_DRAW_START);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        double u = fvi_random_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    assert_true(fabs(sum / N - 0.5) < 0.004); /* six standard errors */
    assert_true(fabs(squares / N - 1.0 / 3) < 0.004);
}

static void test_normal(void **state) {
    (void)state;
    enum { N = 200000 };
    fvi_random r = fvi_random_stream(0, 0, 0, FVI_DRAW_START);
    double sum = 0, squares = 0, fourth = 0;
    for (int i = 0; i < N; i++) {
        double x = fvi_random_normal(&r);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    assert_true(fabs(sum / N) < 0.014);
    assert_true(fabs(squares / N - 1) < 0.02);
    assert_true(fabs(fourth / N - 3) < 0.14);
}

static void test_int(void **state) {
    (void)state;
    fvi_random r = fvi_random_stream(0, 0, 0, FVI_DRAW_TILE);
    int seen[7] = {0};
    for (int i = 0; i < 70000; i++) {
        int v = fvi_random_int(&r, -3, 3);
        assert_in_range(v + 3, 0, 6);
        seen[v + 3]++;
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 9400, 10600);
    assert_int_equal(fvi_random_int(&r, 5, 5), 5);
    int negative = 0;
    for (int i = 0; i < 1000; i++) negative += fvi_random_int(&r, INT32_MIN, INT32_MAX) < 0;
    assert_in_range(negative, 400, 600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_stream_is_pinned),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_streams_are_apart),
        cmocka_unit_test(test_normals_do_not_depend_on_pieces),
        cmocka_unit_test(test_streams_do_not_disturb_each_other),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_int),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
