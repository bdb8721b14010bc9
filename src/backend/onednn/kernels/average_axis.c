/* SPDX-License-Identifier: Apache-2.0 */
/* average_axis: the mean under a window that slides along one axis of [outer][axis][inner], and its
 * adjoint. Rows of `inner` elements are summed in double, a run of elements at a time.
 */
#include "backend/onednn/kernels/average_axis.h"

#include "backend/onednn/kernels/strided_loops.h"

#define RUN 256 /* elements done together */

/* The rows that contribute to a row of the other side: first, first + step, ..., n of them. */
typedef struct rows {
    int64_t first, step, n;
} rows;

static rows under_window(const fvi_pool_axis *a, int64_t o) {
    int64_t from, to;
    fvi_pool_inside(a, o, &from, &to);
    return (rows){o * a->stride - a->lo + from * a->dilation, a->dilation, to - from};
}

/* 1 / the number of cells that count under window o. */
static double weight_of(const fvi_pool_axis *a, int64_t o, int include_pad) {
    const int64_t n = fvi_pool_counted(a, o, include_pad);
    return n ? 1.0 / (double)n : 0;
}

/* dst[0..n) = weight times the sum of the rows at src. */
FVI_WIDE static void add_rows(const float *restrict src, int64_t inner, const rows *r,
                              double weight, float *restrict dst, int64_t n) {
    double sum[RUN] = {0};
    for (int64_t k = 0; k < r->n; k++) {
        const float *row = src + (r->first + k * r->step) * inner;
        for (int64_t i = 0; i < n; i++) sum[i] += row[i];
    }
    for (int64_t i = 0; i < n; i++) dst[i] = (float)(weight * sum[i]);
}

/* dst[0..n) = the sum of the gradients of the windows that hold input row `at`, each times its
 * weight. */
FVI_WIDE static void add_windows(const float *restrict ddst, int64_t inner, const fvi_pool_axis *a,
                                 int64_t at, int include_pad, float *restrict dst, int64_t n) {
    double sum[RUN] = {0};
    for (int64_t tap = 0; tap < a->kernel; tap++) {
        const int64_t start = at + a->lo - tap * a->dilation, o = start / a->stride;
        if (start < 0 || start % a->stride || o >= a->out) continue;
        const double weight = weight_of(a, o, include_pad);
        const float *row = ddst + o * inner;
        for (int64_t i = 0; i < n; i++) sum[i] += weight * row[i];
    }
    for (int64_t i = 0; i < n; i++) dst[i] = (float)sum[i];
}

/* Runs of a row. */
static int64_t runs_of(int64_t inner) { return (inner + RUN - 1) / RUN; }

static int64_t length(int64_t inner, int64_t from) {
    return inner - from < RUN ? inner - from : RUN;
}

void fvi_average_axis(const fvi_pool_axis *a, int include_pad, int64_t outer, int64_t inner,
                      const float *src, float *dst) {
    const int64_t runs = runs_of(inner);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < outer * a->out * runs; i++) {
        const int64_t row = i / runs, u = row / a->out, o = row % a->out, from = i % runs * RUN;
        const rows r = under_window(a, o);
        add_rows(src + u * a->in * inner + from, inner, &r, weight_of(a, o, include_pad),
                 dst + row * inner + from, length(inner, from));
    }
}

void fvi_average_axis_adjoint(const fvi_pool_axis *a, int include_pad, int64_t outer, int64_t inner,
                              const float *ddst, float *dsrc) {
    const int64_t runs = runs_of(inner);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < outer * a->in * runs; i++) {
        const int64_t row = i / runs, u = row / a->in, at = row % a->in, from = i % runs * RUN;
        add_windows(ddst + u * a->out * inner + from, inner, a, at, include_pad,
                    dsrc + row * inner + from, length(inner, from));
    }
}
