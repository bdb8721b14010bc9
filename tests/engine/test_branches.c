/* SPDX-License-Identifier: Apache-2.0 */
/* Gates on residual branches: where they are put, that a network with open gates is itself, and
 * that a sample whose gate is closed sees the network without the branch, forward and backward. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "builder.h"
#include "engine/plan.h"
#include "model/network.h"
#include "ops/weights.h"

enum { SAMPLES = 3, COUNT = 20 * 5 * 4, ALL = SAMPLES * COUNT };

static fvi_backend *backend;
static fvi_weights *weights;
static fv_error err;
#define OK(call) \
    if (call) fail_msg("%s", err.text)

static int setup(void **state) {
    (void)state;
    weights = fvi_weights_new();
    return fvi_backend_new(&backend, NULL);
}

static int teardown(void **state) {
    (void)state;
    fvi_weights_free(weights);
    fvi_backend_free(backend);
    return 0;
}

static void conv(builder *b, const char *name, const char *in, const char *out, float size) {
    float w[20 * 20 * 9];
    char ends[64];
    for (int i = 0; i < 20 * 20 * 9; i++) w[i] = size * sinf((float)(i * i + (int)name[0]));
    builder_f32(b, name, "20,20,3,3", w);
    strcpy(ends, in);
    strcat(strcat(ends, ","), name);
    builder_ints(b, builder_node(b, "Conv", out, ends, out), "pads", "1,1,1,1");
}

/* x -> x + b(relu(a(x))) -> + c(.) -> + its own cube, which is no layer -> d(.) + e(.), of which
 * neither is the shortcut. Bits of `cut`: the first, the second branch is not there. */
static fvi_plan *plan_new(int cut, int64_t samples, int gated, fvi_network **net) {
    builder *b = builder_new(17);
    fvi_graph *g = NULL;
    fvi_plan *p = NULL;
    const char *wanted = "y";
    builder_input(b, "x", FVI_F32, "N,20,5,4");
    conv(b, "a", "x", "t1", 0.1f);
    builder_node(b, "Relu", "r", "t1", "t2");
    conv(b, "b", "t2", "t3", 0.1f);
    builder_node(b, cut & 1 ? "Identity" : "Add", "sum1", cut & 1 ? "x" : "x,t3", "s1");
    conv(b, "c", "s1", "t4", 0.1f);
    builder_node(b, cut & 2 ? "Identity" : "Add", "sum2", cut & 2 ? "s1" : "t4,s1", "s2");
    builder_node(b, "Mul", "square", "s2,s2", "q");
    builder_node(b, "Mul", "cube", "q,s2", "q3");
    builder_node(b, "Add", "sum3", "s2,q3", "s3");
    conv(b, "d", "s3", "u", 0.1f);
    conv(b, "e", "s3", "v", 0.1f);
    builder_node(b, "Add", "sum4", "u,v", "y");
    builder_output(b, "y");
    OK(fvi_network_load(builder_save(b, "net.onnx"), NULL, net, &err));
    fvi_binding bound = {"x", {4, {samples, 20, 5, 4}}, NULL};
    OK(fvi_network_lower(*net, &bound, 1, &wanted, 1, &g, &err));
    if (gated) OK(fvi_graph_gate_branches(g, samples, &err));
    OK(fvi_plan_new(g, FVI_PLAN_BACKWARD | FVI_PLAN_GUARDS, backend, weights, &p, &err));
    builder_free(b);
    return p;
}

static void run(fvi_plan *p, int64_t samples, const float *x, float *y, float *dx) {
    float seed[ALL];
    for (int i = 0; i < ALL; i++) seed[i] = cosf((float)i);
    fvi_plan_set_input(p, 0, x);
    OK(fvi_plan_forward(p, &err));
    fvi_plan_get_target(p, 0, y);
    for (int64_t i = 0; i < samples; i++)
        memcpy(fvi_plan_seed(p, 0) + i * COUNT, seed, sizeof(float) * COUNT);
    OK(fvi_plan_backward(p, &err));
    fvi_plan_get_gradient(p, 0, dx);
    assert_int_equal(fvi_plan_check_guards(p), 0);
}

static void assert_near(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++) assert_true(fabsf(a[i] - b[i]) <= 1e-4f * (1 + fabsf(b[i])));
}

/* What sample x becomes in the network without the branches in `cut`. */
static void reference(int cut, const float *x, float *y, float *dx) {
    fvi_network *net = NULL;
    fvi_plan *p = plan_new(cut, 1, 0, &net);
    assert_int_equal(fvi_plan_gates(p), 0);
    run(p, 1, x, y, dx);
    fvi_plan_free(p);
    fvi_network_free(net);
}

static void check_gates(int64_t samples) {
    const float open[2][SAMPLES] = {{1, 0, 1}, {1, 1, 0}}; /* sample 0: all, 1: no first, ... */
    const int cut[] = {0, 1, 2};
    float x[ALL], y[ALL], dx[ALL], want[COUNT], dwant[COUNT];
    fvi_random r = fvi_random_stream(1, 2, 3, FVI_DRAW_START);
    fvi_network *net = NULL;
    fvi_plan *p = plan_new(0, samples, 1, &net);
    fvi_random_normals(&r, ALL, x);
    assert_int_equal(fvi_plan_gates(p), 2);
    for (int g = 0; g < 2; g++) fvi_plan_set_gate(p, g, open[g]);
    run(p, samples, x, y, dx);
    for (int64_t i = 0; i < samples; i++) {
        reference(cut[i], x + i * COUNT, want, dwant);
        assert_near(y + i * COUNT, want, COUNT);
        assert_near(dx + i * COUNT, dwant, COUNT);
    }
    fvi_plan_free(p);
    fvi_network_free(net);
}

static void test_a_batch(void **state) {
    (void)state;
    check_gates(SAMPLES);
}

static void test_one_sample(void **state) {
    (void)state;
    check_gates(1);
}

/* The branches do make a difference, or the above would say nothing. */
static void test_branches_matter(void **state) {
    (void)state;
    float x[COUNT], y[3][COUNT], dx[COUNT];
    fvi_random r = fvi_random_stream(1, 2, 3, FVI_DRAW_START);
    fvi_random_normals(&r, COUNT, x);
    for (int cut = 0; cut < 3; cut++) reference(cut, x, y[cut], dx);
    for (int a = 0; a < 3; a++) {
        float most = 0;
        for (int i = 0; i < COUNT; i++) most = fmaxf(most, fabsf(y[a][i] - y[(a + 1) % 3][i]));
        assert_true(most > 0.5f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_batch),
        cmocka_unit_test(test_one_sample),
        cmocka_unit_test(test_branches_matter),
    };
    return cmocka_run_group_tests_name("engine/branches", tests, setup, teardown);
}
