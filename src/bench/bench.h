/* SPDX-License-Identifier: Apache-2.0 */
/* What the timings of one step share: a session, and a plan with its input. */
#ifndef FVI_BENCH_BENCH_H
#define FVI_BENCH_BENCH_H

#include "fovea-private/bench.h"
#include "runtime/session.h"

typedef struct fvi_bench {
    fv_bench_desc desc; /* with defaults filled in, except .size */
    fv_session *session;
    double first;         /* seconds until the first step was done */
    fvi_executable *plan; /* forward to the layer, backward to the input, all samples at once */
} fvi_bench;

/* Makes a plan and runs the first steps, which are slower than later ones.
 *   b       filled; to be closed unless this fails
 *   errors  as fv_bench
 */
fv_status fvi_bench_open(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                         fvi_bench *b, fv_error *err);
void fvi_bench_close(fvi_bench *b);

/* One step: forward to the layer, ones as its gradient, backward to the input. */
fv_status fvi_bench_step(const fvi_bench *b, fv_error *err);
/* The work of a step, two operations for a multiply-add. */
double fvi_bench_gflop(const fvi_bench *b);
/* The median of x[0..n), n >= 1. Sorts x. */
double fvi_median(double *x, int n);
/* The peak memory of this process so far. */
double fvi_peak_rss_mb(void);

#endif
