/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's algorithm beyond the numbers, which cases/winograd.c has: which convolutions are done
 * by it, and what it writes where there are no channels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/onednn/convolution/winograd.h"
#include "backend/onednn/convolution/winograd_product.h"
#include "backend/onednn/convolution/winograd_transform.h"
#include "backend/onednn/plan.h"
#include "backend/onednn/profile.h"

enum { C = 8, K = 5, SIDE = 6, LARGEST = 64 };

/* Channels beyond the last that fill up a block of 8 stay zero whatever bias and activation are. */
static void test_filling_stays_zero(void **state) {
    (void)state;
    enum { TILES = 4, BLOCK = FVI_WINOGRAD_BLOCK };
    static float src[C * SIDE * SIDE], dst[8 * SIDE * SIDE], bias[K] = {1, 1, 1, 1, 1};
    static float u[FVI_WINOGRAD_POINTS * (C + 1) * BLOCK];
    static float v[FVI_WINOGRAD_POINTS * (TILES + 1) * BLOCK], m[sizeof v / sizeof *v];
    fvi_buffer places[] = {{.data = src}, {.data = u}, {.data = bias},
                           {.data = dst}, {.data = v}, {.data = m}};
    memset(dst, 0xff, sizeof dst);
    fvi_winograd_run(&(fvi_winograd){.batch = 1,
                                     .c = C,
                                     .k = K,
                                     .in = {SIDE, SIDE},
                                     .out = {SIDE, SIDE},
                                     .pad = {1, 1},
                                     .tiles = {2, 2},
                                     .chunk = TILES,
                                     .low = 0.5f,
                                     .high = 2,
                                     .src = &places[0],
                                     .u = &places[1],
                                     .bias = &places[2],
                                     .dst = &places[3],
                                     .v = &places[4],
                                     .m = &places[5]});
    for (int i = 0; i < 8 * SIDE * SIDE; i++) assert_true(dst[i] == (i % 8 < K ? 1 : 0));
}

/* Whether a convolution of c to k channels is planned so. */
static int is_used(int64_t n, int64_t c, int64_t k, int64_t side, int64_t stride, size_t limit) {
    static const float weights[LARGEST * LARGEST * 9];
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *g = fvi_pool_alloc(pool, sizeof *g);
    fvi_const *w = fvi_pool_alloc(pool, sizeof *w);
    fvi_weight_cache *cache = fvi_weight_cache_new();
    fvi_dnnl_engine *backend = NULL;
    fvi_plan *plan = NULL;
    fvi_profile *profile = NULL;
    int64_t out = (side - 1) / stride + 1, found = 0;
    *w = (fvi_const){FVI_F32, {4, {k, c, 3, 3}}, (const uint8_t *)weights, 0};
    *g = (fvi_graph){.pool = pool, .n_values = 3, .n_nodes = 1, .n_inputs = 1, .n_outputs = 1};
    g->values = fvi_pool_array(pool, 3, sizeof *g->values);
    g->nodes = fvi_pool_alloc(pool, sizeof *g->nodes);
    g->inputs = fvi_pool_array(pool, 4, sizeof(int));
    g->outputs = g->inputs + 1;
    g->values[0] = (fvi_value){"x", {4, {n, c, side, side}}, -1, NULL, 0, 0};
    g->values[1] = (fvi_value){"w", w->shape, -1, w, 0, 0};
    g->values[2] = (fvi_value){"y", {4, {n, k, out, out}}, 0, NULL, 0, 0};
    g->outputs[0] = 2, g->inputs[2] = 0, g->inputs[3] = 1;
    g->nodes[0] = (fvi_node){.kind = FVI_CONV,
                             .name = "conv",
                             .source_op = "Conv",
                             .n_in = 2,
                             .in = g->inputs + 2,
                             .out = 2,
                             .a.window = {.n = 2,
                                          .kernel = {3, 3},
                                          .stride = {stride, stride},
                                          .dilation = {1, 1},
                                          .pad_lo = {1, 1},
                                          .pad_hi = {1, 1},
                                          .groups = 1}};
    if (limit) fvi_weight_cache_set_limit(cache, limit);
    assert_int_equal(fvi_dnnl_engine_new(&backend, NULL), FV_OK);
    assert_int_equal(fvi_plan_new(g, FVI_EXEC_BACKWARD, backend, cache, &plan, NULL), FV_OK);
    assert_int_equal(fvi_plan_profile(plan, &profile, NULL), FV_OK);
    for (int i = 0; i < fvi_profile_count(profile); i++)
        found += !strcmp(fvi_profile_op(profile, i)->implementation
                             ? fvi_profile_op(profile, i)->implementation
                             : "",
                         "winograd:f4x4");
    fvi_profile_free(profile);
    fvi_plan_free(plan);
    fvi_weight_cache_free(cache);
    fvi_dnnl_engine_free(backend);
    return (int)found;
}

/* Both directions or none, where the processor's best is AVX2; elsewhere never. */
static void test_when(void **state) {
    (void)state;
    int both = fvi_dnnl_is_avx2() ? 2 : 0;
    assert_int_equal(is_used(1, 64, 32, 14, 1, 0), both);
    assert_int_equal(is_used(1, 64, 24, 14, 1, 0), 0);
    assert_int_equal(is_used(1, 64, 64, 28, 2, 0), 0);
    /* a picture's tiles count, so that it is the same alone and in a batch */
    assert_int_equal(is_used(8, 64, 64, 7, 1, 0), 0);
    /* U takes 36 x 64 x 65 x 4 bytes here, and at most a 32nd of the limit */
    assert_int_equal(is_used(1, 64, 64, 14, 1, 24 << 20), both);
    assert_int_equal(is_used(1, 64, 64, 14, 1, 16 << 20), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filling_stays_zero),
        cmocka_unit_test(test_when),
    };
    return cmocka_run_group_tests_name("ops/winograd", tests, NULL, NULL) != 0;
}
