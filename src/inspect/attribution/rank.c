/* SPDX-License-Identifier: Apache-2.0 */
/* rank: numbers put in order. Spearman's correlation is Pearson's of the ranks; numbers that are
 * equal share the mean of their ranks. NaN counts as less than everything.
 */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "inspect/attribution/rank.h"

typedef struct item {
    float value;
    int64_t at;
} item;

static int largest_first(const void *p, const void *q) {
    const item *a = p, *b = q;
    const int nan_a = isnan(a->value), nan_b = isnan(b->value);
    if (nan_a || nan_b) {
        if (nan_a != nan_b) return nan_a - nan_b;
    } else if (a->value != b->value) {
        return a->value < b->value ? 1 : -1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Sorted, largest first; NULL: no memory. */
static item *sorted(const float *x, int64_t n) {
    item *list = malloc((size_t)(n > 0 ? n : 1) * sizeof *list);
    if (!list) return NULL;
    for (int64_t i = 0; i < n; i++) list[i] = (item){x[i], i};
    qsort(list, (size_t)n, sizeof *list, largest_first);
    return list;
}

fv_status fvi_order_pixels(const float *map, int64_t n, int64_t **out, fv_error *err) {
    item *list = sorted(map, n);
    int64_t *order = malloc((size_t)(n > 0 ? n : 1) * sizeof *order);
    if (!list || !order) {
        free(list);
        free(order);
        return fvi_fail(err, FV_NOMEM, "out of memory");
    }
    for (int64_t i = 0; i < n; i++) order[i] = list[i].at;
    free(list);
    *out = order;
    return FV_OK;
}

/* Ranks 0..n-1, of the largest first. */
static fv_status ranks(const float *x, int64_t n, double *out, fv_error *err) {
    item *list = sorted(x, n);
    if (!list) return fvi_fail(err, FV_NOMEM, "out of memory");
    for (int64_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && list[to].value == list[from].value; to++) {}
        for (int64_t i = from; i < to; i++) out[list[i].at] = 0.5 * (double)(from + to - 1);
    }
    free(list);
    return FV_OK;
}

static double correlation(const double *a, const double *b, int64_t n) {
    double aa = 0, bb = 0, ab = 0, mean = 0.5 * (double)(n - 1); /* of ranks, also with ties */
    for (int64_t i = 0; i < n; i++) {
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
        ab += (a[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

fv_status fvi_rank_correlation(const float *a, const float *b, int64_t n, double *out,
                               fv_error *err) {
    double *x = malloc((size_t)(n > 0 ? n : 1) * sizeof *x);
    double *y = malloc((size_t)(n > 0 ? n : 1) * sizeof *y);
    fv_status st = x && y ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    int finite = 1;
    for (int64_t i = 0; i < n; i++) finite &= isfinite(a[i]) && isfinite(b[i]);
    if (!st) st = ranks(a, n, x, err);
    if (!st) st = ranks(b, n, y, err);
    if (!st) *out = finite ? correlation(x, y, n) : NAN;
    free(x);
    free(y);
    return st;
}
