/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers against PyTorch's and Keras' on one sequence of gradients; L-BFGS on Rosenbrock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "vis/optimize/lbfgs.h"
#include "vis/optimize/optimizer.h"

enum { COUNT = 4, STEPS = 20 };
static const float start[COUNT] = {0.5f, -1, 2, 0.25f};

/* The gradients: of ordinary size, tiny, large, and always zero. */
static float gradient(int t, int i) {
    static const float scale[COUNT] = {1, 1e-3f, 10, 0};
    return (float)((7 * t + 5 * i) % 13 - 6) / 8 * scale[i];
}

static fvi_optimizer *make(fvi_optimizer_settings d, int64_t count) {
    fvi_optimizer *o = NULL;
    fv_error err;
    if (fvi_optimizer_new(&d, count, &o, &err)) fail_msg("%s", err.text);
    return o;
}

static void run(fvi_optimizer *o, float *z) {
    memcpy(z, start, sizeof start);
    for (int t = 0; t < STEPS; t++) {
        float g[COUNT];
        for (int i = 0; i < COUNT; i++) g[i] = gradient(t, i);
        fvi_optimizer_step(o, g, (float)t / (STEPS - 1), z);
    }
}

/* References: 20 steps from `start` on gradient(t, .) in f32 with PyTorch 2.13.0 (CPU):
 * torch.optim.SGD, Adam, NAdam, AdamW, RMSprop with maximize=True and the numbers given here,
 * PyTorch's defaults elsewhere; the last with Keras 3.15.1, keras.optimizers.RMSprop on the negated
 * gradients. Each: z = torch.tensor(start, requires_grad=True); o = torch.optim.X([z], ...);
 * for t in range(20): z.grad = gradient(t); o.step(). */
static const struct {
    const char *name;
    fvi_optimizer_settings desc;
    float z[COUNT];
} references[] = {
    {"SGD(lr=.1, weight_decay=.01)",
     {.kind = FVI_OPTIMIZER_ASCENT, .rate = 0.1f, .weight_decay = 0.01f},
     {0.341840893f, -0.98022598f, 2.69699383f, 0.245047241f}},
    {"SGD(lr=.1, momentum=.9)",
     {.kind = FVI_OPTIMIZER_MOMENTUM, .rate = 0.1f, .beta1 = 0.9f},
     {-0.376381338f, -1.00015211f, 8.74312019f, 0.25f}},
    {"Adam(lr=.05)",
     {.kind = FVI_OPTIMIZER_ADAM, .rate = 0.05f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f},
     {0.2644113f, -1.04951942f, 2.20059156f, 0.25f}},
    {"Adam(lr=.05, betas=(.8, .99), eps=1e-4, weight_decay=.1)",
     {.kind = FVI_OPTIMIZER_ADAM,
      .rate = 0.05f,
      .beta1 = 0.8f,
      .beta2 = 0.99f,
      .epsilon = 1e-4f,
      .weight_decay = 0.1f},
     {0.244550735f, -0.16697289f, 2.13685346f, 0.0234753396f}},
    {"NAdam(lr=1)",
     {.kind = FVI_OPTIMIZER_NADAM, .rate = 1, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f},
     {-2.06938338f, -2.24569798f, 3.90108538f, 0.25f}},
    {"NAdam(lr=.05, weight_decay=.1)",
     {.kind = FVI_OPTIMIZER_NADAM,
      .rate = 0.05f,
      .beta1 = 0.9f,
      .beta2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.1f},
     {0.3118366f, -0.29692775f, 2.0617702f, -0.0116631398f}},
    {"AdamW(lr=.05, weight_decay=.1)",
     {.kind = FVI_OPTIMIZER_ADAMW,
      .rate = 0.05f,
      .beta1 = 0.9f,
      .beta2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.1f},
     {0.233297393f, -0.95059526f, 1.9956696f, 0.226152614f}},
    {"RMSprop(lr=.1, alpha=.95, eps=1e-3)",
     {.kind = FVI_OPTIMIZER_RMSPROP, .rate = 0.1f, .beta2 = 0.95f, .epsilon = 1e-3f},
     {-0.176542789f, -1.02755404f, 2.55078602f, 0.25f}},
    {"Keras RMSprop(learning_rate=.1, rho=.95, epsilon=1e-3)",
     {.kind = FVI_OPTIMIZER_RMSPROP,
      .rate = 0.1f,
      .beta2 = 0.95f,
      .epsilon = 1e-3f,
      .epsilon_under_root = 1},
     {-0.170925796f, -1.00118577f, 2.5510354f, 0.25f}},
};

static void test_steps_are_those_of_pytorch(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof references / sizeof *references; k++) {
        float z[COUNT];
        fvi_optimizer *o = make(references[k].desc, COUNT);
        run(o, z);
        for (int i = 0; i < COUNT; i++)
            if (!(fabsf(z[i] - references[k].z[i]) < 1e-5f))
                fail_msg("%s: number %d is %.9g, not %.9g", references[k].name, i, (double)z[i],
                         (double)references[k].z[i]);
        fvi_optimizer_free(o);
    }
}

static void test_ascent_adds_the_gradient(void **state) {
    (void)state;
    float z[3] = {0, 0, 1}, g[3] = {1, -4, 2};
    fvi_optimizer *o =
        make((fvi_optimizer_settings){.kind = FVI_OPTIMIZER_ASCENT, .rate = 0.125f}, 3);
    fvi_optimizer_step(o, g, 0, z);
    assert_true(z[0] == 0.125f && z[1] == -0.5f && z[2] == 1.25f);
    fvi_optimizer_free(o);
}

/* The rate falls along half a cosine to its share; no share is no schedule. */
static void test_rate_follows_a_cosine(void **state) {
    (void)state;
    static const float at[] = {0, 0.25f, 0.5f, 1, 2, -1}, one = 1;
    static const double rates[2][6] = {{2, 0.4 + 1.6 * 0.8535533906, 1.2, 0.4, 0.4, 2},
                                       {2, 2, 2, 2, 2, 2}};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 6; i++) {
            float z = 0;
            fvi_optimizer *o = make((fvi_optimizer_settings){.kind = FVI_OPTIMIZER_ASCENT,
                                                             .rate = 2,
                                                             .rate_end = k ? 0 : 0.2f},
                                    1);
            fvi_optimizer_step(o, &one, at[i], &z);
            assert_true(fabs(z - rates[k][i]) < 1e-6);
            fvi_optimizer_free(o);
        }
}

/* An update without a finite gradient leaves no trace: not in the numbers, nor in the moments. */
static void test_updates_that_are_not_finite_are_left_out(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < sizeof references / sizeof *references; k++) {
        float plain[COUNT], z[COUNT];
        fvi_optimizer *o = make(references[k].desc, COUNT);
        run(o, plain);
        fvi_optimizer_free(o);
        o = make(references[k].desc, COUNT);
        memcpy(z, start, sizeof start);
        for (int t = 0; t < STEPS; t++) {
            float g[COUNT];
            for (int i = 0; i < COUNT; i++) g[i] = gradient(t, i);
            fvi_optimizer_step(o, g, (float)t / (STEPS - 1), z);
            g[t % COUNT] = bad[t % 3];
            fvi_optimizer_step(o, g, 1, z);
        }
        assert_memory_equal(z, plain, sizeof z);
        fvi_optimizer_free(o);
    }
}

static void test_zero_gradients_move_nothing(void **state) {
    (void)state;
    for (int kind = FVI_OPTIMIZER_ASCENT; kind <= FVI_OPTIMIZER_RMSPROP; kind++)
        for (int under = 0; under < 2; under++) {
            float z[2] = {3, -4}, g[2] = {0};
            fvi_optimizer *o = make((fvi_optimizer_settings){.kind = (fvi_optimizer_kind)kind,
                                                             .rate = 1,
                                                             .beta1 = 0.9f,
                                                             .beta2 = 0.9f,
                                                             .epsilon_under_root = under},
                                    2);
            for (int t = 0; t < 3; t++) fvi_optimizer_step(o, g, 0, z);
            assert_true(z[0] == 3 && z[1] == -4);
            fvi_optimizer_free(o);
        }
}

static void test_impossible_numbers(void **state) {
    (void)state;
    const fvi_optimizer_settings bad[] = {
        {.kind = (fvi_optimizer_kind)0, .rate = 1},
        {.kind = (fvi_optimizer_kind)8, .rate = 1},
        {.kind = FVI_OPTIMIZER_LBFGS, .rate = 1},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = NAN},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = -1},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = 1, .beta1 = 1},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = 1, .beta2 = -0.1f},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = 1, .rate_end = 1.5f},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = 1, .epsilon = INFINITY},
        {.kind = FVI_OPTIMIZER_ADAM, .rate = 1, .weight_decay = -1},
    };
    fvi_optimizer *o = NULL;
    fv_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fvi_optimizer_new(&bad[i], 4, &o, &err), FV_ARG);
    const fvi_optimizer_settings good = {.kind = FVI_OPTIMIZER_ADAM, .rate = 1};
    assert_int_equal(fvi_optimizer_new(&good, 0, &o, &err), FV_ARG);
    assert_null(o);
    fvi_optimizer_free(NULL);
}

/* ---- L-BFGS ---- */

typedef struct valley {
    int calls, stop_after; /* 0: never */
    float scale;
    int spoil_after; /* from that call on the value is NaN; 0: never */
} valley;

/* Minus Rosenbrock's function in pairs: its top is 0 at 1, 1, ... */
static double rosenbrock(void *user, const float *z, float *g, int *stop) {
    valley *v = user;
    double value = 0;
    v->calls++;
    for (int i = 0; i < 10; i += 2) {
        double a = 1 - z[i], b = z[i + 1] - (double)z[i] * z[i];
        value -= a * a + 100 * b * b;
        g[i] = v->scale * (float)(2 * a + 400 * z[i] * b);
        g[i + 1] = v->scale * (float)(-200 * b);
    }
    if (v->stop_after && v->calls >= v->stop_after) *stop = 1;
    return v->spoil_after && v->calls >= v->spoil_after ? NAN : v->scale * value;
}

static void valley_start(float z[10]) {
    for (int i = 0; i < 10; i += 2) z[i] = -1.2f, z[i + 1] = 1;
}

/* Whatever the objective's scale. */
static void test_lbfgs_finds_the_top(void **state) {
    (void)state;
    static const float scales[] = {1, 1e-6f, 1e6f};
    for (int k = 0; k < 3; k++) {
        float z[10];
        valley v = {.scale = scales[k]};
        valley_start(z);
        assert_int_equal(fvi_lbfgs(10, 200, rosenbrock, &v, z, NULL), FV_OK);
        for (int i = 0; i < 10; i++) assert_true(fabsf(z[i] - 1) < 2e-3f);
        assert_true(v.calls < 200);
    }
}

static void test_lbfgs_stops_when_told(void **state) {
    (void)state;
    float z[10], first[10], g[10];
    int stop = 0;
    valley_start(first);
    double begin = rosenbrock(&(valley){.scale = 1}, first, g, &stop);
    for (int after = 1; after <= 12; after++) {
        valley v = {.scale = 1, .stop_after = after};
        valley_start(z);
        assert_int_equal(fvi_lbfgs(10, 200, rosenbrock, &v, z, NULL), FV_OK);
        assert_int_equal(v.calls, after);
        assert_true(rosenbrock(&(valley){.scale = 1}, z, g, &stop) >= begin);
        assert_true(after > 1 || !memcmp(z, first, sizeof z));
    }
    valley v = {.scale = 1}, none = {.scale = 1};
    valley_start(z);
    assert_int_equal(fvi_lbfgs(10, 2, rosenbrock, &v, z, NULL), FV_OK);
    assert_true(v.calls < 20);
    assert_int_equal(fvi_lbfgs(10, 0, rosenbrock, &none, z, NULL), FV_OK);
    assert_int_equal(none.calls, 0);
}

static void test_lbfgs_keeps_the_best_where_values_fail(void **state) {
    (void)state;
    float z[10], g[10];
    int stop = 0;
    for (int after = 1; after < 8; after++) {
        valley v = {.scale = 1, .spoil_after = after};
        valley_start(z);
        assert_int_equal(fvi_lbfgs(10, 200, rosenbrock, &v, z, NULL), FV_OK);
        assert_int_equal(v.calls, after);
        assert_true(isfinite(rosenbrock(&(valley){.scale = 1}, z, g, &stop)));
    }
    fv_error err;
    assert_int_equal(fvi_lbfgs(0, 1, rosenbrock, NULL, z, &err), FV_ARG);
    assert_int_equal(fvi_lbfgs(INT64_C(1) << 31, 1, rosenbrock, NULL, z, &err), FV_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_those_of_pytorch),
        cmocka_unit_test(test_ascent_adds_the_gradient),
        cmocka_unit_test(test_rate_follows_a_cosine),
        cmocka_unit_test(test_updates_that_are_not_finite_are_left_out),
        cmocka_unit_test(test_zero_gradients_move_nothing),
        cmocka_unit_test(test_impossible_numbers),
        cmocka_unit_test(test_lbfgs_finds_the_top),
        cmocka_unit_test(test_lbfgs_stops_when_told),
        cmocka_unit_test(test_lbfgs_keeps_the_best_where_values_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
