/* SPDX-License-Identifier: Apache-2.0 */
/* machine: the peak rates of this machine that matter to networks: products of large f32 matrices
 * by oneDNN (arithmetic), and a triad, a = b + s c, over arrays larger than all caches (memory).
 *
 * Both are the best of several runs, to exclude other users of the machine. The bytes of the triad
 * are those of its three arrays, without the read of `a` that some processors do before writing it.
 * Source of the triad: McCalpin's STREAM.
 */
#include <omp.h>
#include <stdlib.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "fovea-private/bench.h"

#define SIDE        2048               /* of the matrices: 17 GFLOP a product */
#define LENGTH      ((size_t)24 << 20) /* of the triad's arrays: 100 MB each */
#define MAX_THREADS 1024
#define ROUNDS      5

/* x [SIDE][SIDE] times a constant of the same size.  values  [SIDE * SIDE] outlives the graph */
static fvi_graph *product_graph(const float *values) {
    const fvi_shape square = {2, {SIDE, SIDE}};
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *g = pool ? fvi_pool_alloc(pool, sizeof *g) : NULL;
    fvi_const *c = g ? fvi_pool_alloc(pool, sizeof *c) : NULL;
    int *numbers = g ? fvi_pool_array(pool, 4, sizeof *numbers) : NULL;
    if (g) g->values = fvi_pool_array(pool, 3, sizeof *g->values);
    if (g) g->nodes = fvi_pool_alloc(pool, sizeof *g->nodes);
    if (!g || !c || !numbers || !g->values || !g->nodes) {
        fvi_pool_free(pool);
        return NULL;
    }
    *c = (fvi_const){FVI_F32, square, (const uint8_t *)values, 0};
    g->pool = pool;
    g->n_values = 3;
    g->n_nodes = g->n_inputs = g->n_outputs = 1;
    g->values[0] = (fvi_value){"x", square, -1, NULL, 0, 0};
    g->values[1] = (fvi_value){"y", square, -1, c, 0, 0};
    g->values[2] = (fvi_value){"product", square, 0, NULL, 0, 0};
    numbers[0] = 0, numbers[1] = 1, numbers[2] = 0, numbers[3] = 2;
    g->nodes[0] = (fvi_node){.kind = FVI_MATMUL,
                             .name = "product",
                             .source_op = "MatMul",
                             .n_in = 2,
                             .in = numbers,
                             .out = 2,
                             .a.matmul = {.alpha = 1, .trans_b = 1}};
    g->inputs = numbers + 2;
    g->outputs = numbers + 3;
    return g;
}

static fv_status time_product(const float *values, double *gflops, fv_error *err) {
    fvi_graph *g = product_graph(values);
    fvi_device *device = NULL;
    fvi_executable *plan = NULL;
    double best = 0;
    fv_status st = g ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_device_new(fvi_backend_processor, &(fvi_device_desc){0}, &device, err);
    if (st)
        fvi_graph_free(g);
    else
        st = fvi_executable_new(device, g, 0, &plan, err);
    if (!st) st = fvi_executable_set_input(plan, 0, values, err);
    for (int i = 0; !st && i < ROUNDS; i++) {
        double start = fvi_clock();
        st = fvi_executable_forward(plan, err);
        double rate = 2e-9 * SIDE * SIDE * SIDE / (fvi_clock() - start);
        best = rate > best ? rate : best;
    }
    if (!st) *gflops = best;
    fvi_executable_free(plan);
    fvi_device_free(device);
    return st;
}

/* a, b, c  [LENGTH] */
static double time_triad(float *restrict a, const float *restrict b, const float *restrict c) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = fvi_clock();
#pragma omp parallel for simd schedule(static)
        for (size_t i = 0; i < LENGTH; i++) a[i] = b[i] + 3 * c[i];
        double rate = 3e-9 * sizeof(float) * LENGTH / (fvi_clock() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

fv_status fv_bench_machine(int threads, fv_machine_speed *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, out);
    if (st) return st;
    if (threads < 0 || threads > MAX_THREADS)
        return fvi_fail(err, FV_ARG, "threads is %d; allowed: 0 (all) to %d", threads, MAX_THREADS);
    fv_machine_speed r = {.threads = threads ? threads : omp_get_num_procs()};
    float *a = malloc(3 * LENGTH * sizeof *a);
    char needed[FVI_MEMORY_TEXT_BYTES];
    if (!a)
        return fvi_fail(err, FV_NOMEM, "out of memory for %s",
                        fvi_memory_text((size_t)3 * LENGTH * 4, needed));
    const int before = omp_get_max_threads(); /* the caller's, set again at the end */
    omp_set_num_threads(r.threads);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < LENGTH; i++) { /* each thread touches its own pages first */
        a[i] = 0;
        a[LENGTH + i] = (float)(i % 7) - 3;
        a[2 * LENGTH + i] = (float)(i % 5) - 2;
    }
    r.gbytes = time_triad(a, a + LENGTH, a + 2 * LENGTH);
    st = time_product(a + LENGTH, &r.gflops, err);
    omp_set_num_threads(before);
    free(a);
    if (!st) *out = r;
    return st;
}
