/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small networks through the interface of backends: the processor's, or a plug-in's, against
 * the reference one (reference/backend.h), which knows nothing of it: targets, gradients at the
 * inputs and at the targets, guided and redirected; copied and viewed.
 *
 * Usage: test_executable [PLUGIN.so EVERY]: on a plug-in, each EVERY-th network; PLUGIN.so '': that
 * of $FOVEA_TEST_PLUGIN, without which it is skipped.
 *
 * Errors are relative to the tensor's largest magnitude: 1e-4 forward, 1e-3 gradients, as for the
 * golden files (test_golden.c).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "base/random.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "reference/backend.h"

#define TARGETS 2
#define SIZE    16 /* where the file leaves one free */

#define TARGETS_WITHIN   1e-4
#define GRADIENTS_WITHIN 1e-3

/* A network, a value inside it, and how many samples to run: where the file fixes its batch, 1. */
typedef struct network_case {
    const char *file, *middle;
    int samples;
} network_case;

static const network_case cases[] = {
    {"data/cli/tiny.onnx", "stem/relu6", 1},
    {"golden/caffe.old11.onnx", "/features/features.4/Conv_output_0", 1},
    {"golden/inception.old13-free.onnx", "/block/branch2/branch2.1/Relu_output_0", 2},
    {"golden/residual.new18-free.onnx", "relu_2", 2},
    {"golden/dense.new18-free.onnx", "relu_4", 1},
    {"golden/mobile.new18.onnx", "getitem_12", 1},
    {"golden/efficient.new18-free.onnx", "silu_3", 2},
    {"golden/shuffle.new20.onnx", "relu_5", 1},
    {"golden/convnext.new20.onnx", "linear_1", 1},
    {"golden/transformer.new20.onnx", "linear_3", 1},
    {"golden/maxvit.new18-free.onnx", "conv2d_5", 1},
    {"golden/unet.old11.onnx", "v46", 1},
    {"golden/encoder.new20.onnx", "linear_4", 1},
    {"golden/signal.new18-free.onnx", "tanh", 2},
};

static const fvi_backend *backend;
static const char *plugin;
static size_t every = 1; /* which of the networks */
static double worst[2];  /* how far targets and gradients are off at most */

/* One network on one backend. */
typedef struct running {
    fvi_device *device;
    fvi_executable *e;
} running;

static void must(fv_status st, const fv_error *err, const char *file) {
    if (st) fail_msg("%s: %s", file, err->text);
}

static fvi_network *load(const char *file) {
    fvi_network *net = NULL;
    fv_error err;
    char path[512];
    snprintf(path, sizeof path, "tests/%s", file);
    must(fvi_network_load(path, NULL, &net, &err), &err, file);
    return net;
}

static fvi_graph *lower(const fvi_network *net, const network_case *c) {
    const fv_input *in = fvi_network_input(net);
    fvi_binding binding = {.name = in->name, .shape = {.ndim = in->ndim}};
    const char *wanted[TARGETS];
    fvi_graph *g = NULL;
    fv_error err;
    for (int i = 0; i < in->ndim; i++) binding.shape.dim[i] = in->dim[i] > 0 ? in->dim[i] : SIZE;
    binding.shape.dim[0] = c->samples;
    must(fvi_network_find_value(net, NULL, &wanted[0], &err), &err, c->file);
    must(fvi_network_find_value(net, c->middle, &wanted[1], &err), &err, c->file);
    must(fvi_network_lower(net, &binding, 1, wanted, TARGETS, &g, &err), &err, c->file);
    return g;
}

static running start(const fvi_backend *on, const fvi_network *net, const network_case *c,
                     int flags) {
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32, .plugin = plugin};
    running r = {0};
    fv_error err;
    must(fvi_device_new(on, &desc, &r.device, &err), &err, c->file);
    must(fvi_executable_new(r.device, lower(net, c), flags, &r.e, &err), &err, c->file);
    return r;
}

static void stop(running *r) {
    fvi_executable_free(r->e);
    fvi_device_free(r->device);
}

static int64_t count_of(const running *r, int value) {
    return fvi_shape_count(&fvi_executable_graph(r->e)->values[value].shape);
}

static int64_t target_count(const running *r, int t) {
    return count_of(r, fvi_executable_graph(r->e)->outputs[t]);
}

static int64_t input_count(const running *r) {
    return count_of(r, fvi_executable_graph(r->e)->inputs[0]);
}

static float *random_numbers(int64_t n, uint64_t stream, float low, float high) {
    float *x = malloc((size_t)n * sizeof *x);
    fvi_random r = fvi_random_stream(23, stream, 0, FVI_DRAW_START);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++) x[i] = low + (high - low) * fvi_random_uniform(&r);
    return x;
}

/* Runs forward, seeds random numbers at all targets, runs backward. `copied`: seeds by a copy. */
static void run(const running *r, const float *x, int copied) {
    fv_error err;
    must(fvi_executable_set_input(r->e, 0, x, &err), &err, "input");
    must(fvi_executable_forward(r->e, &err), &err, "forward");
    for (int t = 0; t < TARGETS; t++) {
        const int64_t n = target_count(r, t);
        float *from = random_numbers(n, 100 + (uint64_t)t, -1, 1), *seed = NULL;
        if (copied) {
            must(fvi_executable_write_seed(r->e, t, from, &err), &err, "seed");
        } else {
            must(fvi_executable_edit_seed(r->e, t, &seed, &err), &err, "seed");
            memcpy(seed, from, (size_t)n * sizeof *seed);
        }
        free(from);
    }
    must(fvi_executable_backward(r->e, &err), &err, "backward");
}

static void close_to(const float *got, const float *want, int64_t n, double tolerance,
                     const char *file, const char *what) {
    double top = 0, off = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)got[i] - want[i]);
        off = d <= off ? off : d; /* a NaN stays */
        top = fmax(top, fabs(want[i]));
    }
    if (!(off <= tolerance * top)) fail_msg("%s: %s is off by %.2e of %.2e", file, what, off, top);
    double *most = &worst[tolerance > TARGETS_WITHIN];
    if (top > 0) *most = fmax(*most, off / top);
}

typedef fv_status (*read_fn)(fvi_executable *, int, float *, fv_error *);
typedef fv_status (*view_fn)(fvi_executable *, int, const float **, fv_error *);

/* What was read and what is viewed are the same to the bit; returns what was read. */
static float *both(const running *r, int i, int64_t n, read_fn read, view_fn view,
                   const char *file) {
    float *copy = malloc((size_t)n * sizeof *copy);
    const float *seen = NULL;
    fv_error err;
    assert_non_null(copy);
    must(read(r->e, i, copy, &err), &err, file);
    must(view(r->e, i, &seen, &err), &err, file);
    assert_memory_equal(copy, seen, (size_t)n * sizeof *copy);
    return copy;
}

static void compare(const running *got, const running *want, int i, int64_t n, read_fn read,
                    view_fn view, double tolerance, const char *file, const char *what) {
    float *a = both(got, i, n, read, view, file), *b = both(want, i, n, read, view, file);
    close_to(a, b, n, tolerance, file, what);
    free(a);
    free(b);
}

static void compare_all(const running *got, const running *want, const char *file) {
    for (int t = 0; t < TARGETS; t++) {
        const int64_t n = target_count(want, t);
        assert_int_equal(target_count(got, t), n);
        compare(got, want, t, n, fvi_executable_read_target, fvi_executable_view_target,
                TARGETS_WITHIN, file, "a target");
        compare(got, want, t, n, fvi_executable_read_target_gradient,
                fvi_executable_view_target_gradient, GRADIENTS_WITHIN, file, "a target's gradient");
    }
    compare(got, want, 0, input_count(want), fvi_executable_read_gradient,
            fvi_executable_view_gradient, GRADIENTS_WITHIN, file, "the gradient");
}

/* The same numbers as the reference. */
static void check_network(const network_case *c, int flags) {
    fvi_network *net = load(c->file);
    flags |= FVI_EXEC_BACKWARD | FVI_EXEC_TARGET_GRADIENTS;
    running want = start(&fvi_backend_reference, net, c, flags);
    float *x = random_numbers(input_count(&want), 1, -1, 1);
    run(&want, x, 1);
    running got = start(backend, net, c, flags);
    run(&got, x, 0);
    compare_all(&got, &want, c->file);
    run(&got, x, 1); /* again: nothing is left over from the run before */
    compare_all(&got, &want, c->file);
    stop(&got);
    free(x);
    stop(&want);
    fvi_network_free(net);
}

static void test_networks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i += every) check_network(&cases[i], 0);
}

static void test_guided(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i += every)
        check_network(&cases[i], FVI_EXEC_GUIDED);
}

/* So large an input that no element of the clip (0..6) is within its bounds: it passes nothing,
 * until it is redirected for the first sample of two. */
static void test_redirected(void **state) {
    (void)state;
    static const network_case c = {"data/cli/tiny.onnx", "stem/relu6", 2};
    static const unsigned char first[] = {1, 0};
    const int flags = FVI_EXEC_BACKWARD | FVI_EXEC_TARGET_GRADIENTS;
    fvi_network *net = load(c.file);
    running want = start(&fvi_backend_reference, net, &c, flags);
    const int64_t count = input_count(&want), half = count / 2;
    float *x = random_numbers(count, 1, -1e5F, 1e5F), *dx = malloc((size_t)count * sizeof *dx);
    assert_non_null(dx);
    running got = start(backend, net, &c, flags);
    for (int on = 0; on < 2; on++) {
        fvi_executable_redirect(want.e, on ? first : NULL, 2);
        fvi_executable_redirect(got.e, on ? first : NULL, 2);
        run(&want, x, 1);
        run(&got, x, 1);
        compare_all(&got, &want, c.file);
        assert_int_equal(fvi_executable_read_gradient(got.e, 0, dx, NULL), FV_OK);
        int passed[2] = {0};
        for (int64_t i = 0; i < count; i++) passed[i >= half] |= dx[i] != 0;
        assert_int_equal(passed[0], on);
        assert_int_equal(passed[1], 0);
    }
    stop(&got);
    free(dx);
    free(x);
    stop(&want);
    fvi_network_free(net);
}

/* Host copies of a backend that maps nothing: made anew after each run, and edited seeds are what
 * backward takes. */
static void test_copies(void **state) {
    (void)state;
    const network_case *c = &cases[1];
    fvi_network *net = load(c->file);
    running r = start(&fvi_backend_reference, net, c, FVI_EXEC_BACKWARD);
    const int64_t n = target_count(&r, 0), count = input_count(&r);
    float *x = random_numbers(count, 1, -1, 1), *y = malloc((size_t)n * sizeof *y);
    float *dx = malloc((size_t)count * sizeof *dx);
    const float *seen = NULL, *gradient = NULL;
    assert_true(y && dx);
    run(&r, x, 0);
    assert_int_equal(fvi_executable_view_target(r.e, 0, &seen, NULL), FV_OK);
    memcpy(y, seen, (size_t)n * sizeof *y);
    assert_int_equal(fvi_executable_view_gradient(r.e, 0, &gradient, NULL), FV_OK);
    memcpy(dx, gradient, (size_t)count * sizeof *dx);
    for (int64_t i = 0; i < count; i++) x[i] *= 0.5F;
    run(&r, x, 1); /* the same seeds, written this time */
    assert_int_equal(fvi_executable_view_target(r.e, 0, &seen, NULL), FV_OK);
    assert_memory_not_equal(y, seen, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < count; i++) x[i] *= 2;
    run(&r, x, 1);
    assert_int_equal(fvi_executable_view_gradient(r.e, 0, &gradient, NULL), FV_OK);
    assert_memory_equal(dx, gradient, (size_t)count * sizeof *dx);
    free(dx);
    free(y);
    free(x);
    stop(&r);
    fvi_network_free(net);
}

/* Everything once, by views. */
static fv_status run_views(fvi_device *d, const fvi_network *net, const network_case *c,
                           const float *x, fv_error *err) {
    fvi_executable *e = NULL;
    const float *seen = NULL;
    float *seed = NULL;
    fv_status st = fvi_executable_new(d, lower(net, c), FVI_EXEC_BACKWARD, &e, err);
    if (st) return st;
    st = fvi_executable_set_input(e, 0, x, err);
    if (!st) st = fvi_executable_forward(e, err);
    for (int t = 0; !st && t < TARGETS; t++) {
        const fvi_graph *g = fvi_executable_graph(e);
        st = fvi_executable_view_target(e, t, &seen, err);
        if (!st) st = fvi_executable_edit_seed(e, t, &seed, err);
        if (!st)
            memset(seed, 0,
                   (size_t)fvi_shape_count(&g->values[g->outputs[t]].shape) * sizeof *seed);
    }
    if (!st) st = fvi_executable_backward(e, err);
    if (!st) st = fvi_executable_view_gradient(e, 0, &seen, err);
    if (!st) st = fvi_executable_view_target_gradient(e, 0, &seen, err);
    fvi_executable_free(e);
    return st;
}

/* Whatever call of a backend fails, its status and text come out, and nothing is leaked. */
static void test_failures(void **state) {
    (void)state;
    const network_case *c = &cases[0];
    fvi_network *net = load(c->file);
    fvi_device *d = NULL;
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32};
    fv_error err;
    int calls = 0;
    must(fvi_device_new(&fvi_backend_reference, &desc, &d, &err), &err, c->file);
    float *x = random_numbers(3 * SIZE * SIZE, 1, -1, 1);
    for (;; calls++) {
        err.text[0] = 0;
        fvi_reference_fail_at(calls);
        fv_status st = run_views(d, net, c, x, &err);
        fvi_reference_fail_at(-1);
        if (!st) break;
        assert_int_equal(st, FV_BACKEND);
        assert_non_null(strstr(err.text, "failed, as asked"));
        assert_true(calls < 100);
    }
    assert_int_equal(calls,
                     10); /* new, input, forward, 2 targets, 2 seeds, backward, 2 gradients */
    size_t bytes = 0;
    must(fvi_executable_count(d, lower(net, c), 0, &bytes, &err), &err, c->file);
    assert_true(bytes > 0);
    free(x);
    fvi_device_free(d);
    fvi_network_free(net);
}

int main(int argc, char **argv) {
    if (argc > 2) {
        plugin = argv[1][0] ? argv[1] : getenv("FOVEA_TEST_PLUGIN");
        every = (size_t)atoi(argv[2]);
        if (!plugin || !*plugin || !every) {
            fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
            return 77;
        }
    }
    backend = plugin ? fvi_backend_accelerator : fvi_backend_processor;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),   cmocka_unit_test(test_guided),
        cmocka_unit_test(test_redirected), cmocka_unit_test(test_copies),
        cmocka_unit_test(test_failures),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("%zu networks, targets within %.1e, gradients within %.1e\n",
           (sizeof cases / sizeof *cases + every - 1) / every, worst[0], worst[1]);
    return failed;
}
