/* SPDX-License-Identifier: Apache-2.0 */
/* bench: how long one step (forward to a layer, backward to the input) takes, and what share of it
 * oneDNN's primitives are.
 *
 * GFLOP counts two operations per multiply-add of convolutions and matrix products, forward, and
 * the same again backward for each through which the gradient passes; nothing else is counted.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/error.h"
#include "base/random.h"
#include "engine/model.h"
#include "engine/session.h"

#define WARM_UP     3
#define MAX_REPEATS 100000

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* Noise in the input, ones as the seed: what the numbers are does not matter, that they are
 * ordinary does (denormals and NaN are slow). */
static fv_status fill(fvi_plan *plan, fv_error *err) {
    const fvi_graph *g = fvi_plan_graph(plan);
    if (!g->n_inputs) return fvi_fail(err, FV_ARG, "the layer does not depend on the input");
    int64_t n = fvi_shape_count(&g->values[g->inputs[0]].shape);
    float *x = malloc((size_t)n * sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "out of memory for the input");
    fvi_random r = fvi_random_stream(0, 0, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = fvi_random_uniform(&r) - 0.5f;
    fvi_plan_set_input(plan, 0, x);
    free(x);
    return FV_OK;
}

static fv_status step(fvi_plan *plan, fv_error *err) {
    fv_status st = fvi_plan_forward(plan, err);
    if (st) return st;
    const fvi_graph *g = fvi_plan_graph(plan);
    int64_t n = fvi_shape_count(&g->values[g->outputs[0]].shape);
    float *seed = fvi_plan_seed(plan, 0);
    for (int64_t i = 0; i < n; i++) seed[i] = 1;
    return fvi_plan_backward(plan, err);
}

static fv_status measure(fv_session *s, fvi_plan *plan, int repeats, fv_bench_result *r,
                         fv_error *err) {
    double *wall = malloc((size_t)repeats * 2 * sizeof *wall), *prims = wall + repeats;
    fv_status st = wall ? fill(plan, err) : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; !st && i < WARM_UP; i++) st = step(plan, err);
    for (int i = 0; !st && i < repeats; i++) {
        fvi_backend_time(fvi_session_backend(s), 1);
        double t = now();
        st = step(plan, err);
        wall[i] = now() - t;
        prims[i] = fvi_backend_time(fvi_session_backend(s), 0);
    }
    if (!st) {
        r->step_ms = 1e3 * median(wall, repeats);
        r->primitive_ms = 1e3 * median(prims, repeats);
        r->gflop = 2e-9 * (double)fvi_graph_multiply_adds(fvi_plan_graph(plan), 1);
        r->gflops = r->gflop / (1e-3 * r->step_ms);
    }
    free(wall);
    return st;
}

static double peak_rss_mb(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024; /* Linux counts in KB */
}

static fv_status resolve(const fv_bench_desc *desc, fv_bench_desc *d, fv_error *err) {
    *d = desc ? *desc : (fv_bench_desc){0};
    if (!d->batch) d->batch = 1;
    if (!d->repeats) d->repeats = 20;
    if (d->size < 0 || d->batch < 0 || d->repeats < 0 || d->repeats > MAX_REPEATS)
        return fvi_fail(err, FV_ARG, "size %d, batch %d and repeats %d must not be negative",
                        d->size, d->batch, d->repeats);
    return FV_OK;
}

/* The plan to be measured: all samples at once. */
static fv_status plan_for(const fv_model *model, fv_session *s, const char *value,
                          const fv_bench_desc *d, fvi_plan **plan, fv_error *err) {
    int64_t samples;
    fvi_shape shape = fvi_network_input_shape(model->network, d->batch, d->size, d->size);
    fv_status st = fvi_session_plan(s, &shape, &value, 1, FVI_PLAN_BACKWARD, plan, &samples, err);
    if (!st && samples != d->batch)
        st = fvi_fail(err, FV_UNSUPPORTED, "%s: its batch of %d is fixed in the file",
                      fvi_network_name(model->network), (int)samples);
    return st;
}

fv_status fv_bench(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                   fv_bench_result *out, fv_error *err) {
    if (!model || !out) return fvi_fail(err, FV_ARG, "fv_bench: model and out must not be NULL");
    fv_bench_desc d;
    fv_session *s = NULL;
    fvi_plan *plan = NULL;
    const char *value = NULL;
    fv_status st = resolve(desc, &d, err);
    fv_bench_result r = {.batch = d.batch};
    if (!st) st = fvi_network_find_value(model->network, layer, &value, err);
    if (!st) st = fv_session_new(model, &(fv_session_desc){.threads = d.threads}, &s, err);
    if (!st) st = plan_for(model, s, value, &d, &plan, err);
    if (!st) st = measure(s, plan, d.repeats, &r, err);
    if (!st) {
        r.threads = fvi_session_threads(s);
        r.peak_rss_mb = peak_rss_mb();
        *out = r;
    }
    fv_session_free(s);
    return st;
}
