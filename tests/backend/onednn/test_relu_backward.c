/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass of ReLUs and clips against oneDNN's, to the bit, for numbers that are none too;
 * the same where it overwrites the gradient it reads, where only the sides of the values are kept,
 * and for any number of threads. Redirected and guided ones: engine/test_redirect.c. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/onednn/kernels/relu_backward.h"
#include "backend/onednn/schedule/schedule_internal.h"
#include "backend/onednn/schedule/weight_cache.h"
#include "base/parallel.h"
#include "base/random.h"

enum { N = 3 * FVI_PARALLEL_MIN + 5 };

static const float special[] = {0, -0.0f,    1,         -1,  6,       -6,       0.5f,   -2,
                                7, INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, FLT_MIN};
enum { SPECIAL = sizeof special / sizeof *special };

/* Every pair of special numbers, then random ones. */
static void draw(float *value, float *g) {
    fvi_random r = fvi_random_stream(3, 1, 0, FVI_DRAW_START);
    for (int i = 0; i < N; i++) {
        value[i] = i < SPECIAL * SPECIAL ? special[i % SPECIAL] : 4 * fvi_random_normal(&r);
        g[i] = i < SPECIAL * SPECIAL ? special[i / SPECIAL] : fvi_random_normal(&r);
    }
}

static void by_onednn(fvi_dnnl_engine *b, const fvi_act *act, float *value, float *g, float *out) {
    const fvi_shape shape = {1, {N}};
    fvi_prim *p = NULL;
    fvi_buffer buffers[3] = {{.shape = shape, .data = value},
                             {.shape = shape, .data = g},
                             {.shape = shape, .data = out}};
    assert_int_equal(fvi_prim_eltwise(b, act, FVI_BY_DST, &shape, NULL, &p, NULL), FV_OK);
    fvi_prim_set(p, FVI_DST, &buffers[0]);
    fvi_prim_set(p, FVI_DIFF_DST, &buffers[1]);
    fvi_prim_set(p, FVI_DIFF_SRC, &buffers[2]);
    assert_int_equal(fvi_prim_scratch(p), 0);
    assert_int_equal(fvi_prim_bind(p, NULL), FV_OK);
    assert_int_equal(fvi_prim_run(p), FV_OK);
    fvi_prim_free(p);
}

static fv_status nothing(const fvi_step *s) {
    (void)s;
    return FV_OK;
}

/* As the only step of a schedule, forward and backward. `kept`: the values are wiped out in
 * between, so their sides must do; only whole vectors have them. */
static void by_ours(fvi_dnnl_engine *b, const fvi_act *act, const float *value, float *g,
                    float *out, int kept) {
    static float lost[N];
    static const fvi_op op = {.name = "none", .forward = nothing, .backward = nothing};
    const int n = kept ? N / 8 * 8 : N;
    const fvi_shape shape = {2, {1, n}};
    const size_t bytes = (size_t)n * sizeof(float);
    fvi_weight_cache *w = fvi_weight_cache_new();
    fvi_schedule *p = NULL;
    const fvi_node node = {.out = 0};
    fvi_buffer buffers[3] = {{.shape = shape, .data = lost, .bytes = bytes, .external = 1},
                             {.shape = shape, .data = g, .bytes = bytes, .external = 1},
                             {.shape = shape, .data = out, .bytes = bytes, .external = 1}};
    assert_int_equal(fvi_schedule_new(b, w, 0, &p, NULL), FV_OK);
    if (kept) fvi_schedule_every_method(p);
    fvi_step s = {.op = &op, .schedule = p, .node = &node, .dst = &buffers[0]}, *step = &s;
    g_ptr_array_add(p->steps, step);
    for (int i = 0; i < 2; i++)
        g_array_append_val(p->entries, ((fvi_entry){.step = step, .direction = i}));
    assert_int_equal(fvi_relu_plan(&s, act, &buffers[0], &buffers[1], &buffers[2], NULL), FV_OK);
    assert_int_equal(fvi_schedule_finish(p, 0, NULL), FV_OK);
    assert_int_equal(s.hook->is_active(&s, FVI_FORWARD), kept);
    memcpy(lost, value, sizeof lost);
    assert_int_equal(fvi_schedule_run(p, 0, 1, NULL), FV_OK);
    for (int i = 0; kept && i < N; i++) lost[i] = 3;
    assert_int_equal(fvi_schedule_run(p, 1, 2, NULL), FV_OK);
    fvi_schedule_free(p);
    fvi_weight_cache_free(w);
}

/* NaNs alike, whatever is in them. */
static void assert_same(const float *x, const float *y, int n) {
    for (int i = 0; i < n; i++)
        if (!(isnan(x[i]) && isnan(y[i]))) assert_memory_equal(x + i, y + i, sizeof *x);
}

static void test_bits(void **state) {
    static float value[N], g[N], want[N], got[N];
    const fvi_act acts[] = {{.f = FVI_RELU},
                            {.f = FVI_LEAKY_RELU, .p = 0.1f},
                            {.f = FVI_LEAKY_RELU},
                            {.f = FVI_CLIP, .p = 0, .q = 6},
                            {.f = FVI_CLIP, .p = -2, .q = 0.5f},
                            {.f = FVI_CLIP, .p = 1, .q = 1}};
    fvi_dnnl_engine *b = NULL;
    (void)state;
    assert_int_equal(fvi_dnnl_engine_new(&b, NULL), FV_OK);
    draw(value, g);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        assert_true(fvi_relu_is(&acts[i]));
        by_onednn(b, &acts[i], value, g, want);
        for (int run = 0; run < 4; run++) {
            const int kept = run & 1, n = kept ? N / 8 * 8 : N;
            omp_set_num_threads(run < 2 ? 1 : 3);
            by_ours(b, &acts[i], value, g, got, kept);
            assert_same(want, got, n);
            memcpy(got, g, sizeof got);
            by_ours(b, &acts[i], value, got, got, kept);
            assert_same(want, got, n);
        }
    }
    fvi_dnnl_engine_free(b);
}

static void test_which(void **state) {
    const fvi_act others[] = {{.f = FVI_LEAKY_RELU, .p = -0.1f}, {.f = FVI_SIGMOID}};
    (void)state;
    for (int i = 0; i < 2; i++) assert_false(fvi_relu_is(&others[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_which),
    };
    return cmocka_run_group_tests_name("ops/relu", tests, NULL, NULL) != 0;
}
