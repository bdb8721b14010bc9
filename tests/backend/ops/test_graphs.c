/* SPDX-License-Identifier: Apache-2.0 */
/* Small graphs that a chain of one shape (harness.h) cannot tell: a batch normalization folded into
 * a convolution, paddings that become part of windows, depthwise convolutions that go backward
 * through activations around them, and concat of images that lie in blocks of channels, forward and
 * backward, against the double-precision references; many sources; a window without cells. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/onednn/plan.h"
#include "backend/onednn/schedule/weight_cache.h"
#include "base/random.h"
#include "graph/const.h"
#include "graph/simplify/simplify.h"
#include "reference.h"

static void *need(size_t count, size_t size) {
    void *p = calloc(count, size);
    assert_non_null(p);
    return p;
}

#define MAX_IN   160
#define MAX_NODE 12

/* A graph being written down: values first (inputs and constants), then nodes. */
typedef struct sketch {
    fvi_pool *pool;
    fvi_graph *g;
} sketch;

static sketch sketch_new(void) {
    sketch k = {fvi_pool_new(0), NULL};
    assert_non_null(k.pool);
    k.g = fvi_pool_array(k.pool, 1, sizeof *k.g);
    k.g->pool = k.pool;
    k.g->values = fvi_pool_array(k.pool, MAX_IN + MAX_NODE, sizeof *k.g->values);
    k.g->nodes = fvi_pool_array(k.pool, MAX_NODE, sizeof *k.g->nodes);
    k.g->inputs = fvi_pool_array(k.pool, MAX_IN, sizeof(int));
    k.g->outputs = fvi_pool_array(k.pool, 1, sizeof(int));
    k.g->n_outputs = 1;
    return k;
}

static int add_value(sketch *k, fvi_shape shape, int producer, const fvi_const *constant) {
    int v = k->g->n_values++;
    k->g->values[v] =
        (fvi_value){fvi_pool_printf(k->pool, "v%d", v), shape, producer, constant, 0, 0};
    return v;
}

static int add_input(sketch *k, fvi_shape shape) {
    int v = add_value(k, shape, -1, NULL);
    k->g->inputs[k->g->n_inputs++] = v;
    return v;
}

static float random_at(int unit, int64_t i) {
    fvi_random r = fvi_random_stream(5, (uint64_t)unit, (uint32_t)i, FVI_DRAW_START);
    return 2 * fvi_random_uniform(&r) - 1;
}

static int add_constant(sketch *k, fvi_shape shape) {
    int64_t n = fvi_ref_count(&shape);
    float *data = fvi_pool_array(k->pool, (size_t)n, sizeof *data);
    for (int64_t i = 0; i < n; i++) data[i] = random_at(k->g->n_values, i);
    fvi_const *c = fvi_pool_array(k->pool, 1, sizeof *c);
    *c = (fvi_const){FVI_F32, shape, (const uint8_t *)data, 0};
    return add_value(k, shape, -1, c);
}

static int add_node(sketch *k, fvi_kind kind, fvi_node_attr a, fvi_shape out, const int *in,
                    int n_in) {
    int index = k->g->n_nodes++;
    fvi_node *n = &k->g->nodes[index];
    *n = (fvi_node){.kind = kind, .n_in = n_in, .a = a, .source_op = "op"};
    n->name = fvi_pool_printf(k->pool, "node%d", index);
    n->in = fvi_pool_array(k->pool, (size_t)n_in, sizeof(int));
    memcpy(n->in, in, (size_t)n_in * sizeof(int));
    n->out = add_value(k, out, index, NULL);
    k->g->outputs[0] = n->out;
    return n->out;
}

static fvi_shape picture(int64_t n, int64_t c, int64_t h, int64_t w) {
    return (fvi_shape){4, {n, c, h, w}};
}

/* A convolution k x k with bias, padded by half of that, to c channels, in groups. */
static int add_groups(sketch *k, int from, int64_t c, int64_t size, int64_t stride,
                      int64_t groups) {
    fvi_shape x = k->g->values[from].shape;
    fvi_shape out = picture(x.dim[0], c, (x.dim[2] - 1) / stride + 1, (x.dim[3] - 1) / stride + 1);
    int in[3] = {from, add_constant(k, picture(c, x.dim[1] / groups, size, size)),
                 add_constant(k, (fvi_shape){1, {c}})};
    fvi_node_attr a = {.window = {.n = 2,
                                  .kernel = {size, size},
                                  .stride = {stride, stride},
                                  .dilation = {1, 1},
                                  .pad_lo = {size / 2, size / 2},
                                  .pad_hi = {size / 2, size / 2},
                                  .groups = groups}};
    return add_node(k, FVI_CONV, a, out, in, 3);
}

static int add_conv(sketch *k, int from, int64_t c, int64_t size) {
    return add_groups(k, from, c, size, 1, 1);
}

static int add_depthwise(sketch *k, int from, int64_t size, int64_t stride) {
    int64_t c = k->g->values[from].shape.dim[1];
    return add_groups(k, from, c, size, stride, c);
}

static int add_norm(sketch *k, int from) {
    fvi_shape x = k->g->values[from].shape, c = {1, {x.dim[1]}};
    int in[3] = {from, add_constant(k, c), add_constant(k, c)};
    return add_node(k, FVI_BATCH_NORM, (fvi_node_attr){.unary = {0}}, x, in, 3);
}

static int add_unary(sketch *k, int from, fvi_unary f, float p) {
    fvi_node_attr a = {.unary = {f, p, 0}};
    return add_node(k, FVI_UNARY, a, k->g->values[from].shape, &from, 1);
}

static int add_clip(sketch *k, int from) {
    fvi_node_attr a = {.unary = {FVI_CLIP, -0.25f, 1}};
    return add_node(k, FVI_UNARY, a, k->g->values[from].shape, &from, 1);
}

static int add_sum(sketch *k, int x, int y) {
    const int in[2] = {x, y};
    fvi_node_attr a = {.binary = {FVI_ADD}};
    return add_node(k, FVI_BINARY, a, k->g->values[x].shape, in, 2);
}

static int add_concat(sketch *k, const int *in, int n_in, int axis) {
    fvi_shape out = k->g->values[in[0]].shape;
    for (int i = 1; i < n_in; i++) out.dim[axis] += k->g->values[in[i]].shape.dim[axis];
    return add_node(k, FVI_CONCAT, (fvi_node_attr){.axis = {axis}}, out, in, n_in);
}

/* ---- the reference of a graph ---- */

static double objective(const fvi_graph *g, double **value, const float *seed) {
    for (int i = 0; i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        fvi_ref in[MAX_IN], out = {g->values[n->out].shape, value[n->out]};
        for (int j = 0; j < n->n_in; j++)
            in[j] = (fvi_ref){g->values[n->in[j]].shape, value[n->in[j]]};
        fvi_reference_of(n->kind)(n, in, &out);
    }
    int t = g->outputs[0];
    double sum = 0;
    for (int64_t i = 0; i < fvi_ref_count(&g->values[t].shape); i++) sum += seed[i] * value[t][i];
    return sum;
}

static void values_new(const fvi_graph *g, double **value) {
    for (int v = 0; v < g->n_values; v++) {
        int64_t n = fvi_ref_count(&g->values[v].shape);
        value[v] = need((size_t)n + 1, sizeof(double));
        for (int64_t i = 0; i < n && g->values[v].producer < 0; i++)
            value[v][i] =
                g->values[v].constant ? fvi_const_at(g->values[v].constant, i) : random_at(v, i);
    }
}

static double largest(const double *x, int64_t n) {
    double m = 1e-30;
    for (int64_t i = 0; i < n; i++) m = fmax(m, fabs(x[i]));
    return m;
}

/* About 60 elements of the gradient at input i of the plan. */
static void check_gradient(const fvi_graph *g, fvi_plan *plan, int i, double **value,
                           const float *seed) {
    int v = g->inputs[i];
    int64_t n = fvi_ref_count(&g->values[v].shape), stride = 1 + n / 60;
    float *got = need((size_t)n + 1, sizeof *got);
    double *want = need((size_t)n + 1, sizeof *want);
    fvi_plan_get_gradient(plan, i, got);
    for (int64_t e = 0; e < n; e += stride) {
        double own = value[v][e];
        value[v][e] = own + 1e-6;
        double above = objective(g, value, seed);
        value[v][e] = own - 1e-6;
        want[e] = (above - objective(g, value, seed)) / 2e-6;
        value[v][e] = own;
    }
    double scale = largest(want, n);
    for (int64_t e = 0; e < n; e += stride) assert_true(fabs(got[e] - want[e]) <= 1e-4 * scale);
    free(got);
    free(want);
}

/* The target and all gradients of a plan that has run, one after the other. */
static float *outcome(const fvi_plan *plan, const fvi_graph *g, size_t *bytes) {
    size_t n = (size_t)fvi_ref_count(&g->values[g->outputs[0]].shape), at = n;
    for (int i = 0; i < g->n_inputs; i++)
        n += (size_t)fvi_ref_count(&g->values[g->inputs[i]].shape);
    float *all = need(n + 1, sizeof *all);
    fvi_plan_get_target(plan, 0, all);
    for (int i = 0; i < g->n_inputs; i++) {
        fvi_plan_get_gradient(plan, i, all + at);
        at += (size_t)fvi_ref_count(&g->values[g->inputs[i]].shape);
    }
    *bytes = n * sizeof *all;
    return all;
}

/* Runs the graph twice, planned with some flags, and compares all there is, the same to the bit
 * both times, with what `g`, the same as it is written, should give. Frees both. */
static void check(fvi_graph *planned, fvi_graph *g, int flags) {
    double *value[MAX_IN + MAX_NODE] = {0};
    fvi_dnnl_engine *b = NULL;
    fvi_plan *plan = NULL;
    fvi_weight_cache *w = fvi_weight_cache_new();
    int n_values = g->n_values, t = g->outputs[0];
    float *first = NULL;
    size_t bytes = 0;
    int64_t n = fvi_ref_count(&g->values[t].shape);
    float *out = need((size_t)n, sizeof *out), *seed = need((size_t)n, sizeof *seed);
    values_new(g, value);
    for (int64_t i = 0; i < n; i++) seed[i] = random_at(1000, i);
    assert_int_equal(fvi_dnnl_engine_new(&b, NULL), FV_OK);
    assert_int_equal(fvi_plan_new(planned, FVI_EXEC_BACKWARD | flags, b, w, &plan, NULL), FV_OK);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < g->n_inputs; i++) {
            int v = g->inputs[i];
            int64_t count = fvi_ref_count(&g->values[v].shape);
            float *x = need((size_t)count + 1, sizeof *x);
            for (int64_t e = 0; e < count; e++) x[e] = (float)value[v][e];
            fvi_plan_set_input(plan, i, x);
            free(x);
        }
        assert_int_equal(fvi_plan_forward(plan, NULL), FV_OK);
        fvi_plan_get_target(plan, 0, out);
        fvi_plan_set_seed(plan, 0, seed);
        assert_int_equal(fvi_plan_backward(plan, NULL), FV_OK);
        if (!turn) first = outcome(plan, g, &bytes);
    }
    float *again = outcome(plan, g, &bytes);
    assert_memory_equal(first, again, bytes);
    free(first);
    free(again);
    assert_int_equal(fvi_plan_check_guards(plan), 0);
    objective(g, value, seed);
    double scale = largest(value[t], n);
    for (int64_t i = 0; i < n; i++) assert_true(fabs(out[i] - value[t][i]) <= 1e-5 * scale);
    for (int i = 0; i < g->n_inputs && i < 4; i++) check_gradient(g, plan, i, value, seed);
    fvi_plan_free(plan);
    fvi_weight_cache_free(w);
    fvi_dnnl_engine_free(b);
    for (int v = 0; v < n_values; v++) free(value[v]);
    fvi_graph_free(g);
    free(out);
    free(seed);
}

static void check_all(fvi_graph *(*make)(void)) {
    check(make(), make(), FVI_PLAN_GUARDS);
    check(make(), make(), 0);
    check(make(), make(), FVI_PLAN_GUARDS | FVI_PLAN_EVERY_METHOD);
    check(make(), make(), FVI_PLAN_EVERY_METHOD);
}

/* ---- the graphs ---- */

static fvi_graph *conv_norm_relu(void) {
    sketch k = sketch_new();
    int x = add_input(&k, picture(2, 3, 6, 5));
    x = add_unary(&k, add_norm(&k, add_conv(&k, x, 8, 3)), FVI_RELU, 0);
    add_norm(&k, add_conv(&k, x, 13, 1));
    return k.g;
}

static fvi_graph *norm_before_conv(void) { /* DenseNet's order: not foldable */
    sketch k = sketch_new();
    int x = add_conv(&k, add_input(&k, picture(2, 3, 6, 5)), 20, 3);
    x = add_unary(&k, add_norm(&k, add_unary(&k, x, FVI_TANH, 0)), FVI_RELU, 0);
    add_conv(&k, x, 8, 1);
    return k.g;
}

/* conv -> channels `a` and `b` side by side -> conv, for a batch of n. */
static fvi_graph *two_towers(int64_t n, int64_t a, int64_t b, int axis, int twice) {
    sketch k = sketch_new();
    int x = add_input(&k, picture(n, 8, 5, 6));
    int in[3] = {add_unary(&k, add_conv(&k, x, a, 1), FVI_RELU, 0), add_conv(&k, x, b, 3), 0};
    in[2] = in[0];
    int y = add_concat(&k, in, twice ? 3 : 2, axis);
    add_conv(&k, y, 8, 3);
    return k.g;
}

static fvi_graph *towers_1(void) { return two_towers(1, 16, 8, 1, 0); }
static fvi_graph *towers_2(void) { return two_towers(2, 16, 8, 1, 0); }
static fvi_graph *towers_filled(void) { return two_towers(1, 16, 13, 1, 0); }
static fvi_graph *towers_filled_2(void) { return two_towers(2, 16, 13, 1, 0); }
static fvi_graph *towers_cut(void) { return two_towers(2, 13, 8, 1, 0); }
static fvi_graph *towers_samples(void) { return two_towers(2, 13, 13, 0, 0); }
static fvi_graph *towers_rows(void) { return two_towers(2, 8, 8, 2, 0); }
static fvi_graph *towers_twice(void) { return two_towers(1, 8, 16, 1, 1); }

/* conv -> binary with something smaller -> conv: what fills up the blocks must stay zero. */
static fvi_graph *scaled(fvi_binary f, fvi_shape by) {
    sketch k = sketch_new();
    int in[2] = {0, add_input(&k, by)};
    in[0] = add_conv(&k, add_input(&k, picture(2, 8, 5, 6)), 13, 3);
    fvi_node_attr a = {.binary = {f}};
    add_conv(&k, add_node(&k, FVI_BINARY, a, picture(2, 13, 5, 6), in, 2), 8, 3);
    return k.g;
}

static fvi_graph *gated(void) { return scaled(FVI_MUL, picture(2, 13, 1, 1)); }
static fvi_graph *added(void) { return scaled(FVI_ADD, picture(2, 1, 5, 6)); }
static fvi_graph *lowered(void) { return scaled(FVI_SUB, picture(1, 13, 1, 1)); }
static fvi_graph *masked(void) { return scaled(FVI_MUL, picture(2, 1, 5, 6)); }

/* Two convolutions' results f each other, an activation over that, a convolution; 13 channels:
 * blocks are filled up. */
static fvi_graph *block_end(fvi_binary f, fvi_unary act, float p) {
    sketch k = sketch_new();
    int x = add_input(&k, picture(2, 8, 5, 6));
    int in[2] = {add_conv(&k, x, 13, 3),
                 add_unary(&k, add_conv(&k, x, 13, 1), FVI_EXP, 0)}; /* of one sign: to divide by */
    fvi_node_attr a = {.binary = {f}};
    x = add_node(&k, FVI_BINARY, a, picture(2, 13, 5, 6), in, 2);
    add_conv(&k, add_unary(&k, x, act, p), 8, 1);
    return k.g;
}

static fvi_graph *added_relu(void) { return block_end(FVI_ADD, FVI_RELU, 0); }
static fvi_graph *added_leaky(void) { return block_end(FVI_ADD, FVI_LEAKY_RELU, 0.2f); }
static fvi_graph *multiplied_tanh(void) { return block_end(FVI_MUL, FVI_TANH, 0); }
static fvi_graph *divided_relu(void) { return block_end(FVI_DIV, FVI_RELU, 0); }
static fvi_graph *divided_exp(void) { return block_end(FVI_DIV, FVI_EXP, 0); }

/* One constant used as it is and transposed. */
static fvi_graph *shared_matrix(void) {
    sketch k = sketch_new();
    fvi_shape x = {2, {3, 8}}, w = {2, {8, 8}};
    int in[2] = {add_input(&k, x), add_constant(&k, w)};
    fvi_node_attr a = {.matmul = {0, 0, 1}}, b = {.matmul = {0, 1, 1}}, c = {.matmul = {0, 1, 2}};
    in[0] = add_node(&k, FVI_MATMUL, a, x, in, 2);
    in[0] = add_node(&k, FVI_MATMUL, b, x, in, 2);
    add_node(&k, FVI_MATMUL, c, x, in, 2);
    return k.g;
}

static fvi_graph *many(void) {
    sketch k = sketch_new();
    int in[MAX_IN];
    for (int i = 0; i < 140; i++) in[i] = add_input(&k, picture(2, 1 + i % 3, 2, 2));
    add_concat(&k, in, 140, 1);
    return k.g;
}

/* ---- paddings that stand by themselves ---- */

static int add_pad(sketch *k, int from, const int64_t lo[4], const int64_t hi[4], float value) {
    fvi_node_attr a = {.pad = {.value = value}};
    fvi_shape out = k->g->values[from].shape;
    for (int i = 0; i < 4; i++) {
        a.pad.lo[i] = lo[i];
        a.pad.hi[i] = hi[i];
        out.dim[i] += lo[i] + hi[i];
    }
    return add_node(k, FVI_PAD, a, out, &from, 1);
}

/* A window of 3x3, stride 2, padded by `pad` on all sides. */
static int add_window(sketch *k, fvi_kind kind, int from, int64_t pad, int include_pad) {
    fvi_shape x = k->g->values[from].shape;
    fvi_shape out = picture(x.dim[0], kind == FVI_CONV ? 13 : x.dim[1],
                            (x.dim[2] + 2 * pad - 3) / 2 + 1, (x.dim[3] + 2 * pad - 3) / 2 + 1);
    fvi_node_attr a = {.window = {.n = 2,
                                  .kernel = {3, 3},
                                  .stride = {2, 2},
                                  .dilation = {1, 1},
                                  .pad_lo = {pad, pad},
                                  .pad_hi = {pad, pad},
                                  .groups = 1,
                                  .count_include_pad = include_pad}};
    int in[2] = {from, kind == FVI_CONV ? add_constant(k, picture(13, x.dim[1], 3, 3)) : 0};
    return add_node(k, kind, a, out, in, kind == FVI_CONV ? 2 : 1);
}

static const int64_t none[4], unequal[4] = {0, 0, 1, 0}, behind[4] = {0, 0, 1, 2},
                              wide[4] = {0, 0, 3, 0}, cut[4] = {0, 0, -1, 0}, channel[4] = {0, 1};

/* conv -> pad -> window -> conv */
static fvi_graph *padded(fvi_kind kind, const int64_t lo[4], const int64_t hi[4], float value,
                         int64_t own, int include_pad) {
    sketch k = sketch_new();
    int x = add_conv(&k, add_input(&k, picture(2, 3, 7, 6)), 8, 3);
    x = add_window(&k, kind, add_pad(&k, x, lo, hi, value), own, include_pad);
    add_conv(&k, x, 8, 1);
    return k.g;
}

static fvi_graph *pad_conv(void) { return padded(FVI_CONV, unequal, behind, 0, 0, 0); }
static fvi_graph *pad_conv_more(void) { return padded(FVI_CONV, none, unequal, 0, 1, 0); }
static fvi_graph *pad_max(void) { return padded(FVI_MAX_POOL, unequal, behind, -INFINITY, 0, 0); }
static fvi_graph *pad_average(void) { return padded(FVI_AVERAGE_POOL, unequal, behind, 0, 0, 0); }
static fvi_graph *pad_counted(void) { return padded(FVI_AVERAGE_POOL, unequal, none, 0, 1, 1); }
static fvi_graph *pad_number(void) { return padded(FVI_CONV, unequal, behind, 0.5f, 0, 0); }
static fvi_graph *pad_wide(void) { return padded(FVI_CONV, wide, none, 0, 0, 0); }
static fvi_graph *pad_full(void) { return padded(FVI_CONV, none, behind, 0, 1, 0); }
static fvi_graph *pad_cut(void) { return padded(FVI_CONV, cut, none, 0, 0, 0); }
static fvi_graph *pad_channel(void) { return padded(FVI_CONV, channel, none, 0, 0, 0); }
static fvi_graph *pad_max_0(void) { return padded(FVI_MAX_POOL, unequal, none, 0, 0, 0); }
static fvi_graph *pad_uncounted(void) { return padded(FVI_AVERAGE_POOL, unequal, none, 0, 1, 0); }

static fvi_graph *pad_twice(void) {
    sketch k = sketch_new();
    int x = add_pad(&k, add_input(&k, picture(2, 3, 7, 6)), unequal, none, 0);
    add_window(&k, FVI_CONV, add_pad(&k, x, none, unequal, 0), 0, 0);
    return k.g;
}

static fvi_graph *pad_read_twice(void) {
    sketch k = sketch_new();
    int x = add_pad(&k, add_input(&k, picture(2, 3, 7, 6)), unequal, none, 0);
    int in[2] = {add_window(&k, FVI_CONV, x, 0, 0), 0};
    in[1] = add_window(&k, FVI_CONV, add_unary(&k, x, FVI_TANH, 0), 0, 0);
    add_concat(&k, in, 2, 1);
    return k.g;
}

static fvi_graph *pad_asked(void) {
    sketch k = sketch_new();
    add_pad(&k, add_conv(&k, add_input(&k, picture(2, 3, 7, 6)), 8, 3), unequal, none, 0);
    return k.g;
}

/* ---- GELU in five nodes ---- */

static int add_linear(sketch *k, int from, float p, float q) {
    fvi_node_attr a = {.unary = {FVI_LINEAR, p, q}};
    return add_node(k, FVI_UNARY, a, k->g->values[from].shape, &from, 1);
}

static int add_product(sketch *k, int a, int b) {
    int in[2] = {a, b};
    fvi_node_attr mul = {.binary = {FVI_MUL}};
    return add_node(k, FVI_BINARY, mul, k->g->values[a].shape, in, 2);
}

/* conv -> *other;  erf(scale other) + 1 -> *one */
static sketch half_gelu(float scale, int *other, int *one) {
    sketch k = sketch_new();
    *other = add_conv(&k, add_input(&k, picture(2, 3, 4, 5)), 13, 1);
    *one = add_linear(&k, add_unary(&k, add_linear(&k, *other, scale, 0), FVI_ERF, 0), 1, 1);
    return k;
}

static fvi_graph *gelu_after(void) {
    int x, one;
    sketch k = half_gelu(0.70710678f, &x, &one);
    add_conv(&k, add_linear(&k, add_product(&k, x, one), 0.5f, 0), 8, 1);
    return k.g;
}

static fvi_graph *gelu_before(void) {
    int x, one;
    sketch k = half_gelu(0.70710678f, &x, &one);
    add_conv(&k, add_product(&k, one, add_linear(&k, x, 0.5f, 0)), 8, 1);
    return k.g;
}

static fvi_graph *no_gelu(void) {
    int x, one;
    sketch k = half_gelu(0.7f, &x, &one);
    add_conv(&k, add_linear(&k, add_product(&k, x, one), 0.5f, 0), 8, 1);
    return k.g;
}

static fvi_graph *gelu_of_another(void) {
    int x, one;
    sketch k = half_gelu(0.70710678f, &x, &one);
    x = add_unary(&k, x, FVI_TANH, 0);
    add_conv(&k, add_linear(&k, add_product(&k, x, one), 0.5f, 0), 8, 1);
    return k.g;
}

static fvi_graph *gelu_read_inside(void) {
    int x, one;
    sketch k = half_gelu(0.70710678f, &x, &one);
    int in[2] = {add_linear(&k, add_product(&k, x, one), 0.5f, 0), one};
    add_concat(&k, in, 2, 1);
    return k.g;
}

static void test_gelu(void **state) {
    fvi_graph *(*const makes[])(void) = {gelu_after, gelu_before, no_gelu, gelu_of_another,
                                         gelu_read_inside};
    const int nodes[] = {3, 3, 7, 8, 7}; /* that are left */
    (void)state;
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        fvi_graph *g = makes[i]();
        assert_int_equal(fvi_graph_simplify(g, NULL), FV_OK);
        assert_int_equal(g->n_nodes, nodes[i]);
        fvi_graph_free(g);
        check_all(makes[i]);
    }
}

static void test_pads(void **state) {
    const struct {
        fvi_graph *(*make)(void);
        int left; /* paddings that stay */
    } graphs[] = {
        {pad_conv, 0},      {pad_conv_more, 0},  {pad_max, 0},     {pad_average, 0},
        {pad_counted, 0},   {pad_twice, 0},      {pad_number, 1},  {pad_wide, 1},
        {pad_full, 1},      {pad_cut, 1},        {pad_channel, 1}, {pad_max_0, 1},
        {pad_uncounted, 1}, {pad_read_twice, 1}, {pad_asked, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        fvi_graph *g = graphs[i].make();
        int left = 0;
        assert_int_equal(fvi_graph_simplify(g, NULL), FV_OK);
        for (int k = 0; k < g->n_nodes; k++) {
            left += g->nodes[k].kind == FVI_PAD;
            assert_int_equal(g->values[g->nodes[k].out].producer, k);
        }
        assert_int_equal(left, graphs[i].left);
        fvi_graph_free(g);
        check_all(graphs[i].make);
    }
}

/* ---- depthwise convolutions, whose loop may go backward through activations on both sides ---- */

/* MobileNet's block: 1x1, clip, depthwise, clip, 1x1, and what came in. */
static fvi_graph *inverted_residual(void) {
    sketch k = sketch_new();
    int x = add_conv(&k, add_input(&k, picture(2, 3, 6, 9)), 8, 3);
    int y = add_clip(&k, add_conv(&k, x, 13, 1));
    y = add_clip(&k, add_depthwise(&k, y, 3, 1));
    add_sum(&k, add_conv(&k, y, 8, 1), x);
    return k.g;
}

static fvi_graph *block_of_stride_2(void) {
    sketch k = sketch_new();
    int x = add_clip(&k, add_conv(&k, add_input(&k, picture(2, 3, 7, 16)), 13, 3));
    add_conv(&k, add_clip(&k, add_depthwise(&k, x, 5, 2)), 8, 1);
    return k.g;
}

/* One after the other: the first is another's maker. */
static fvi_graph *depthwise_twice(void) {
    sketch k = sketch_new();
    int x = add_unary(&k, add_conv(&k, add_input(&k, picture(2, 3, 7, 8)), 8, 1), FVI_RELU, 0);
    x = add_unary(&k, add_depthwise(&k, x, 3, 1), FVI_LEAKY_RELU, 0.1f);
    add_clip(&k, add_depthwise(&k, x, 5, 2));
    return k.g;
}

/* What one reads, another does too. */
static fvi_graph *depthwise_beside(void) {
    sketch k = sketch_new();
    int x = add_clip(&k, add_conv(&k, add_input(&k, picture(2, 3, 6, 6)), 8, 1));
    int y = add_clip(&k, add_depthwise(&k, x, 3, 1));
    add_sum(&k, add_conv(&k, x, 8, 3), add_sum(&k, y, add_conv(&k, y, 8, 1)));
    return k.g;
}

/* Activations before it that are fused into something else, stand alone, or are of another kind. */
static fvi_graph *depthwise_after(fvi_unary f, int norm, int sum) {
    sketch k = sketch_new();
    int x = add_unary(&k, add_conv(&k, add_input(&k, picture(2, 3, 6, 6)), 11, 3), FVI_TANH, 0);
    if (norm) x = add_norm(&k, x);
    if (sum) x = add_sum(&k, x, add_conv(&k, x, 11, 1));
    add_unary(&k, add_depthwise(&k, add_unary(&k, x, f, 0), 3, 1), FVI_TANH, 0);
    return k.g;
}

static fvi_graph *depthwise_after_norm(void) { return depthwise_after(FVI_RELU, 1, 0); }
static fvi_graph *depthwise_after_sum(void) { return depthwise_after(FVI_RELU, 0, 1); }
static fvi_graph *depthwise_after_sigmoid(void) { return depthwise_after(FVI_SIGMOID, 0, 0); }

static void test_depthwise(void **state) {
    (void)state;
    check_all(inverted_residual);
    check_all(block_of_stride_2);
    check_all(depthwise_twice);
    check_all(depthwise_beside);
    check_all(depthwise_after_norm);
    check_all(depthwise_after_sum);
    check_all(depthwise_after_sigmoid);
}

static void test_conv_norm_relu(void **state) {
    (void)state;
    check_all(conv_norm_relu);
}
static void test_norm_before_conv(void **state) {
    (void)state;
    check_all(norm_before_conv);
}
static void test_towers(void **state) {
    (void)state;
    check_all(towers_1);
    check_all(towers_2);
    check_all(towers_filled);
    check_all(towers_filled_2);
    check_all(towers_cut);
    check_all(towers_samples);
    check_all(towers_rows);
    check_all(towers_twice);
}
static void test_scaled(void **state) {
    (void)state;
    check_all(gated);
    check_all(added);
    check_all(lowered);
    check_all(masked);
}
static void test_block_end(void **state) {
    (void)state;
    check_all(added_relu);
    check_all(added_leaky);
    check_all(multiplied_tanh);
    check_all(divided_relu);
    check_all(divided_exp);
}
static void test_shared_matrix(void **state) {
    (void)state;
    check_all(shared_matrix);
}
static void test_many(void **state) {
    (void)state;
    check_all(many);
}

/* Windows over padding alone: 0, and no gradient. */
static void test_window_without_cells(void **state) {
    (void)state;
    sketch k = sketch_new();
    int x = add_input(&k, picture(1, 1, 1, 2));
    fvi_node_attr a = {.window = {.n = 2,
                                  .kernel = {1, 1},
                                  .stride = {1, 1},
                                  .dilation = {1, 1},
                                  .pad_lo = {0, 1},
                                  .pad_hi = {0, 1},
                                  .groups = 1}};
    add_node(&k, FVI_MAX_POOL, a, picture(1, 1, 1, 4), &x, 1);
    fvi_dnnl_engine *b = NULL;
    fvi_plan *plan = NULL;
    fvi_weight_cache *w = fvi_weight_cache_new();
    float in[2] = {-3, 5}, out[4], seed[4] = {1, 2, 4, 8}, gradient[2];
    assert_int_equal(fvi_dnnl_engine_new(&b, NULL), FV_OK);
    assert_int_equal(fvi_plan_new(k.g, FVI_EXEC_BACKWARD, b, w, &plan, NULL), FV_OK);
    fvi_plan_set_input(plan, 0, in);
    assert_int_equal(fvi_plan_forward(plan, NULL), FV_OK);
    fvi_plan_get_target(plan, 0, out);
    fvi_plan_set_seed(plan, 0, seed);
    assert_int_equal(fvi_plan_backward(plan, NULL), FV_OK);
    fvi_plan_get_gradient(plan, 0, gradient);
    const float want[4] = {0, -3, 5, 0}, want_gradient[2] = {2, 4};
    assert_memory_equal(out, want, sizeof want);
    assert_memory_equal(gradient, want_gradient, sizeof want_gradient);
    fvi_plan_free(plan);
    fvi_weight_cache_free(w);
    fvi_dnnl_engine_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_norm_relu),
        cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_pads),
        cmocka_unit_test(test_gelu),
        cmocka_unit_test(test_norm_before_conv),
        cmocka_unit_test(test_towers),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_scaled),
        cmocka_unit_test(test_block_end),
        cmocka_unit_test(test_shared_matrix),
        cmocka_unit_test(test_window_without_cells),
    };
    return cmocka_run_group_tests_name("backend/onednn/graphs", tests, NULL, NULL) != 0;
}
