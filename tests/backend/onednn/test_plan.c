/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of small graphs built in memory: gradients where values have several readers, concats done
 * in place, targets in the middle, values nobody computes, memory that is shared. Each op's own
 * arithmetic is tested in tests/backend/ops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/onednn/plan.h"
#include "base/random.h"
#include "engine.h"

/* ---- graphs ---- */

static fvi_graph *graph_new(void) {
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *g = fvi_pool_alloc(pool, sizeof *g);
    g->pool = pool;
    g->values = fvi_pool_array(pool, 64, sizeof *g->values);
    g->nodes = fvi_pool_array(pool, 64, sizeof *g->nodes);
    g->inputs = fvi_pool_array(pool, 8, sizeof(int));
    g->outputs = fvi_pool_array(pool, 8, sizeof(int));
    return g;
}

static int value_new(fvi_graph *g, fvi_shape shape) {
    int v = g->n_values++;
    g->values[v] = (fvi_value){fvi_pool_printf(g->pool, "v%d", v), shape, -1, NULL, 0, 0};
    return v;
}

static int input_new(fvi_graph *g, fvi_shape shape) {
    int v = value_new(g, shape);
    g->inputs[g->n_inputs++] = v;
    return v;
}

static int constant_new(fvi_graph *g, fvi_shape shape, uint64_t seed) {
    int v = value_new(g, shape);
    int64_t n = fvi_shape_count(&shape);
    float *x = fvi_pool_array(g->pool, (size_t)n, sizeof *x);
    fvi_random r = fvi_random_stream(seed, 9, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = 0.4f * fvi_random_normal(&r);
    fvi_const *c = fvi_pool_alloc(g->pool, sizeof *c);
    *c = (fvi_const){FVI_F32, shape, (const uint8_t *)x, 0};
    g->values[v].constant = c;
    return v;
}

static int node_new(fvi_graph *g, fvi_kind kind, fvi_node_attr a, fvi_shape out, int n, ...) {
    fvi_node *node = &g->nodes[g->n_nodes];
    *node = (fvi_node){
        kind, fvi_pool_printf(g->pool, "n%d", g->n_nodes), "Test", n, NULL, 0, a, NULL};
    node->in = fvi_pool_array(g->pool, (size_t)n, sizeof(int));
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) node->in[i] = va_arg(args, int);
    va_end(args);
    node->out = value_new(g, out);
    g->values[node->out].producer = g->n_nodes++;
    return node->out;
}

static const fvi_shape picture = {4, {2, 8, 6, 6}};

static int unary(fvi_graph *g, fvi_unary f, int x) {
    return node_new(g, FVI_UNARY, (fvi_node_attr){.unary = {f, 0.5f, 0.1f}}, g->values[x].shape, 1,
                    x);
}

static int binary(fvi_graph *g, fvi_binary f, int x, int y) {
    return node_new(g, FVI_BINARY, (fvi_node_attr){.binary = {f}}, g->values[x].shape, 2, x, y);
}

/* 3x3 convolution, same size, c channels out. */
static int conv(fvi_graph *g, int x, int64_t c, uint64_t seed) {
    fvi_shape s = g->values[x].shape;
    int w = constant_new(g, (fvi_shape){4, {c, s.dim[1], 3, 3}}, seed);
    int b = constant_new(g, (fvi_shape){1, {c}}, seed + 100);
    fvi_window win = {.n = 2,
                      .kernel = {3, 3},
                      .stride = {1, 1},
                      .dilation = {1, 1},
                      .pad_lo = {1, 1},
                      .pad_hi = {1, 1},
                      .groups = 1};
    s.dim[1] = c;
    return node_new(g, FVI_CONV, (fvi_node_attr){.window = win}, s, 3, x, w, b);
}

static int concat(fvi_graph *g, int n, const int *parts) {
    fvi_shape s = g->values[parts[0]].shape;
    s.dim[1] = 0;
    for (int i = 0; i < n; i++) s.dim[1] += g->values[parts[i]].shape.dim[1];
    int out = node_new(g, FVI_CONCAT, (fvi_node_attr){.axis = {1}}, s, 0);
    fvi_node *node = &g->nodes[g->values[out].producer];
    node->n_in = n;
    node->in = fvi_pool_array(g->pool, (size_t)n, sizeof(int));
    memcpy(node->in, parts, (size_t)n * sizeof(int));
    return out;
}

static void target(fvi_graph *g, int v) { g->outputs[g->n_outputs++] = v; }

/* ---- running ---- */

static fvi_plan *plan_of(fvi_graph *g, int flags) {
    fv_error err = {0};
    fvi_plan *p = NULL;
    if (fvi_plan_new(g, flags, backend, weights, &p, &err)) fail_msg("%s", err.text);
    return p;
}

static int64_t count_of(const fvi_plan *p, int value) {
    return fvi_shape_count(&fvi_plan_graph(p)->values[value].shape);
}

static float *noise(int64_t n, uint64_t seed) {
    float *x = malloc((size_t)n * sizeof *x);
    fvi_random r = fvi_random_stream(seed, 1, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = 0.5f * fvi_random_normal(&r);
    return x;
}

/* sum over targets of <target, seed_t>, seeds being noise(.., 50 + t). */
static double weighed(fvi_plan *p, const float *x) {
    fvi_plan_set_input(p, 0, x);
    assert_int_equal(fvi_plan_forward(p, NULL), FV_OK);
    double sum = 0;
    for (int t = 0; t < fvi_plan_graph(p)->n_outputs; t++) {
        int64_t n = count_of(p, fvi_plan_graph(p)->outputs[t]);
        float *seed = noise(n, 50 + (uint64_t)t);
        for (int64_t i = 0; i < n; i++) sum += (double)fvi_plan_target(p, t)[i] * seed[i];
        free(seed);
    }
    return sum;
}

static float *gradient_of(fvi_plan *p, const float *x) {
    weighed(p, x);
    for (int t = 0; t < fvi_plan_graph(p)->n_outputs; t++) {
        float *seed = noise(count_of(p, fvi_plan_graph(p)->outputs[t]), 50 + (uint64_t)t);
        fvi_plan_set_seed(p, t, seed);
        free(seed);
    }
    assert_int_equal(fvi_plan_backward(p, NULL), FV_OK);
    float *g = malloc((size_t)count_of(p, fvi_plan_graph(p)->inputs[0]) * sizeof *g);
    fvi_plan_get_gradient(p, 0, g);
    return g;
}

/* The whole check: gradient against central differences of the plan's own forward, the same numbers
 * with no memory shared, guards whole, the same when run again. */
static void check(fvi_graph *(*make)(void)) {
    fvi_plan *p = plan_of(make(), FVI_EXEC_BACKWARD);
    fvi_plan *guarded = plan_of(make(), FVI_EXEC_BACKWARD | FVI_PLAN_GUARDS);
    int64_t n = count_of(p, fvi_plan_graph(p)->inputs[0]);
    float *x = noise(n, 3), *g = gradient_of(p, x);
    float *again = gradient_of(p, x), *other = gradient_of(guarded, x);
    assert_int_equal(fvi_plan_check_guards(guarded), 0);
    assert_memory_equal(g, again, (size_t)n * sizeof *g);
    assert_memory_equal(g, other, (size_t)n * sizeof *g);
    float top = 0;
    for (int64_t i = 0; i < n; i++) top = fmaxf(top, fabsf(g[i]));
    for (int64_t i = 0; i < n; i += 7) {
        float keep = x[i], e = 1.0f / 256;
        x[i] = keep + e;
        double up = weighed(p, x);
        x[i] = keep - e;
        double down = weighed(p, x);
        x[i] = keep;
        assert_true(fabs((up - down) / (2 * e) - g[i]) < 3e-3 * top);
    }
    free(x);
    free(g);
    free(again);
    free(other);
    fvi_plan_free(p);
    fvi_plan_free(guarded);
}

/* ---- cases ---- */

/* x -> conv -> +x -> conv -> +: every sum's gradient goes two ways (a residual net). */
static fvi_graph *residual(void) {
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    int a = unary(g, FVI_TANH, conv(g, x, 8, 1));
    int b = binary(g, FVI_ADD, a, x);
    int c = unary(g, FVI_SIGMOID, conv(g, b, 8, 2));
    target(g, binary(g, FVI_ADD, c, b));
    return g;
}

/* One value read by four: twice by the same node, once through a concat. */
static fvi_graph *many_readers(void) {
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    int a = unary(g, FVI_TANH, x);
    int square = binary(g, FVI_MUL, a, a);
    int parts[3] = {a, square, conv(g, a, 8, 3)};
    target(g, conv(g, concat(g, 3, parts), 4, 4));
    return g;
}

/* Concats of concats, of parts that divide the blocks and parts that do not, of one part twice. */
static fvi_graph *concats(void) {
    fvi_graph *g = graph_new();
    fvi_shape one = picture;
    one.dim[0] = 1;
    int x = input_new(g, one);
    int parts[3] = {conv(g, x, 16, 5), conv(g, x, 8, 6), conv(g, x, 24, 7)};
    int inner = concat(g, 3, parts);
    int outer[4] = {inner, conv(g, inner, 3, 8), x, x};
    target(g, unary(g, FVI_TANH, concat(g, 4, outer)));
    return g;
}

/* Targets in the middle and at the end; the first would be fused away were it not asked for. */
static fvi_graph *inner_targets(void) {
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    int a = conv(g, x, 8, 9), b = unary(g, FVI_SIGMOID, a);
    target(g, a);
    target(g, b);
    target(g, conv(g, b, 8, 10));
    return g;
}

static fvi_graph *input_as_target(void) {
    fvi_graph *g = graph_new();
    target(g, input_new(g, picture));
    return g;
}

static void residual_gradient(void **state) {
    (void)state;
    check(residual);
}
static void many_readers_gradient(void **state) {
    (void)state;
    check(many_readers);
}
static void concats_gradient(void **state) {
    (void)state;
    check(concats);
}
static void inner_targets_gradient(void **state) {
    (void)state;
    check(inner_targets);
}
static void input_as_target_gradient(void **state) {
    (void)state;
    check(input_as_target);
}

/* A value before an activation is the same whether or not the two are done as one. */
static void asking_between_changes_nothing(void **state) {
    (void)state;
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    target(g, unary(g, FVI_RELU, conv(g, x, 8, 9)));
    fvi_plan *fused = plan_of(g, 0);
    g = graph_new();
    x = input_new(g, picture);
    int a = conv(g, x, 8, 9);
    target(g, unary(g, FVI_RELU, a));
    target(g, a);
    fvi_plan *both = plan_of(g, 0);
    float *in = noise(count_of(fused, x), 3);
    fvi_plan_set_input(fused, 0, in);
    fvi_plan_set_input(both, 0, in);
    assert_int_equal(fvi_plan_forward(fused, NULL), FV_OK);
    assert_int_equal(fvi_plan_forward(both, NULL), FV_OK);
    int negative = 0;
    for (int64_t i = 0; i < count_of(both, a); i++) {
        float before = fvi_plan_target(both, 1)[i];
        negative += before < 0;
        assert_true(fabsf(fvi_plan_target(fused, 0)[i] - fmaxf(before, 0)) < 1e-5f);
    }
    assert_true(negative > 0);
    free(in);
    fvi_plan_free(fused);
    fvi_plan_free(both);
}

/* The gradient at a target in the middle is what the rest of the network, a plan of its own, gives
 * at its input; that at the last one is its seed. Two readers, so it is a sum; with a seed of the
 * middle's own it is one more. */
static void inner_gradient(void **state) {
    (void)state;
    fvi_graph *g = graph_new();
    int x = input_new(g, picture), a = unary(g, FVI_RELU, conv(g, x, 8, 9));
    int end = binary(g, FVI_ADD, conv(g, a, 8, 10), unary(g, FVI_TANH, a));
    target(g, end);
    target(g, a);
    fvi_plan *whole = plan_of(g, FVI_EXEC_BACKWARD | FVI_EXEC_TARGET_GRADIENTS | FVI_PLAN_GUARDS);
    g = graph_new();
    int y = input_new(g, picture);
    target(g, binary(g, FVI_ADD, conv(g, y, 8, 10), unary(g, FVI_TANH, y)));
    fvi_plan *rest = plan_of(g, FVI_EXEC_BACKWARD);
    const int64_t n = count_of(whole, x);
    float *in = noise(n, 3), *seed = noise(n, 4), *own = noise(n, 5), *zero = calloc((size_t)n, 4);
    for (int with_own = 0; with_own < 2; with_own++) {
        fvi_plan_set_input(whole, 0, in);
        assert_int_equal(fvi_plan_forward(whole, NULL), FV_OK);
        fvi_plan_set_input(rest, 0, fvi_plan_target(whole, 1));
        fvi_plan_set_seed(whole, 0, seed);
        fvi_plan_set_seed(whole, 1, with_own ? own : zero);
        assert_int_equal(fvi_plan_backward(whole, NULL), FV_OK);
        assert_int_equal(fvi_plan_forward(rest, NULL), FV_OK);
        fvi_plan_set_seed(rest, 0, seed);
        assert_int_equal(fvi_plan_backward(rest, NULL), FV_OK);
        const float *got = fvi_plan_target_gradient(whole, 1), *want = fvi_plan_gradient(rest, 0);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabsf(got[i] - want[i] - (with_own ? own[i] : 0)) < 1e-5f);
        assert_memory_equal(fvi_plan_target_gradient(whole, 0), seed, (size_t)n * sizeof *seed);
    }
    assert_int_equal(fvi_plan_check_guards(whole), 0);
    assert_null(fvi_plan_target_gradient(rest, 0)); /* nobody asked */
    free(in);
    free(seed);
    free(own);
    free(zero);
    fvi_plan_free(whole);
    fvi_plan_free(rest);
}

/* No gradient comes through a comparison: it is zero, not garbage. */
static void no_gradient_is_zero(void **state) {
    (void)state;
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    target(g, unary(g, FVI_FLOOR, x));
    fvi_plan *p = plan_of(g, FVI_EXEC_BACKWARD | FVI_PLAN_GUARDS);
    float *in = noise(count_of(p, x), 3), *d = gradient_of(p, in);
    for (int64_t i = 0; i < count_of(p, x); i++) assert_true(d[i] == 0);
    free(in);
    free(d);
    fvi_plan_free(p);
}

/* A chain of a hundred convolutions forward needs the memory of a few. */
static void memory_is_shared(void **state) {
    (void)state;
    size_t bytes[2];
    for (int k = 0; k < 2; k++) {
        fvi_graph *g = graph_new();
        int x = input_new(g, (fvi_shape){4, {1, 8, 64, 64}});
        for (int i = 0; i < (k ? 15 : 3); i++) x = conv(g, x, 8, 1);
        target(g, x);
        fvi_plan *p = plan_of(g, 0);
        bytes[k] = fvi_plan_bytes(p);
        fvi_plan_free(p);
    }
    assert_true(bytes[1] <= bytes[0] + 65536);
}

/* Works of that kind and pass, without loops beside primitives; adds their seconds and
 * multiply-adds. */
static int count_works(fvi_profile *p, const double *seconds, const char *kind, int phase,
                       double *time, double *multiply_adds) {
    int n = 0;
    for (int i = 0; i < fvi_profile_count(p); i++) {
        const fvi_timed_op *w = fvi_profile_op(p, i);
        if (strcmp(w->kind, kind) != 0 || w->backward != phase || w->is_side_loop) continue;
        assert_true(w->bytes > 0);
        *time += seconds[i];
        *multiply_adds += w->multiply_adds;
        n++;
    }
    return n;
}

/* A profile has every primitive and loop once, each with the work of its node; each is timed when
 * it runs and not before, and taking the times sets them back. */
static void profile_has_everything(void **state) {
    (void)state;
    fvi_graph *g = graph_new();
    int x = input_new(g, picture);
    int a = unary(g, FVI_RELU, conv(g, x, 16, 1));  /* fused: backward is a primitive of its own */
    target(g, unary(g, FVI_SIN, conv(g, a, 8, 2))); /* oneDNN has no sine: a loop */
    fvi_plan *p = plan_of(g, FVI_EXEC_BACKWARD);
    fvi_profile *profile = NULL;
    assert_int_equal(fvi_plan_profile(p, &profile, NULL), FV_OK);
    double *seconds = calloc((size_t)fvi_profile_count(profile), sizeof *seconds);
    float *in = noise(count_of(p, x), 3);
    for (int round = 0; round < 4; round++) { /* nothing run, forward, both, nothing */
        const int ran[2] = {round == 1 || round == 2, round == 2};
        double loop[2] = {0}, product[2] = {0}, act = 0, work[2] = {0}, none = 0;
        fvi_plan_set_input(p, 0, in);
        if (ran[0]) assert_int_equal(fvi_plan_forward(p, NULL), FV_OK);
        if (ran[1]) free(gradient_of(p, in));
        fvi_profile_take(profile, seconds);
        for (int phase = 0; phase < 2; phase++) {
            assert_int_equal(
                count_works(profile, seconds, "convolution", phase, &product[phase], &work[phase]),
                2);
            assert_int_equal(count_works(profile, seconds, "Test", phase, &loop[phase], &none) > 0,
                             1);
            assert_true(work[phase] == 2.0 * 6 * 6 * (2 * 9 * 8 * 16));
            assert_int_equal(loop[phase] > 0, ran[phase]);
            assert_int_equal(product[phase] > 0, ran[phase]);
        }
        assert_int_equal(count_works(profile, seconds, "activation", 1, &act, &none), 1);
        assert_int_equal(act > 0, ran[1]);
        assert_true(none == 0);
    }
    fvi_profile_free(profile);
    free(gradient_of(p, in)); /* it still runs */
    free(in);
    free(seconds);
    fvi_plan_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_gradient),
        cmocka_unit_test(many_readers_gradient),
        cmocka_unit_test(concats_gradient),
        cmocka_unit_test(inner_targets_gradient),
        cmocka_unit_test(input_as_target_gradient),
        cmocka_unit_test(asking_between_changes_nothing),
        cmocka_unit_test(inner_gradient),
        cmocka_unit_test(no_gradient_is_zero),
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(profile_has_everything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
