/* SPDX-License-Identifier: Apache-2.0 */
/* What the measurements of one step share: a session, a plan, an input in place. */
#ifndef FVI_BENCH_BENCH_H
#define FVI_BENCH_BENCH_H

#include "fovea-private/bench.h"
#include "runtime/session.h"

typedef struct fvi_bench {
    fv_bench_desc desc; /* resolved: no zeros but .size */
    fv_session *session;
    fvi_executable *plan; /* forward to the layer, backward to the input, all samples at once */
} fvi_bench;

/* Makes ready and runs the first steps, which are slower than those after.
 *   b       filled; to be closed unless it fails
 *   errors  as fv_bench
 */
fv_status fvi_bench_open(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                         fvi_bench *b, fv_error *err);
void fvi_bench_close(fvi_bench *b);

/* One step: forward to the layer, ones as its gradient, backward to the input. */
fv_status fvi_bench_step(const fvi_bench *b, fv_error *err);
/* The work of a step, two operations for a multiply-add. */
double fvi_bench_gflop(const fvi_bench *b);
/* The median of x[0..n), n >= 1, which is sorted by that. */
double fvi_median(double *x, int n);
/* The most memory this process has had so far. */
double fvi_peak_rss_mb(void);

#endif
