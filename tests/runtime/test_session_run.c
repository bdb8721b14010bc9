/* SPDX-License-Identifier: Apache-2.0 */
/* Several values of one run, and gradients back from them with seeds of the caller's: against
 * fv_session_run and fv_session_gradient; monitors that stop and cancel them. */
#include "runtime/session.h"
#include "support/texts.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/builder.h"
#include "support/recipes.h"

enum { SAMPLES = 3 };

typedef struct set {
    fv_model *m;
    fv_session *s;
    fv_tensor *x;
    const char *a, *b; /* names of layers */
} set;

static void open_set(set *t, const char *path) {
    fv_error err;
    *t = (set){0};
    if (fv_model_load(path, NULL, &t->m, &err) || fv_session_new(t->m, NULL, &t->s, &err))
        fail_msg("%s", err.text);
    const fv_input *in = fv_model_input(t->m);
    const int64_t shape[] = {SAMPLES, in->channels, in->height, in->width};
    assert_int_equal(fv_tensor_new(4, shape, &t->x, &err), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(t->x); i++)
        t->x->data[i] = sinf((float)(i % 997) * 0.37f);
    t->a = fv_model_layer(t->m, 2)->name;
    t->b = fv_model_layer(t->m, fv_model_layer_count(t->m) - 2)->name;
}

static void close_set(set *t) {
    fv_tensor_free(t->x);
    fv_session_free(t->s);
    fv_model_free(t->m);
}

static void same(const fv_tensor *a, const fv_tensor *b, double tolerance) {
    assert_int_equal(fv_tensor_count(a), fv_tensor_count(b));
    double most = 1e-30, apart = 0;
    for (int64_t i = 0; i < fv_tensor_count(a); i++) {
        most = fmax(most, fabs((double)b->data[i]));
        apart = fmax(apart, fabs((double)a->data[i] - b->data[i]));
    }
    if (apart > tolerance * most) fail_msg("%g apart of %g", apart, most);
}

/* Seeds of a mean over the positions of channel c, as the objective LAYER:C has it. */
static fv_tensor *mean_seed(const fv_tensor *value, int c) {
    fv_tensor *seed = NULL;
    assert_int_equal(fv_tensor_new(value->ndim, value->dim, &seed, NULL), FV_OK);
    int64_t plane = 1, sample = 1;
    for (int i = 1; i < value->ndim; i++) sample *= value->dim[i];
    plane = sample / value->dim[1];
    for (int64_t n = 0; n < value->dim[0]; n++)
        for (int64_t i = 0; i < plane; i++)
            seed->data[n * sample + c * plane + i] = 1.0f / (float)plane;
    return seed;
}

static void check_values(const char *path) {
    print_message("%s\n", path);
    set t;
    fv_tensor *outs[3] = {NULL}, *one = NULL, *dx = NULL, *again = NULL, *expected = NULL;
    fv_error err;
    char objective[600];
    open_set(&t, path);
    const char *names[] = {t.a, t.b, t.a};
    if (fv_session_forward(t.s, t.x, names, 3, outs, &err)) fail_msg("%s", err.text);
    for (int v = 0; v < 3; v++) {
        assert_int_equal(fv_session_run(t.s, t.x, names[v], &one, &err), FV_OK);
        same(outs[v], one, 1e-5);
        fv_tensor_free(one);
    }
    fv_tensor *seed_a = mean_seed(outs[0], 1), *seed_b = mean_seed(outs[1], 0);
    const fv_tensor *seeds[] = {seed_a, seed_b, NULL};
    if (fv_session_backward(t.s, seeds, &dx, &err)) fail_msg("%s", err.text);
    assert_int_equal(fv_session_backward(t.s, seeds, &again, &err), FV_OK);
    assert_memory_equal(dx->data, again->data, (size_t)fv_tensor_count(dx) * sizeof(float));
    snprintf(objective, sizeof objective, "%s:1 + %s:0", t.a, t.b);
    if (gradient_text(t.m, t.s, t.x, objective, NULL, &expected, &err)) fail_msg("%s", err.text);
    same(dx, expected, 1e-5);
    fv_tensor_free(again);
    fv_tensor_free(dx);
    const fv_tensor *none[] = {NULL, NULL, NULL}; /* a zero seed has no gradient */
    assert_int_equal(fv_session_backward(t.s, none, &dx, &err), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(dx); i++) assert_true(dx->data[i] == 0);
    fv_tensor_free(dx);
    const fv_tensor *third[] = {NULL, seed_b, seed_a}; /* the same value twice: seeds add up */
    assert_int_equal(fv_session_backward(t.s, third, &dx, &err), FV_OK);
    same(dx, expected, 1e-5);
    fv_tensor_free(dx);
    fv_tensor_free(expected);
    fv_tensor_free(seed_a);
    fv_tensor_free(seed_b);
    for (int v = 0; v < 3; v++) fv_tensor_free(outs[v]);
    close_set(&t);
}

static void test_values(void **state) {
    (void)state;
    check_values("tests/golden/residual.new18-free.onnx");
    check_values("tests/golden/inception.new18.onnx"); /* a batch written as a number */
    check_values("tests/golden/unet.new18-free.onnx");
}

static void test_seeds(void **state) {
    (void)state;
    set t;
    fv_tensor *out = NULL, *dx = NULL;
    fv_error err;
    open_set(&t, "tests/golden/residual.new18-free.onnx");
    const fv_tensor *seeds[] = {t.x};
    assert_int_equal(fv_session_backward(t.s, seeds, &dx, &err), FV_ARG);
    assert_non_null(strstr(err.text, "fv_session_forward"));
    assert_int_equal(fv_session_forward(t.s, t.x, &t.b, 1, &out, &err), FV_OK);
    assert_int_equal(fv_session_backward(t.s, seeds, &dx, &err), FV_SHAPE);
    assert_non_null(strstr(err.text, "seed 0 is 3x"));
    seeds[0] = out;
    out->data[0] = NAN;
    assert_int_equal(fv_session_backward(t.s, seeds, &dx, &err), FV_NONFINITE);
    assert_null(dx);
    fv_tensor_free(out);
    close_set(&t);
}

static void test_failing_leaves_values(void **state) {
    (void)state;
    set t;
    double values[SAMPLES] = {7, 7, 7};
    fv_objective *o = NULL;
    fv_tensor *dx = NULL;
    fv_error err;
    open_set(&t, "tests/golden/residual.new18-free.onnx");
    if (fv_objective_new(t.m, t.b, NULL, 0, &o, &err)) fail_msg("%s", err.text);
    for (int64_t n = fv_tensor_count(t.x), i = n - n / SAMPLES; i < n; i++)
        t.x->data[i] = 3e38f; /* the last sample overflows */
    assert_int_equal(fv_session_gradient(t.s, t.x, o, values, &dx, &err), FV_NONFINITE);
    assert_null(dx);
    for (int i = 0; i < SAMPLES; i++) assert_true(values[i] == 7);
    fv_objective_free(o);
    close_set(&t);
}

typedef struct watcher {
    int calls, answer;
    fv_progress last;
} watcher;

static int watch(void *user, const fv_progress *p) {
    watcher *w = user;
    w->calls++;
    w->last = *p;
    return w->answer;
}

/* What all calls of a session do when the monitor says so. */
static void all_calls(set *t, fv_status wanted) {
    fv_tensor *out = NULL, *dx = NULL;
    fv_prediction top[SAMPLES];
    fv_error err;
    assert_int_equal(fv_session_run(t->s, t->x, t->a, &out, &err), wanted);
    fv_tensor_free(out);
    out = NULL;
    assert_int_equal(gradient_text(t->m, t->s, t->x, t->a, NULL, &dx, &err), wanted);
    fv_tensor_free(dx);
    dx = NULL;
    assert_int_equal(fv_session_classify(t->s, t->x, 1, top, &err), wanted);
    assert_int_equal(fv_session_forward(t->s, t->x, &t->a, 1, &out, &err), wanted);
    assert_int_equal(out == NULL, wanted != FV_OK);
    fv_tensor_free(out);
}

static void test_monitor(void **state) {
    (void)state;
    set t;
    watcher w = {0};
    fv_monitor *m = NULL;
    fv_tensor *dx = NULL, *out = NULL;
    fv_error err;
    open_set(&t, "tests/golden/residual.new18-free.onnx");
    assert_int_equal(fv_monitor_new(watch, NULL, &w, &m, &err), FV_OK);
    assert_int_equal(fv_session_set_monitor(t.s, m, &err), FV_OK);
    all_calls(&t, FV_OK);
    assert_int_equal(w.calls, 8); /* before and after each */
    assert_int_equal(w.last.done, SAMPLES);
    assert_int_equal(w.last.total, SAMPLES);
    for (w.answer = FV_MONITOR_STOP; w.answer <= FV_MONITOR_CANCEL + 1; w.answer++)
        all_calls(&t, FV_CANCELLED);
    w.answer = FV_MONITOR_GO;
    fv_monitor_stop(m);
    all_calls(&t, FV_CANCELLED);
    fv_monitor_reset(m);
    all_calls(&t, FV_OK);
    const fv_tensor *seeds[] = {NULL};
    assert_int_equal(fv_session_forward(t.s, t.x, &t.a, 1, &out, &err), FV_OK);
    fv_monitor_cancel(m);
    fv_monitor_stop(m); /* takes nothing back */
    assert_int_equal(fv_session_backward(t.s, seeds, &dx, &err), FV_CANCELLED);
    assert_int_equal(fv_session_set_monitor(t.s, NULL, &err), FV_OK);
    all_calls(&t, FV_OK);
    fv_monitor_free(m);
    fv_tensor_free(out);
    close_set(&t);
}

/* A scalar is one sample, whatever stands in the sizes that it does not have. */
static void test_scalar(void **state) {
    (void)state;
    fv_error err = {0};
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_objective *o = NULL;
    fv_tensor *slope = NULL;
    float at = 0.5f;
    const fv_tensor x = {.ndim = 0, .dim = {40}, .data = &at};
    double values[2] = {7, 7};
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "");
    builder_node(b, "Tanh", "tanh1", "x", "y");
    builder_output(b, "y");
    if (fv_model_load(builder_save(b, "scalar.onnx"), NULL, &m, &err) ||
        fv_session_new(m, NULL, &s, &err) || fv_objective_new(m, "tanh1", NULL, 0, &o, &err) ||
        fv_session_gradient(s, &x, o, values, &slope, &err))
        fail_msg("%s", err.text);
    const double y = tanh(0.5);
    assert_true(fabs(values[0] - y * y) < 1e-6 && values[1] == 7);
    assert_int_equal(slope->ndim, 0);
    assert_true(fabs((double)slope->data[0] - 2 * y * (1 - y * y)) < 1e-6);
    fv_tensor_free(slope);
    fv_objective_free(o);
    fv_session_free(s);
    fv_model_free(m);
    builder_free(b);
}

static void remember(void *user, const char *text) { strcpy(user, text); }
static void test_note(void **state) {
    (void)state;
    set t;
    char text[600] = "";
    fv_monitor *m = NULL;
    fv_tensor *out = NULL;
    fv_error err;
    open_set(&t, "tests/golden/residual.new18-free.onnx");
    fv_session_free(t.s);
    const fv_session_desc keep = {.struct_size = sizeof(fv_session_desc), .on_nan = FV_ON_NAN_KEEP};
    assert_int_equal(fv_session_new(t.m, &keep, &t.s, &err), FV_OK);
    assert_int_equal(fv_monitor_new(NULL, remember, text, &m, &err), FV_OK);
    assert_int_equal(fv_session_set_monitor(t.s, m, &err), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(t.x); i++) t.x->data[i] = NAN;
    assert_int_equal(fv_session_run(t.s, t.x, fv_model_layer(t.m, 0)->name, &out, &err), FV_OK);
    assert_non_null(strstr(text, "the network's input holds NaN"));
    fv_tensor_free(out);
    out = NULL;
    for (int64_t i = 0; i < fv_tensor_count(t.x); i++) t.x->data[i] = INFINITY; /* another reason */
    assert_int_equal(fv_session_run(t.s, t.x, fv_model_layer(t.m, 0)->name, &out, &err), FV_OK);
    assert_non_null(strstr(text, "the network's input holds infinity"));
    fv_tensor_free(out);
    fv_monitor_free(m);
    close_set(&t);
}

/* Calls run on the session's threads, and the caller's number stays what it was. */
static int count_threads(void *user, const fv_progress *p) {
    (void)p;
    *(int *)user = omp_get_max_threads();
    return FV_MONITOR_GO;
}

static void test_threads(void **state) {
    (void)state;
    set t;
    int inside = 0;
    fv_monitor *m = NULL;
    fv_error err;
    omp_set_num_threads(3);
    open_set(&t, "tests/golden/residual.new18-free.onnx");
    assert_int_equal(omp_get_max_threads(), 3);
    fv_session_free(t.s);
    assert_int_equal(fv_session_new(t.m, FV_DESC(fv_session_desc, .threads = 2), &t.s, &err),
                     FV_OK);
    assert_int_equal(omp_get_max_threads(), 3);
    assert_int_equal(fv_monitor_new(count_threads, NULL, &inside, &m, &err), FV_OK);
    assert_int_equal(fv_session_set_monitor(t.s, m, &err), FV_OK);
    all_calls(&t, FV_OK);
    assert_int_equal(inside, 2);
    assert_int_equal(omp_get_max_threads(), 3);
    fv_rendering *r = NULL;
    fv_recipe *recipe = recipe_of(t.m, "fovea", NULL, "size=32; steps=1");
    inside = 0;
    assert_int_equal(render_texts(t.m, &t.a, 1, recipe,
                                    &(render_how){.threads = 2, .progress = count_threads,
                                                 .user = &inside},
                                    &r, &err),
                     FV_OK);
    assert_int_equal(inside, 2);
    assert_int_equal(omp_get_max_threads(), 3);
    fv_rendering_free(r);
    fv_recipe_free(recipe);
    fv_monitor_free(m);
    close_set(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_failing_leaves_values),
        cmocka_unit_test(test_monitor), cmocka_unit_test(test_note),
        cmocka_unit_test(test_scalar),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
