/* SPDX-License-Identifier: Apache-2.0 */
/* op_times: the time of each operation of a step, longest first, and the total time of each
 * implementation.
 *
 * Medians over the steps for each operation, so their sum is only about the median step. Reading
 * the clock twice per operation takes some 50 ns, which the step's time includes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "bench/bench.h"

/* A loop that takes less time is a view that computes nothing, or a side loop with only the
 * overhead of calling kernels. */
#define LEAST_MS      1e-3
#define LEAST_SIDE_MS 1e-2

typedef struct op_times {
    fv_op_times t; /* first: the public part */
    fvi_pool *pool;
    fv_op_time *ops, *sums;
} op_times;

void fv_op_times_free(fv_op_times *times) {
    if (times) fvi_pool_free(((op_times *)times)->pool);
}

static int longest_first(const void *a, const void *b) {
    double x = ((const fv_op_time *)a)->ms, y = ((const fv_op_time *)b)->ms;
    return (x < y) - (x > y);
}

/* Times `repeats` steps.  took  [repeats][n] seconds; whole  [repeats] */
static fv_status run_steps(const fvi_bench *b, int n, double *took, double *whole, fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; !st && i < b->desc.repeats; i++) {
        double start = fvi_clock();
        st = fvi_bench_step(b, err);
        whole[i] = fvi_clock() - start;
        fvi_executable_profile_take(b->plan, took + (size_t)i * (size_t)n);
    }
    return st;
}

static fv_status fill_op(op_times *o, const fvi_timed_op *w, double ms, fv_error *err) {
    fv_op_time op = {.backward = w->backward, .ndim = w->shape.ndim, .count = 1, .ms = ms};
    op.layer = fvi_pool_strdup(o->pool, w->node ? w->node->name : "");
    op.kind = fvi_pool_strdup(o->pool, w->kind);
    op.implementation =
        w->implementation ? fvi_pool_strdup(o->pool, w->implementation) : "own loop";
    if (!op.layer || !op.kind || !op.implementation)
        return fvi_fail(err, FV_NOMEM, "out of memory for the times");
    memcpy(op.dim, w->shape.dim, sizeof op.dim);
    op.gflop = 2e-9 * w->multiply_adds;
    op.gbyte = 1e-9 * w->bytes;
    o->ops[o->t.op_count++] = op;
    return FV_OK;
}

/* Fills the medians over all steps, without loops that compute nothing.  column  [repeats] scratch
 */
static fv_status fill_ops(op_times *o, const fvi_bench *b, int n, const double *took,
                          double *column, fv_error *err) {
    const int repeats = b->desc.repeats;
    fv_status st = FV_OK;
    for (int k = 0; !st && k < n; k++) {
        for (int i = 0; i < repeats; i++) column[i] = took[(size_t)i * (size_t)n + (size_t)k];
        double ms = 1e3 * fvi_median(column, repeats);
        const fvi_timed_op *w = fvi_executable_profile_op(b->plan, k);
        if (w->implementation || ms >= (w->is_side_loop ? LEAST_SIDE_MS : LEAST_MS))
            st = fill_op(o, w, ms, err);
    }
    return st;
}

/* Sums by implementation. The bytes of a sum are known only if those of all its operations are. */
static void add_up(op_times *o) {
    for (int k = 0; k < o->t.op_count; k++) {
        const fv_op_time *op = &o->ops[k];
        int i = 0;
        while (i < o->t.sum_count && strcmp(o->sums[i].implementation, op->implementation) != 0)
            i++;
        fv_op_time *sum = &o->sums[i];
        if (i == o->t.sum_count) {
            o->t.sum_count++;
            *sum = (fv_op_time){.implementation = op->implementation, .gbyte = op->gbyte};
        } else {
            sum->gbyte = sum->gbyte > 0 && op->gbyte > 0 ? sum->gbyte + op->gbyte : 0;
        }
        sum->count++;
        sum->ms += op->ms;
        sum->gflop += op->gflop;
    }
}

static fv_status fill_all(const fvi_bench *b, int count, op_times *o, fv_error *err) {
    size_t n = (size_t)count + 1, repeats = (size_t)b->desc.repeats;
    double *took = calloc(repeats, n * sizeof *took), *whole = calloc(2 * repeats, sizeof *whole);
    o->ops = fvi_pool_array(o->pool, n, sizeof *o->ops);
    o->sums = fvi_pool_array(o->pool, n, sizeof *o->sums);
    fv_status st = took && whole && o->ops && o->sums
                       ? run_steps(b, count, took, whole, err)
                       : fvi_fail(err, FV_NOMEM, "out of memory for the times");
    if (!st) {
        o->t.step_ms = 1e3 * fvi_median(whole, b->desc.repeats);
        st = fill_ops(o, b, count, took, whole + repeats, err);
    }
    if (!st) {
        add_up(o);
        qsort(o->ops, (size_t)o->t.op_count, sizeof *o->ops, longest_first);
        qsort(o->sums, (size_t)o->t.sum_count, sizeof *o->sums, longest_first);
    }
    free(took);
    free(whole);
    return st;
}

static fv_status op_times_new(op_times **out, fv_error *err) {
    fvi_pool *pool = fvi_pool_new(0);
    op_times *o = pool ? fvi_pool_alloc(pool, sizeof *o) : NULL;
    if (!o) {
        fvi_pool_free(pool);
        return fvi_fail(err, FV_NOMEM, "out of memory for the times");
    }
    o->pool = pool;
    *out = o;
    return FV_OK;
}

fv_status fv_bench_ops(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                       fv_op_times **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, layer, out);
    if (st) return st;
    fvi_bench b;
    op_times *o = NULL;
    int count = 0;
    st = fvi_bench_open(model, layer, desc, &b, err);
    if (st) return st;
    st = op_times_new(&o, err);
    if (!st) st = fvi_executable_profile_begin(b.plan, &count, err);
    if (!st) st = fill_all(&b, count, o, err);
    if (!st) {
        o->t.gflop = fvi_bench_gflop(&b);
        o->t.batch = b.desc.batch;
        o->t.threads = b.desc.threads;
        o->t.precision = fv_session_precision(b.session);
        o->t.ops = o->ops;
        o->t.sums = o->sums;
        *out = &o->t;
        o = NULL;
    }
    fvi_bench_close(&b);
    if (o) fv_op_times_free(&o->t);
    return st;
}
