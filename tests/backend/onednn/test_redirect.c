/* SPDX-License-Identifier: Apache-2.0 */
/* ReLUs whose gradient is changed. Gradients let through dead ReLUs: only where nothing came
 * through, only for samples that may, in every place a ReLU is done: alone, and as part of a
 * convolution, a matrix product or a batch normalisation; channels in blocks or not. Guided
 * gradients, in the same places. Both around a depthwise convolution, whose loop goes backward
 * through activations on both sides.
 *
 * Every other network here is x -> f(x), a linear map, -> a ReLU or clip. So the expected gradient
 * is that of f alone, seeded with what is to be let through. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/onednn/plan.h"
#include "base/random.h"
#include "engine.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "support/builder.h"

/* ---- networks ------------------------------------------------------------------------------- */

#define CHANNELS 20 /* no whole number of blocks */

/* "f", the linear part, of these kinds; "y" is the activation of it. */
typedef enum kind { ALONE, CONV, GEMM, NORM, TURNED } kind;

static void body(builder *b, kind k) {
    Onnx__NodeProto *n;
    static float ones[CHANNELS], zeros[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) ones[i] = 1;
    switch (k) {
    case ALONE: builder_node(b, "Neg", "neg", "x", "f"); break;
    case CONV:
        builder_f32(b, "w", "20,20,3,3", NULL);
        builder_ints(b, builder_node(b, "Conv", "conv", "x,w", "f"), "pads", "1,1,1,1");
        break;
    case GEMM:
        builder_f32(b, "w", "20,20", NULL);
        builder_node(b, "Gemm", "gemm", "x,w", "f");
        break;
    case NORM:
        builder_f32(b, "scale", "20", ones);
        builder_f32(b, "shift", "20", zeros);
        builder_f32(b, "mean", "20", zeros);
        builder_f32(b, "var", "20", ones);
        builder_node(b, "BatchNormalization", "bn", "x,scale,shift,mean,var", "f");
        break;
    case TURNED:
        n = builder_node(b, "Transpose", "turn", "x", "f");
        builder_ints(b, n, "perm", "1,0,2,3");
        break;
    }
}

/* Frees a network whose plans are freed, with what the cache holds of its constants: their
 * addresses may be those of the next one's. */
static void network_free(fvi_network *net) {
    fvi_network_free(net);
    fvi_weight_cache_free(weights);
    weights = fvi_weight_cache_new();
}

#define LEAKY 2
#define SLOPE 0.25f

/* A network up to `wanted`, for that many samples. clip: 1 between 0 and 6, LEAKY, else a ReLU. */
static fvi_plan *plan_new(kind k, int clip, const char *wanted, int64_t samples, int flags,
                          fvi_network **net) {
    builder *b = builder_new(17);
    fv_error err = {0};
    fvi_graph *g = NULL;
    fvi_plan *p = NULL;
    float six = 6, zero = 0;
    builder_input(b, "x", FVI_F32, k == GEMM ? "N,20" : "N,20,5,4");
    body(b, k);
    builder_f32(b, "low", "", &zero);
    builder_f32(b, "high", "", &six);
    if (clip == LEAKY)
        builder_float(b, builder_node(b, "LeakyRelu", "act", "f", "y"), "alpha", SLOPE);
    else
        builder_node(b, clip ? "Clip" : "Relu", "act", clip ? "f,low,high" : "f", "y");
    builder_output(b, "y");
    if (fvi_network_load(builder_save(b, "net.onnx"), NULL, net, &err)) fail_msg("%s", err.text);
    fvi_binding bound = {"x", {k == GEMM ? 2 : 4, {samples, CHANNELS, 5, 4}}, NULL, 0, {0}};
    if (fvi_network_lower(*net, &bound, 1, &wanted, 1, &g, &err)) fail_msg("%s", err.text);
    if (fvi_plan_new(g, FVI_EXEC_BACKWARD | flags, backend, weights, &p, &err))
        fail_msg("%s", err.text);
    builder_free(b);
    return p;
}

/* ---- running -------------------------------------------------------------------------------- */

#define SAMPLES 4

static float *floats(int64_t n) {
    float *p = calloc((size_t)n, sizeof *p);
    assert_non_null(p);
    return p;
}

static void backward(fvi_plan *p, const float *x, const float *seed, float *target, float *dx) {
    fvi_plan_set_input(p, 0, x);
    assert_int_equal(fvi_plan_forward(p, NULL), FV_OK);
    if (target) fvi_plan_get_target(p, 0, target);
    fvi_plan_set_seed(p, 0, seed);
    assert_int_equal(fvi_plan_backward(p, NULL), FV_OK);
    fvi_plan_get_gradient(p, 0, dx);
    assert_int_equal(fvi_plan_check_guards(p), 0);
}

/* Element i of sample n in a target of that kind (TURNED: [c][n][..]). */
static int64_t place(kind k, int64_t n, int64_t i, int64_t size) {
    int64_t inner = size / CHANNELS;
    return k == TURNED ? (i / inner * SAMPLES + n) * inner + i % inner : n * size + i;
}

/* Input that makes samples 0, 1 and 3 of f lie wholly beyond a bound (but for seeds of 0), and
 * sample 2 within; found by drawing the seed where f says so: a unit that is active gets none. */
static void draw(kind k, const float *f, int64_t size, int clip, float *seed) {
    fvi_random r = fvi_random_stream(5, 2, 0, FVI_DRAW_START);
    for (int64_t n = 0; n < SAMPLES; n++)
        for (int64_t i = 0; i < size; i++) {
            int64_t at = place(k, n, i, size);
            int active = f[at] > 0 && (!clip || f[at] < 6);
            seed[at] = n != 2 && active ? 0 : fvi_random_normal(&r);
        }
}

/* What may be let through of sample n, as a seed of f. */
static float let_through(float f, float seed, int clip) {
    int up = f <= 0 && seed > 0, down = clip && f >= 6 && seed < 0;
    return up || down ? seed : 0;
}

static double largest(const float *x, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++) m = fmax(m, fabs((double)x[i]));
    return m;
}

/* One sample's gradient: what was to be let through, or what it was before, to the bit. */
static void assert_sample(int changed, const float *on, const float *off, const float *want,
                          int64_t size) {
    if (!changed) {
        assert_memory_equal(on, off, (size_t)size * sizeof *on);
        return;
    }
    double scale = largest(want, size);
    assert_true(scale > 0.1);
    for (int64_t i = 0; i < size; i++) assert_true(fabs((double)on[i] - want[i]) <= 1e-5 * scale);
}

/* Sample 0 is dead and may be redirected, 1 is dead and may not, 2 lives and may, 3 as 0. */
static void redirects(kind k, int clip, int flags) {
    fvi_network *net, *linear_net;
    static const unsigned char may[SAMPLES] = {1, 0, 1, 7}, none[SAMPLES] = {0};
    int64_t size = CHANNELS * (k == GEMM ? 1 : 20), all = SAMPLES * size;
    fvi_plan *p = plan_new(k, clip, "y", SAMPLES, flags, &net);
    fvi_plan *linear = plan_new(k, clip, "f", SAMPLES, flags, &linear_net);
    float *x = floats(all), *seed = floats(all), *f = floats(all), *through = floats(all);
    float *off = floats(all), *on = floats(all), *want = floats(all);
    fvi_random r = fvi_random_stream(4, 2, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < all; i++) x[i] = (clip ? 8 : 1) * fvi_random_normal(&r);
    backward(linear, x, seed, f, want);
    draw(k, f, size, clip, seed);
    for (int64_t i = 0; i < all; i++) through[i] = let_through(f[i], seed[i], clip);
    backward(linear, x, through, NULL, want);

    backward(p, x, seed, NULL, off);
    assert_true(largest(off, 2 * size) == 0 && largest(off + 2 * size, size) > 0.1);
    fvi_plan_redirect(p, may, SAMPLES);
    backward(p, x, seed, NULL, on);
    for (int64_t n = 0; n < SAMPLES; n++)
        assert_sample(k != TURNED && (n == 0 || n == 3), on + n * size, off + n * size,
                      want + n * size, size);
    for (int twice = 0; twice < 2; twice++) { /* off again, by NULL and by nobody asking */
        fvi_plan_redirect(p, twice ? none : NULL, SAMPLES);
        backward(p, x, seed, NULL, on);
        assert_memory_equal(on, off, (size_t)all * sizeof *on);
        fvi_plan_redirect(p, may, SAMPLES);
    }
    float *arrays[] = {x, seed, f, through, off, on, want};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
    fvi_plan_free(p);
    fvi_plan_free(linear);
    network_free(net);
    network_free(linear_net);
}

static void dead_relus_let_gradients_through(void **state) {
    (void)state;
    for (kind k = ALONE; k <= NORM; k++)
        for (int clip = 0; clip < 2; clip++) {
            redirects(k, clip, 0);
            redirects(k, clip, FVI_PLAN_GUARDS);
            redirects(k, clip, FVI_PLAN_EVERY_METHOD);
        }
}

static void samples_that_lie_mixed_are_left_alone(void **state) {
    (void)state;
    enum { ALL = SAMPLES * CHANNELS * 20 };
    fvi_network *net;
    static float x[ALL], seed[ALL], dx[ALL];
    redirects(TURNED, 0, 0);
    fvi_plan *p = plan_new(TURNED, 0, "y", SAMPLES, 0, &net);
    for (int i = 0; i < ALL; i++) {
        x[i] = -1;
        seed[i] = 1;
    }
    fvi_plan_redirect(p, (const unsigned char[SAMPLES]){1}, SAMPLES);
    backward(p, x, seed, NULL, dx);
    assert_true(largest(dx, ALL) == 0); /* nor is a part of all samples taken for one */
    fvi_plan_free(p);
    network_free(net);
}

/* One sample is the whole value, however it lies. */
static void one_sample_is_never_mixed(void **state) {
    (void)state;
    fvi_network *net;
    fvi_plan *p = plan_new(TURNED, 0, "y", 1, 0, &net);
    float x[CHANNELS * 20], seed[CHANNELS * 20], dx[CHANNELS * 20];
    for (int i = 0; i < CHANNELS * 20; i++) {
        x[i] = -1;
        seed[i] = i % 3 - 1.0f;
    }
    backward(p, x, seed, NULL, dx);
    assert_true(largest(dx, CHANNELS * 20) == 0);
    fvi_plan_redirect(p, (const unsigned char[]){1}, 1);
    backward(p, x, seed, NULL, dx);
    for (int i = 0; i < CHANNELS * 20; i++) assert_true(dx[i] == fmaxf(seed[i], 0));
    fvi_plan_free(p);
    network_free(net);
}

/* What a guided activation passes of a seed. */
static float guided_seed(float f, float seed, int clip) {
    float slope = f > 0 && (clip != 1 || f < 6) ? 1 : clip == LEAKY ? SLOPE : 0;
    return slope * fmaxf(seed, 0);
}

static float ordinary_seed(float f, float seed, int clip) {
    return guided_seed(f, seed, clip) - guided_seed(f, -seed, clip);
}

/* The gradient of f where y is seeded: guided, and not. */
static void guides(kind k, int clip, int flags) {
    fvi_network *net[3];
    int64_t size = CHANNELS * (k == GEMM ? 1 : 20), all = SAMPLES * size;
    fvi_plan *plain = plan_new(k, clip, "y", SAMPLES, flags, &net[0]);
    fvi_plan *guided = plan_new(k, clip, "y", SAMPLES, flags | FVI_EXEC_GUIDED, &net[1]);
    fvi_plan *linear = plan_new(k, clip, "f", SAMPLES, flags, &net[2]);
    float *x = floats(all), *seed = floats(all), *f = floats(all), *through = floats(all);
    float *got = floats(all), *want = floats(all);
    fvi_random r = fvi_random_stream(7, 2, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < all; i++) x[i] = (clip ? 4 : 1) * fvi_random_normal(&r);
    for (int64_t i = 0; i < all; i++) seed[i] = fvi_random_normal(&r);
    backward(linear, x, seed, f, want);
    for (int on = 0; on < 2; on++) {
        for (int64_t i = 0; i < all; i++)
            through[i] = on ? guided_seed(f[i], seed[i], clip) : ordinary_seed(f[i], seed[i], clip);
        backward(linear, x, through, NULL, want);
        backward(on ? guided : plain, x, seed, NULL, got);
        assert_sample(1, got, NULL, want, all);
    }
    float *arrays[] = {x, seed, f, through, got, want};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
    fvi_plan *plans[] = {plain, guided, linear};
    for (int i = 0; i < 3; i++) fvi_plan_free(plans[i]);
    for (int i = 0; i < 3; i++) network_free(net[i]);
}

static void guided_relus_pass_what_raises(void **state) {
    (void)state;
    for (kind k = ALONE; k <= TURNED; k++)
        for (int clip = 0; clip <= LEAKY; clip++) {
            guides(k, clip, 0);
            guides(k, clip, FVI_PLAN_GUARDS);
            guides(k, clip, FVI_PLAN_EVERY_METHOD);
        }
}

/* Dead is one through which a guided pass lets nothing, though an ordinary one would. */
static void guided_relus_are_redirected_too(void **state) {
    (void)state;
    enum { ALL = CHANNELS * 20 };
    fvi_network *net;
    fvi_plan *p = plan_new(ALONE, 0, "y", 1, FVI_EXEC_GUIDED, &net);
    float x[ALL], seed[ALL], dx[ALL];
    for (int i = 0; i < ALL; i++) {
        x[i] = i % 2 ? -1 : 1;    /* f = -x: every other one is active, */
        seed[i] = i % 2 ? -2 : 3; /* and is to be lowered */
    }
    for (int redirect = 0; redirect < 2; redirect++) {
        fvi_plan_redirect(p, redirect ? (const unsigned char[]){1} : NULL, 1);
        backward(p, x, seed, NULL, dx);
        for (int i = 0; i < ALL; i++) assert_true(dx[i] == (redirect && i % 2 == 0 ? -3 : 0));
    }
    fvi_plan_free(p);
    network_free(net);
}

/* ---- activations around a depthwise convolution, whose loop goes backward through both ---------
 */

#define SIDE  6
#define INNER 13 /* channels of it */

static const char *const inner[] = {"y", "expanded", "a", "deep", "b"};
enum { ASKED = sizeof inner / sizeof *inner };

/* Weights that are not negative: of a negative picture both activations are dead. */
static void positive(builder *b, const char *name, const char *dims, int64_t n) {
    float *w = fvi_pool_array(builder_pool(b), (size_t)n, sizeof *w);
    fvi_random r = fvi_random_stream(9, (uint64_t)n, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) w[i] = fvi_random_uniform(&r) / 4;
    builder_f32(b, name, dims, w);
}

/* x -> 3x3 -> ReLU or clip -> depthwise 3x3 -> the same -> 1x1 -> y. The 3x3 is Winograd's, so that
 * its values lie as the loop wants them, whichever oneDNN and processor there are. The first
 * `asked` of `inner` are targets: values that somebody asks for keep passes of their own. */
static fvi_plan *block_new(int clip, int stride, int asked, int flags, fvi_network **net) {
    builder *b = builder_new(17);
    const char *act = clip ? "Clip" : "Relu";
    fv_error err = {0};
    fvi_graph *g = NULL;
    fvi_plan *p = NULL;
    float six = 6, zero = 0;
    builder_input(b, "x", FVI_F32, "N,4,6,6");
    positive(b, "w1", "13,4,3,3", INNER * 36);
    positive(b, "w2", "13,1,3,3", INNER * 9);
    positive(b, "w3", "5,13,1,1", INNER * 5);
    builder_f32(b, "low", "", &zero);
    builder_f32(b, "high", "", &six);
    builder_ints(b, builder_node(b, "Conv", "c1", "x,w1", "expanded"), "pads", "1,1,1,1");
    builder_node(b, act, "a1", clip ? "expanded,low,high" : "expanded", "a");
    Onnx__NodeProto *n = builder_node(b, "Conv", "c2", "a,w2", "deep");
    builder_ints(b, n, "pads", "1,1,1,1");
    builder_ints(b, n, "strides", stride == 2 ? "2,2" : "1,1");
    builder_int(b, n, "group", INNER);
    builder_node(b, act, "a2", clip ? "deep,low,high" : "deep", "b");
    builder_node(b, "Conv", "c3", "b,w3", "y");
    builder_output(b, "y");
    if (fvi_network_load(builder_save(b, "net.onnx"), NULL, net, &err)) fail_msg("%s", err.text);
    fvi_binding bound = {"x", {4, {SAMPLES, 4, SIDE, SIDE}}, NULL, 0, {0}};
    if (fvi_network_lower(*net, &bound, 1, inner, asked, &g, &err)) fail_msg("%s", err.text);
    if (fvi_plan_new(g, FVI_EXEC_BACKWARD | FVI_PLAN_EVERY_METHOD | flags, backend, weights, &p,
                     &err))
        fail_msg("%s", err.text);
    builder_free(b);
    return p;
}

/* Passes of activations by themselves. */
static int count_passes(fvi_plan *p) {
    fvi_profile *profile = NULL;
    int n = 0;
    assert_int_equal(fvi_plan_profile(p, &profile, NULL), FV_OK);
    for (int i = 0; i < fvi_profile_count(profile); i++) {
        const fvi_timed_op *w = fvi_profile_op(profile, i);
        n += w->backward && !strcmp(w->kind, "activation");
    }
    fvi_profile_free(profile);
    return n;
}

static int64_t count_of(fvi_plan *p, int target) {
    const fvi_graph *g = fvi_plan_graph(p);
    return fvi_shape_count(&g->values[g->outputs[target]].shape);
}

/* Samples 0 and 2 are negative, the others of both signs; 0 and 1 may be redirected. */
static void run_block(fvi_plan *p, int asked, int redirect, float *dx) {
    static const unsigned char may[SAMPLES] = {1, 1, 0, 0};
    float x[SAMPLES * 4 * SIDE * SIDE];
    const int64_t size = 4 * SIDE * SIDE;
    fvi_random r = fvi_random_stream(11, 2, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < SAMPLES * size; i++) {
        x[i] = 8 * fvi_random_normal(&r);
        if (i / size % 2 == 0) x[i] = -fabsf(x[i]);
    }
    float *seed = floats(count_of(p, 0));
    for (int64_t i = 0; i < count_of(p, 0); i++) seed[i] = fvi_random_normal(&r);
    fvi_plan_redirect(p, redirect ? may : NULL, SAMPLES);
    fvi_plan_set_input(p, 0, x);
    assert_int_equal(fvi_plan_forward(p, NULL), FV_OK);
    fvi_plan_set_seed(p, 0, seed);
    for (int t = 1; t < asked; t++) {
        float *none = floats(count_of(p, t));
        fvi_plan_set_seed(p, t, none);
        free(none);
    }
    assert_int_equal(fvi_plan_backward(p, NULL), FV_OK);
    fvi_plan_get_gradient(p, 0, dx);
    assert_int_equal(fvi_plan_check_guards(p), 0);
    free(seed);
}

/* The gradient with all passes apart is what it is with them in the loop, whatever is asked of the
 * activations. */
static void both_ways(int clip, int stride, int flags) {
    enum { SIZE = 4 * SIDE * SIDE, ALL = SAMPLES * SIZE };
    static float got[ALL], want[ALL];
    fvi_network *net[2];
    fvi_plan *p = block_new(clip, stride, 1, flags, &net[0]);
    fvi_plan *apart = block_new(clip, stride, ASKED, flags, &net[1]);
    assert_int_equal(count_passes(p), flags & FVI_EXEC_GUIDED ? 2 : 0);
    assert_int_equal(count_passes(apart), 2);
    for (int redirect = 2; redirect >= 0; redirect--) { /* off again, too */
        run_block(p, 1, redirect == 1, got);
        run_block(apart, ASKED, redirect == 1, want);
        assert_sample(1, got, NULL, want, ALL);
        assert_int_equal(largest(got, SIZE) > 0.1, redirect == 1);
        assert_true(largest(got + SIZE, SIZE) > 0.1 && largest(got + 2 * SIZE, SIZE) == 0);
    }
    fvi_plan_free(p);
    fvi_plan_free(apart);
    for (int i = 0; i < 2; i++) network_free(net[i]);
}

static void depthwise_loops_mask_as_passes_do(void **state) {
    (void)state;
    for (int clip = 0; clip < 2; clip++)
        for (int stride = 1; stride <= 2; stride++)
            for (int guided = 0; guided < 2; guided++) {
                both_ways(clip, stride, guided ? FVI_EXEC_GUIDED : 0);
                both_ways(clip, stride, FVI_PLAN_GUARDS | (guided ? FVI_EXEC_GUIDED : 0));
            }
}

/* Somebody who asks for the activation before it gets the gradient there, not the one before it. */
static void gradients_asked_for_are_not_masked(void **state) {
    enum { N = SAMPLES * INNER * SIDE * SIDE };
    static float dx[SAMPLES * 4 * SIDE * SIDE], a[N];
    fvi_network *net;
    int beyond = 0;
    (void)state;
    fvi_plan *p = block_new(0, 1, 3, FVI_EXEC_TARGET_GRADIENTS, &net);
    run_block(p, 3, 0, dx);
    fvi_plan_get_target(p, 2, a);
    const float *gradient = fvi_plan_target_gradient(p, 2);
    for (int i = 0; i < N; i++) beyond += a[i] == 0 && gradient[i] != 0;
    assert_true(beyond > N / 20);
    fvi_plan_free(p);
    network_free(net);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_relus_let_gradients_through),
        cmocka_unit_test(samples_that_lie_mixed_are_left_alone),
        cmocka_unit_test(one_sample_is_never_mixed),
        cmocka_unit_test(guided_relus_pass_what_raises),
        cmocka_unit_test(guided_relus_are_redirected_too),
        cmocka_unit_test(depthwise_loops_mask_as_passes_do),
        cmocka_unit_test(gradients_asked_for_are_not_masked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
