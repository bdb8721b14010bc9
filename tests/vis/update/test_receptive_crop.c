/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of pictures: neurons of every layer of networks that take any size, at corners, borders and
 * in the middle of their maps: value and gradient are those of the whole picture. Each allocation
 * of the search for a part is made to fail in turn (the linker puts the functions below before the
 * C library's and GLib's: see meson.build); GLib's that end the process are left alone. */
#include "model/network/lower.h"
#include "vis/update/receptive_crop.h"

#include <glib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/model_state.h"
#include "runtime/preprocess.h"
#include "runtime/session.h"
#include "support/resolve.h"
#include "support/texts.h"
#include "vis/update/pass.h"

#define GOLDEN(name) "tests/golden/" name ".onnx"
enum { H = 72, W = 56 };

static int parts; /* how many neurons had one */

/* Largest difference as a share of the largest number. */
static double apart(const float *a, const float *b, int64_t n) {
    double most = 0, largest = 1e-30;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i] - b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    return most / largest;
}

/* What is expected: the whole picture's. 0 if the network does not take this size. */
static int whole(const fv_model *m, fv_session *s, const fv_input *in, const char *objective,
                 const float *t, double *value, float *dt) {
    const int64_t dim[4] = {1, in->channels, H, W};
    fv_error err = {0};
    fv_tensor *x = NULL, *g = NULL;
    assert_int_equal(fv_tensor_new(4, dim, &x, NULL), FV_OK);
    fvi_encode(in, t, H, W, x->data);
    fv_status st = gradient_text(m, s, x, objective, value, &g, &err);
    if (st && st != FV_SHAPE) fail_msg("%s", err.text);
    if (!st) fvi_encode_adjoint(in, g->data, H, W, dt);
    fv_tensor_free(x);
    fv_tensor_free(g);
    return !st;
}

/* Returns 0 if the network does not take this size. */
static int check(const fv_model *m, fv_session *s, const char *unit) {
    const fvi_network *net = fvi_session_network(s);
    const fv_input *in = fvi_network_input(net);
    const int64_t count = (int64_t)in->channels * H * W;
    fvi_objective o = {0};
    const fvi_objective *one = &o;
    const fvi_objective_list all = {&one, 1};
    fvi_pass *pass = NULL;
    fv_error err = {0};
    float *t = malloc((size_t)count * sizeof *t), *expected = malloc((size_t)count * sizeof *t);
    double value = 0, expected_value = 0;
    const fvi_pass_samples picture = {
        .samples = 1, .channels = in->channels, .h = H, .w = W, .t = t, .values = &value};
    for (int64_t i = 0; i < count; i++) t[i] = 0.5f + 0.5f * sinf((float)(i % 1009) * 1.7f);
    if (!whole(m, s, in, unit, t, &expected_value, expected)) {
        free(t);
        free(expected);
        return 0;
    }
    if (resolve_text(net, unit, NULL, FVI_REDUCTION_LITERAL, &o, &err) ||
        fvi_pass_new(s, &all, 1, 0, 1, &pass, &err) || fvi_pass_reserve(pass, 1, count, &err) ||
        fvi_pass_run(pass, &picture, &err))
        fail_msg("%s: %s", unit, err.text);
    if (fabs(value - expected_value) > 1e-5 * fmax(1, fabs(expected_value)) ||
        apart(t, expected, count) > 1e-5)
        fail_msg("%s of %s: %g, not %g; gradients %g apart", unit, fvi_network_name(net), value,
                 expected_value, apart(t, expected, count));
    const fvi_shape shape = fvi_network_input_shape(net, 1, H, W);
    fvi_receptive_crop part;
    assert_int_equal(fvi_receptive_crop_find(s, &all, &shape, H, W, &part, &err), FV_OK);
    parts += part.n_values > 0;
    assert_true(part.n_values || (part.h == H && part.w == W));
    fvi_pass_free(pass);
    fvi_objective_clear(&o);
    free(t);
    free(expected);
    return 1;
}

/* Neurons of the layers whose maps have a height and a width. */
static void check_network(const char *path) {
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_error err = {0};
    if (fv_model_load(path, NULL, &m, &err) || fv_session_new(m, NULL, &s, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < fv_model_layer_count(m); i++) {
        const fv_layer *l = fv_model_layer(m, i);
        if (l->ndim != 4 || l->dim[2] < 2 || l->dim[3] < 2) continue;
        static const char *const spots[] = {"", "@0,0", "@1,0", "@0,1"};
        for (size_t k = 0, taken = 1; taken && k < 4; k++) {
            char unit[64];
            snprintf(unit, sizeof unit, k ? "#%d:0%s" : "#%d:0@centre%s", i, spots[k]);
            taken = (size_t)check(m, s, unit);
        }
    }
    fv_session_free(s);
    fv_model_free(m);
}

static void test_parts(void **state) {
    (void)state;
    static const char *const networks[] = {
        GOLDEN("residual.new18-free"), GOLDEN("inception.old13-free"),
        GOLDEN("mobile.old13-free"),   GOLDEN("squeeze.old13-free"),
        GOLDEN("atrous.new18-free"),   GOLDEN("dense.new18-free"),
        GOLDEN("shuffle.new18-free"),  GOLDEN("unet.new18-free"),
        GOLDEN("convnext.new18-free")};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        const int before = parts;
        check_network(networks[i]);
        print_message("%d neurons had parts: %s\n", parts - before, networks[i]);
    }
    assert_true(parts > 100);
}

/* ---- memory that runs out ------------------------------------------------------------------- */

static long calls, failing; /* allocations so far; the one that fails, counted from 1 */

static int fails(void) { return ++calls == failing; }

#pragma GCC visibility push(default) /* the build hides what is not marked; the linker minds */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

gpointer __real_g_try_malloc(gsize n);
gpointer __wrap_g_try_malloc(gsize n);
gpointer __wrap_g_try_malloc(gsize n) { return fails() ? NULL : __real_g_try_malloc(n); }

gpointer __real_g_try_malloc0(gsize n);
gpointer __wrap_g_try_malloc0(gsize n);
gpointer __wrap_g_try_malloc0(gsize n) { return fails() ? NULL : __real_g_try_malloc0(n); }

gpointer __real_g_try_malloc_n(gsize n, gsize size);
gpointer __wrap_g_try_malloc_n(gsize n, gsize size);
gpointer __wrap_g_try_malloc_n(gsize n, gsize size) {
    return fails() ? NULL : __real_g_try_malloc_n(n, size);
}

gpointer __real_g_try_malloc0_n(gsize n, gsize size);
gpointer __wrap_g_try_malloc0_n(gsize n, gsize size);
gpointer __wrap_g_try_malloc0_n(gsize n, gsize size) {
    return fails() ? NULL : __real_g_try_malloc0_n(n, size);
}
#pragma GCC visibility pop

/* A neuron has its part, or the search says that there is no memory; never the whole picture. */
static void test_memory(void **state) {
    (void)state;
    fv_status st;
    long told = 0, next = 0, failed_calls = 0;
    do {
        fv_model *m = NULL; /* a new one each time: a model keeps what it lowered */
        fv_session *s = NULL;
        fvi_objective o = {0};
        const fvi_objective *one = &o;
        const fvi_objective_list all = {&one, 1};
        fvi_receptive_crop part;
        fv_error err = {0};
        failing = 0;
        if (fv_model_load(GOLDEN("residual.new18-free"), NULL, &m, &err) ||
            fv_session_new(m, NULL, &s, &err) ||
            resolve_text(m->network, "#2:0@centre", NULL, FVI_REDUCTION_LITERAL, &o, &err))
            fail_msg("%s", err.text);
        const fvi_shape shape = fvi_network_input_shape(m->network, 1, H, W);
        failing = ++next;
        calls = 0;
        err = (fv_error){0};
        st = fvi_receptive_crop_find(s, &all, &shape, H, W, &part, &err);
        failing = 0;
        if (st != FV_OK && (st != FV_NOMEM || !err.text[0]))
            fail_msg("allocation %ld: status %d, \"%s\"", next, st, err.text);
        if (st == FV_OK && !part.n_values) fail_msg("allocation %ld: no part", next);
        told += st == FV_NOMEM;
        failed_calls = calls;
        fvi_objective_clear(&o);
        fv_session_free(s);
        fv_model_free(m);
    } while (failed_calls >= next);
    print_message("want of memory is told at %ld of %ld allocations\n", told, failed_calls);
    assert_true(told > 2);
    assert_int_equal(st, FV_OK); /* of the last run nothing failed */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
