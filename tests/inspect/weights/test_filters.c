/* SPDX-License-Identifier: Apache-2.0 */
/* Filters as vectors: norms, the dead, the duplicates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "fovea/fovea.h"
#include "weights_net.h"

static fv_filter_stats *measure(const char *layer) {
    fv_filter_stats *f = NULL;
    fv_error err = {0};
    if (fv_filters_measure(model, net_layer(model, layer), &f, &err)) fail_msg("%s", err.text);
    return f;
}

/* 0: a wave; 1: nothing; 2: the wave three times as strong; 3: its negative; 4: next to nothing;
 * 5: the wave, one number a little off (cosine 0.9998); 6: weak, but not dead; 7: farther off
 * (cosine 0.9966) */
static void fill(float *w, int per) {
    for (int k = 0; k < per; k++) {
        const float v = sinf(0.9f * (float)k + 0.3f);
        w[k] = v;
        w[per + k] = 0;
        w[2 * per + k] = 3 * v;
        w[3 * per + k] = -v;
        w[4 * per + k] = 1e-4f * v;
        w[5 * per + k] = k == 7 ? v + 0.08f : v;
        w[6 * per + k] = k % 2 ? 0.01f : -0.01f;
        w[7 * per + k] = k == 7 ? v + 0.3f : v;
    }
}

static void test_dead_and_duplicates(void **state) {
    (void)state;
    float w[8 * 27];
    fill(w, 27);
    builder_input(b, "x", FVI_F32, "1,3,8,8");
    builder_f32(b, "w", "8,3,3,3", w);
    builder_node(b, "Conv", "conv", "x,w", "y");
    model = net_load(b, NULL);
    fv_filter_stats *f = measure("conv");
    assert_int_equal(f->count, 8);
    double sum = 0;
    for (int k = 0; k < 27; k++) sum += (double)w[k] * w[k];
    assert_true(fabs(f->norm[0] - sqrt(sum)) < 1e-6);
    assert_true(f->norm_max == f->norm[2] && f->norm_min == 0);
    assert_true(fabs(f->dead_norm - 0.001 * f->norm[2]) < 1e-12);
    assert_true(fabs(f->norm_median - (f->norm[0] + f->norm[3]) / 2) < 1e-6);
    assert_int_equal(f->n_dead, 2);
    assert_int_equal(f->dead[0], 1);
    assert_int_equal(f->dead[1], 4);
    assert_int_equal(f->n_pairs, 2); /* not the negative, not the farther one */
    assert_int_equal(f->pairs[0].filter, 2);
    assert_int_equal(f->pairs[0].like, 0);
    assert_true(f->pairs[0].cosine > 0.999999);
    assert_int_equal(f->pairs[1].filter, 5);
    assert_int_equal(f->pairs[1].like, 0);
    double dot = 0, own = 0;
    for (int k = 0; k < 27; k++) {
        dot += (double)w[k] * w[5 * 27 + k];
        own += (double)w[5 * 27 + k] * w[5 * 27 + k];
    }
    assert_true(fabs(f->pairs[1].cosine - dot / sqrt(sum * own)) < 1e-6);
    fv_filter_stats_free(f);
}

/* A filter with a number that is none is named, and counts for nothing else. */
static void test_not_finite(void **state) {
    (void)state;
    float w[8 * 27];
    fill(w, 27);
    w[0] = NAN;
    w[3 * 27 + 5] = INFINITY;
    builder_input(b, "x", FVI_F32, "1,3,8,8");
    builder_f32(b, "w", "8,3,3,3", w);
    builder_node(b, "Conv", "conv", "x,w", "y");
    model = net_load(b, NULL);
    fv_filter_stats *f = measure("conv");
    assert_int_equal(f->n_not_finite, 2);
    assert_int_equal(f->not_finite[0], 0);
    assert_int_equal(f->not_finite[1], 3);
    assert_true(f->norm_max == f->norm[2] && f->norm_min == 0 && isfinite(f->norm_median));
    assert_int_equal(f->n_dead, 2);
    fv_filter_stats_free(f);
}

static void test_all_zero_and_all_alike(void **state) {
    (void)state;
    float zero[4 * 8] = {0}, same[4 * 8];
    for (int i = 0; i < 32; i++) same[i] = (float)(i % 8 + 1);
    builder_input(b, "x", FVI_F32, "N,8");
    builder_f32(b, "w1", "4,8", zero);
    builder_f32(b, "w2", "4,8", same);
    builder_int(b, builder_node(b, "Gemm", "none", "x,w1", "a"), "transB", 1);
    builder_int(b, builder_node(b, "Gemm", "alike", "x,w2", "c"), "transB", 1);
    builder_node(b, "Add", "sum", "a,c", "y");
    model = net_load(b, NULL);
    fv_filter_stats *f = measure("none");
    assert_int_equal(f->n_dead, 4);
    assert_int_equal(f->n_pairs, 0);
    fv_filter_stats_free(f);
    f = measure("alike");
    assert_int_equal(f->n_dead, 0);
    assert_int_equal(f->n_pairs, 3); /* each with the first */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f->pairs[i].filter, i + 1);
        assert_int_equal(f->pairs[i].like, 0);
    }
    fv_filter_stats_free(f);
}

static void test_short_filters_have_no_duplicates(void **state) {
    (void)state;
    const float w[6] = {1, 1, 1, 1, 1, 1};
    builder_input(b, "x", FVI_F32, "N,3");
    builder_f32(b, "w", "2,3", w);
    builder_int(b, builder_node(b, "Gemm", "fc", "x,w", "y"), "transB", 1);
    model = net_load(b, NULL);
    fv_filter_stats *f = measure("fc");
    assert_int_equal(f->n_pairs, 0);
    fv_filter_stats_free(f);
}

static void test_layers_without_filters(void **state) {
    (void)state;
    const float v[3] = {1, 2, 3};
    builder_input(b, "x", FVI_F32, "1,3,4,4");
    builder_f32(b, "v", "3,1,1", v);
    builder_node(b, "Mul", "mul", "x,v", "m");
    builder_node(b, "Relu", "relu", "m", "y");
    model = net_load(b, NULL);
    fv_filter_stats *f = NULL;
    fv_error err;
    assert_int_equal(fv_filters_measure(model, net_layer(model, "mul"), &f, &err), FV_SHAPE);
    assert_string_equal(err.text, "net: layer \"mul\" (multiplication) has no filters");
    assert_int_equal(fv_filters_measure(model, net_layer(model, "relu"), &f, &err), FV_NOTFOUND);
    assert_int_equal(fv_filters_measure(model, 9, &f, &err), FV_ARG);
    assert_null(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dead_and_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_finite, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_zero_and_all_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_filters_have_no_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_layers_without_filters, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
