/* SPDX-License-Identifier: Apache-2.0 */
/* bench: the time of one step (forward to a layer, backward to the input), and the share of
 * oneDNN's primitives in it.
 *
 * GFLOP counts two operations per multiply-add of convolutions and matrix products, forward, and as
 * many backward for each that the gradient passes; nothing else is counted.
 */
#include "bench/bench.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "graph/cost.h"
#include "model/input/input.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "runtime/model_state.h"

#define WARM_UP     3
#define MAX_REPEATS 100000
#define MAX_BATCH   65536

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double fvi_median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* Fills the input with noise and the seed with ones: any ordinary numbers will do (denormals and
 * NaN are slow). */
static fv_status fill(fvi_executable *plan, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(plan);
    if (!g->n_inputs) return fvi_fail(err, FV_ARG, "the layer does not depend on the input");
    int64_t n = fvi_shape_count(&g->values[g->inputs[0]].shape);
    float *x = malloc((size_t)n * sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "out of memory for the input");
    fvi_random r = fvi_random_stream(0, 0, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = fvi_random_uniform(&r) - 0.5f;
    fv_status st = fvi_executable_set_input(plan, 0, x, err);
    free(x);
    return st;
}

fv_status fvi_bench_step(const fvi_bench *b, fv_error *err) {
    fvi_executable *plan = b->plan;
    float *seed = NULL;
    fv_status st = fvi_executable_forward(plan, err);
    if (!st) st = fvi_executable_edit_seed(plan, 0, &seed, err);
    if (st) return st;
    const fvi_graph *g = fvi_executable_graph(plan);
    int64_t n = fvi_shape_count(&g->values[g->outputs[0]].shape);
    for (int64_t i = 0; i < n; i++) seed[i] = 1;
    st = fvi_executable_backward(plan, err);
    const float *gradient; /* an accelerator may still be computing it */
    return st ? st : fvi_executable_view_gradient(plan, 0, &gradient, err);
}

double fvi_bench_gflop(const fvi_bench *b) {
    return 2e-9 * (double)fvi_graph_multiply_adds(fvi_executable_graph(b->plan), 1);
}

static fv_status measure(const fvi_bench *b, fv_bench_result *r, fv_error *err) {
    const int repeats = b->desc.repeats;
    double *wall = malloc((size_t)repeats * 2 * sizeof *wall), *prims = wall + repeats;
    fv_status st = wall ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; !st && i < repeats; i++) {
        fvi_executable_kernel_seconds(b->plan, 1);
        double t = fvi_clock();
        st = fvi_bench_step(b, err);
        wall[i] = fvi_clock() - t;
        prims[i] = fvi_executable_kernel_seconds(b->plan, 0);
    }
    if (!st) {
        r->step_ms = 1e3 * fvi_median(wall, repeats);
        r->primitive_ms = 1e3 * fvi_median(prims, repeats);
        r->gflop = fvi_bench_gflop(b);
        r->gflops = r->gflop / (1e-3 * r->step_ms);
    }
    free(wall);
    return st;
}

double fvi_peak_rss_mb(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024; /* Linux counts in KB */
}

static fv_status resolve(const fv_bench_desc *desc, fv_bench_desc *d, fv_error *err) {
    *d = desc ? *desc : (fv_bench_desc){0};
    if (!d->batch) d->batch = 1;
    if (!d->repeats) d->repeats = 20;
    if (d->size < 0 || d->size > FVI_INPUT_SIZE_MAX)
        return fvi_fail(err, FV_ARG, "size is %d; allowed: 0 (the model's own) to %d", d->size,
                        FVI_INPUT_SIZE_MAX);
    if (d->batch < 1 || d->batch > MAX_BATCH)
        return fvi_fail(err, FV_ARG, "batch is %d; allowed: 1..%d", d->batch, MAX_BATCH);
    if (d->repeats < 1 || d->repeats > MAX_REPEATS)
        return fvi_fail(err, FV_ARG, "repeats is %d; allowed: 1..%d", d->repeats, MAX_REPEATS);
    return FV_OK;
}

/* The plan to be timed, for all samples at once. */
static fv_status plan_for(const fv_model *model, fv_session *s, const char *value,
                          const fv_bench_desc *d, fvi_executable **plan, fv_error *err) {
    int64_t samples;
    fvi_shape shape = fvi_network_input_shape(model->network, d->batch, d->size, d->size);
    fv_status st = fvi_session_plan(s, &(fvi_plan_key){shape, &value, 1, FVI_EXEC_BACKWARD}, plan,
                                    &samples, err);
    if (!st && samples != d->batch)
        st = fvi_fail(err, FV_UNSUPPORTED, "%s: its batch of %d is fixed in the file",
                      fvi_network_name(model->network), (int)samples);
    return st;
}

fv_status fvi_bench_open(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                         fvi_bench *b, fv_error *err) {
    const double start = fvi_clock();
    const char *value = NULL;
    *b = (fvi_bench){0};
    fv_status st = resolve(desc, &b->desc, err);
    if (!st) st = fvi_network_find_value(model->network, layer, &value, err);
    if (!st)
        st = fv_session_new(model,
                            FV_DESC(fv_session_desc, .threads = b->desc.threads,
                                    .plugin = b->desc.plugin, .device = b->desc.device,
                                    .programs = b->desc.programs),
                            &b->session, err);
    if (!st) st = plan_for(model, b->session, value, &b->desc, &b->plan, err);
    if (!st) st = fill(b->plan, err);
    for (int i = 0; !st && i < WARM_UP; i++) {
        st = fvi_bench_step(b, err);
        if (!i) b->first = fvi_clock() - start;
    }
    if (st)
        fvi_bench_close(b);
    else
        b->desc.threads = fvi_session_threads(b->session);
    return st;
}

void fvi_bench_close(fvi_bench *b) {
    fv_session_free(b->session);
    *b = (fvi_bench){0};
}

fv_status fv_bench(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                   fv_bench_result *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, layer, out);
    if (st) return st;
    fvi_bench b;
    st = fvi_bench_open(model, layer, desc, &b, err);
    if (st) return st;
    fv_bench_result r = {.batch = b.desc.batch,
                         .threads = b.desc.threads,
                         .first_ms = 1e3 * b.first,
                         .precision = fv_session_precision(b.session)};
    st = measure(&b, &r, err);
    r.peak_rss_mb = fvi_peak_rss_mb();
    const fvi_program_memory m = fvi_executable_program_memory(b.plan);
    r.code_mb = (double)m.code / (1 << 20);
    r.argument_mb = (double)m.arguments / (1 << 20);
    r.result_mb = (double)m.results / (1 << 20);
    r.temporary_mb = (double)m.temporary / (1 << 20);
    if (!st) *out = r;
    fvi_bench_close(&b);
    return st;
}
