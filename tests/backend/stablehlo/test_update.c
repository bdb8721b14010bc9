/* SPDX-License-Identifier: Apache-2.0 */
/* Updates on a plug-in that fails: whatever call it is, and whenever, it ends in one line, nothing
 * is left over, and the update goes on when the device does.
 *
 * Usage: test_update FOLDER: with the fake plug-in (fake_plugin.c).
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "backend/stablehlo/pjrt/abi.h"
#include "backend/update.h"
#include "fake_plugin.h"
#include "graph/build/build.h"
#include "graph/build/emit.h"
#include "graph/build/pack.h"

enum { SAMPLES = 2, NUMBERS = 8, COUNT = SAMPLES * NUMBERS };

static char plugin[512];
static fake_fail_at_fn *fail_at;
static fake_alive_fn *alive;
static fake_largest_fn *largest;
static fake_gone_fn *gone;

/* ---- the update ------------------------------------------------------------------------------ */

static fvi_builder *begin(fvi_operation *op) {
    static const fvi_build_limits limits = {1 << 20, 1 << 20, 1 << 20, 100};
    fvi_builder *b = NULL;
    *op = (fvi_operation){.source_op = "update", .name = "update", .label = "update"};
    assert_int_equal(fvi_build_new(&limits, NULL, &b, NULL), FV_OK);
    fvi_build_begin(b, op);
    return b;
}

static int input(fvi_builder *b, const char *name) {
    return fvi_build_input(b, name, &(fvi_shape){2, {SAMPLES, NUMBERS}});
}

static fvi_graph *finish(fvi_builder *b) {
    fvi_graph *g = NULL;
    fvi_build_end(b);
    if (fvi_build_finish(b, &g)) fail_msg("%s", b->err->text);
    fvi_build_free(b);
    return g;
}

/* The sums of ReLU(state + given), of each sample; and the state. */
static fvi_graph *make_step(void) {
    fvi_operation op;
    fvi_builder *b = begin(&op);
    const int state = fvi_emit_unary(b, FVI_LINEAR, 1, 0, input(b, "state"));
    const int sum = fvi_emit_binary(b, FVI_ADD, state, input(b, "given"));
    const int up = fvi_emit_unary(b, FVI_RELU, 0, 0, sum);
    fvi_build_output(b, fvi_emit_reduce(b, FVI_REDUCE_SUM, 1 << 1, 0, up));
    fvi_build_output(b, state);
    return finish(b);
}

/* State + gradient * given; and the gradient, for the caller. */
static fvi_graph *make_rule(void) {
    fvi_operation op;
    fvi_builder *b = begin(&op);
    const int state = input(b, "state"), gradient = input(b, "gradient"), rate = input(b, "rate");
    const int move = fvi_emit_binary(b, FVI_MUL, gradient, rate);
    fvi_build_output(b, fvi_emit_binary(b, FVI_ADD, state, move));
    fvi_build_output(b, fvi_emit_unary(b, FVI_LINEAR, 1, 0, gradient));
    return finish(b);
}

static fv_status make(fvi_device *d, fvi_update **out, fv_error *err) {
    static const fvi_update_source step[] = {{FVI_FROM_STATE, 0}, {FVI_FROM_GIVEN, 0}};
    static const fvi_update_source rule[] = {
        {FVI_FROM_STATE, 0}, {FVI_FROM_OUTPUT_GRADIENT, 1}, {FVI_FROM_GIVEN, 1}};
    const fvi_update_desc desc = {.step = make_step(),
                                  .rule = make_rule(),
                                  .step_inputs = step,
                                  .rule_inputs = rule,
                                  .states = 1,
                                  .given = 2,
                                  .samples = SAMPLES};
    return fvi_update_new(d, &desc, out, err);
}

static fv_status open_device(fvi_device **out, fv_error *err) {
    return fvi_device_new(fvi_backend_accelerator, &(fvi_device_desc){.plugin = plugin}, out, err);
}

/* One update, as a picture is updated: numbers are given, it runs, what came of it is read. */
static fv_status go_on(fvi_update *u, fv_error *err) {
    const float numbers[COUNT] = {0};
    float result[COUNT];
    fv_status st = fvi_update_give(u, 0, numbers, err);
    if (!st) st = fvi_update_give(u, 1, numbers, err);
    if (!st) st = fvi_update_run(u, err);
    if (!st) st = fvi_update_read_result(u, 0, result, err);
    if (!st) fvi_update_accept(u);
    return st;
}

/* Everything once: made, two updates, one of them with redirected ReLUs, the end. */
static fv_status run_all(fv_error *err) {
    static const unsigned char first[SAMPLES] = {1, 0};
    const float numbers[COUNT] = {0};
    float state[COUNT];
    fvi_device *d = NULL;
    fvi_update *u = NULL;
    fv_status st = open_device(&d, err);
    if (!st) st = make(d, &u, err);
    if (!st) st = fvi_update_set_state(u, 0, numbers, err);
    if (!st) st = go_on(u, err);
    if (!st) fvi_update_redirect(u, first);
    if (!st) st = go_on(u, err);
    if (!st) st = fvi_update_read_state(u, 0, state, err);
    fvi_update_free(u);
    fvi_device_free(d);
    return st;
}

static void is_one_line(const fv_error *err) {
    assert_non_null(strstr(err->text, "as asked"));
    assert_null(strchr(err->text, '\n'));
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Whatever call fails, its status and text come out, and nothing is left over. */
static void test_any_call(void **state) {
    (void)state;
    fv_error err;
    fail_at(-1, 0);
    if (run_all(&err)) fail_msg("%s", err.text);
    const int calls = fail_at(-1, 0);
    assert_true(calls > 20);
    int failed = 0;
    for (int code = 0; code < 2; code++)
        for (int n = 0; n < calls; n++) {
            fail_at(n, code ? PJRT_RESOURCE_EXHAUSTED : 13);
            const fv_status st = run_all(&err);
            fail_at(-1, 0);
            assert_int_equal(alive(), 0);
            if (!st) continue; /* a question about the device, which may go unanswered */
            assert_int_equal(st, code ? FV_NOMEM : FV_BACKEND);
            is_one_line(&err);
            failed++;
        }
    assert_true(failed > calls); /* of twice as many */
    if (run_all(&err)) fail_msg("%s", err.text);
    assert_int_equal(alive(), 0);
}

/* Whatever call fails in an update that has been made, the next one works. */
static void test_goes_on(void **state) {
    (void)state;
    fvi_device *d = NULL;
    fvi_update *u = NULL;
    fv_error err;
    if (open_device(&d, &err) || make(d, &u, &err)) fail_msg("%s", err.text);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    fail_at(-1, 0);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    const int calls = fail_at(-1, 0), objects = alive();
    for (int n = 0; n < calls; n++) {
        fail_at(n, 13);
        assert_int_equal(go_on(u, &err), FV_BACKEND);
        is_one_line(&err);
        fail_at(-1, 0);
        if (go_on(u, &err)) fail_msg("call %d: %s", n, err.text);
        assert_int_equal(alive(), objects);
    }
    fvi_update_free(u);
    fvi_device_free(d);
    assert_int_equal(alive(), 0);
}

/* A device that vanishes: every call says so, until it is back. */
static void test_gone(void **state) {
    (void)state;
    float numbers[COUNT] = {0};
    fvi_device *d = NULL;
    fvi_update *u = NULL;
    fv_error err;
    if (open_device(&d, &err) || make(d, &u, &err)) fail_msg("%s", err.text);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    gone(1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fvi_update_run(u, &err), FV_BACKEND);
        is_one_line(&err);
    }
    assert_int_equal(fvi_update_read_state(u, 0, numbers, &err), FV_BACKEND);
    assert_int_equal(fvi_update_give(u, 0, numbers, &err), FV_BACKEND);
    is_one_line(&err);
    gone(0);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    gone(1); /* and for good */
    assert_int_equal(go_on(u, &err), FV_BACKEND);
    fvi_update_free(u);
    fvi_device_free(d);
    gone(0);
    assert_int_equal(alive(), 0);
}

/* Too little memory for the state, or for what a run gives: what is said is that. */
static void test_memory(void **state) {
    (void)state;
    const float numbers[COUNT] = {0};
    fvi_device *d = NULL;
    fvi_update *u = NULL;
    fv_error err;
    if (open_device(&d, &err) || make(d, &u, &err)) fail_msg("%s", err.text);
    largest(COUNT * sizeof(float) - 1);
    assert_int_equal(fvi_update_set_state(u, 0, numbers, &err), FV_NOMEM);
    is_one_line(&err);
    assert_int_equal(go_on(u, &err), FV_NOMEM);
    largest(COUNT * sizeof(float));
    if (go_on(u, &err)) fail_msg("%s", err.text);
    largest(COUNT * sizeof(float) - 1);
    assert_int_equal(fvi_update_run(u, &err), FV_NOMEM);
    is_one_line(&err);
    largest(0);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    fvi_update_free(u);
    fvi_device_free(d);
    assert_int_equal(alive(), 0);
}

/* What was copied is counted, to the byte. */
static void test_copied(void **state) {
    (void)state;
    size_t to[2], from[2];
    fvi_device *d = NULL;
    fvi_update *u = NULL;
    fv_error err;
    if (open_device(&d, &err) || make(d, &u, &err)) fail_msg("%s", err.text);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    fvi_device_copied(d, &to[0], &from[0]);
    if (go_on(u, &err)) fail_msg("%s", err.text);
    fvi_device_copied(d, &to[1], &from[1]);
    assert_int_equal(to[1] - to[0], 2 * COUNT * sizeof(float)); /* both that are given */
    assert_int_equal(from[1] - from[0], COUNT * sizeof(float)); /* the result */
    fvi_update_free(u);
    fvi_device_free(d);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_call), cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_gone),     cmocka_unit_test(test_memory),
        cmocka_unit_test(test_copied),
    };
    if (argc < 2) return 2;
    snprintf(plugin, sizeof plugin, "%s/fake.so", argv[1]);
    void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (!library) return 2;
    *(void **)&fail_at = dlsym(library, "fake_fail_at");
    *(void **)&alive = dlsym(library, "fake_alive");
    *(void **)&largest = dlsym(library, "fake_largest");
    *(void **)&gone = dlsym(library, "fake_gone");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
