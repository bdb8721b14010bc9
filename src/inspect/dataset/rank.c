/* SPDX-License-Identifier: Apache-2.0 */
/* rank: the responses of one unit on all photos: the highest, the lowest, their distribution; and
 * the response of the same unit on another picture.
 *
 * A percentile q of n sorted values is the value at index q (n - 1), interpolated between
 * neighbours (numpy's default).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "inspect/dataset/dataset.h"

static fv_status check(const fv_examples *e, int unit, fv_score by, fv_error *err) {
    if (unit < 0 || unit >= (int)e->units->len)
        return fvi_fail(err, FV_ARG, "examples: unit %d; there are 0..%d", unit,
                        (int)e->units->len - 1);
    if (by < 0 || by > FV_SCORE_MEAN)
        return fvi_fail(err, FV_ARG, "examples: by is %d; allowed: max and mean", (int)by);
    return FV_OK;
}

static const fvi_unit_request *unit_of(const fv_examples *e, int unit) {
    return &g_array_index(e->units, fvi_unit_request, unit);
}

/* Loads the responses of a unit into e->responses, in the order of the photos. */
static fv_status load(fv_examples *e, int unit, fv_error *err) {
    if (e->loaded == unit) return FV_OK;
    const fvi_unit_request *request = unit_of(e, unit);
    const fvi_layer_table *t = e->tables->pdata[request->table];
    const int64_t rows = fvi_index_rows(t->index);
    fvi_response *all = malloc((size_t)MAX(rows, 1) * sizeof *all);
    if (!all)
        return fvi_fail(err, FV_NOMEM, "no memory for the responses to %lld photos",
                        (long long)rows);
    e->loaded = -1;
    fv_status st = fvi_index_read(t->index, request->channel, all, err);
    if (!st) {
        e->responses = g_renew(fvi_response, e->responses, e->photos->len);
        for (guint i = 0; i < e->photos->len; i++) e->responses[i] = all[t->row[i]];
        e->loaded = unit;
    }
    free(all);
    return st;
}

static float value_of(const fvi_response *a, fv_score by, int lowest) {
    return by == FV_SCORE_MEAN ? a->mean : lowest ? a->min : a->max;
}

/* ---- the highest and the lowest ------------------------------------------------------------- */

fv_status fv_examples_find(fv_examples *e, int unit, fv_score by, int lowest, fv_example *out,
                           int *count, fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "examples, out, count", e, out, count);
    if (!st) st = check(e, unit, by, err);
    if (!st && *count < 1)
        st = fvi_fail(err, FV_ARG, "examples: %d are wanted; at least one can be found", *count);
    if (!st) st = load(e, unit, err);
    if (st) return st;
    int have = 0;
    for (int i = 0; i < (int)e->photos->len; i++) {
        const float v = value_of(&e->responses[i], by, lowest);
        int at = have;
        if (isnan(v)) continue;
        while (at > 0 && (lowest ? v < out[at - 1].value : v > out[at - 1].value)) at--;
        if (at >= *count) continue;
        if (have < *count) have++;
        memmove(out + at + 1, out + at, (size_t)(have - 1 - at) * sizeof *out);
        out[at] = (fv_example){.photo = i, .value = v, .unit = unit, .lowest = lowest != 0};
    }
    const fvi_layer_table *t = e->tables->pdata[unit_of(e, unit)->table];
    for (int i = 0; i < have; i++) {
        const fvi_response *a = &e->responses[out[i].photo];
        fvi_example_locate(e, t, lowest ? a->at_min : a->at_max, &out[i]);
    }
    *count = have;
    return FV_OK;
}

fv_status fv_examples_values(fv_examples *e, int unit, fv_score by, int lowest, float *out,
                             fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "examples, out", e, out);
    if (!st) st = check(e, unit, by, err);
    if (!st) st = load(e, unit, err);
    for (guint i = 0; !st && i < e->photos->len; i++)
        out[i] = value_of(&e->responses[i], by, lowest);
    return st;
}

/* ---- their distribution --------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double percentile(const float *sorted, int n, double q) {
    const double at = q * (n - 1), part = at - floor(at);
    const int i = (int)floor(at);
    if (part <= 0 || i + 1 >= n) return sorted[i];
    return (1 - part) * sorted[i] + part * sorted[i + 1];
}

fv_status fv_examples_distribution(fv_examples *e, int unit, fv_score by, int lowest,
                                   fv_distribution *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "examples, out", e, out);
    if (!st) st = check(e, unit, by, err);
    float *v = st ? NULL : malloc(e->photos->len * sizeof *v);
    if (!st && !v) st = fvi_fail(err, FV_NOMEM, "no memory for %u values", e->photos->len);
    if (!st) st = fv_examples_values(e, unit, by, lowest, v, err);
    int n = 0;
    double sum = 0;
    for (guint i = 0; !st && i < e->photos->len; i++) {
        if (isnan(v[i])) continue;
        sum += v[i];
        v[n++] = v[i];
    }
    if (!st && !n)
        st = fvi_fail(err, FV_FORMAT, "\"%s\" is a number on none of the %u photos",
                      unit_of(e, unit)->name, e->photos->len);
    if (!st) {
        qsort(v, (size_t)n, sizeof *v, compare);
        *out = (fv_distribution){.count = n,
                                 .minimum = v[0],
                                 .median = percentile(v, n, 0.5),
                                 .mean = sum / n,
                                 .percentile_99_9 = percentile(v, n, 0.999),
                                 .maximum = v[n - 1]};
    }
    free(v);
    return st;
}

/* ---- a picture of one's own ----------------------------------------------------------------- */

/* The response of a unit to a plan's only sample. */
static fv_status read_one(const fv_examples *e, const fvi_unit_request *request,
                          fvi_executable *plan, fvi_response *out, fv_error *err) {
    const fvi_layer_table *t = e->tables->pdata[request->table];
    fvi_pool_stats *pool = NULL;
    fvi_response *all = malloc((size_t)t->units * sizeof *all);
    fv_status st = all ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for %d units", t->units);
    if (!st) st = fvi_pool_stats_new(e, plan, 1, &pool, err);
    if (!st) {
        st = fvi_pool_stats_read(pool, plan, request->table, 0, all, err);
        if (!st) *out = all[request->channel];
    }
    fvi_pool_stats_free(pool);
    free(all);
    return st;
}

fv_status fv_examples_measure(fv_examples *e, int unit, fv_score by, int lowest,
                              const fv_tensor *input, double *value, fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "examples, input, value", e, input, value);
    if (!st) st = check(e, unit, by, err);
    fv_tensor view;
    if (!st) st = fvi_session_check_input(e->session, input, &view, err);
    if (!st && view.dim[0] != 1)
        st = fvi_fail(err, FV_SHAPE, "examples: %lld inputs; one is measured at a time",
                      (long long)view.dim[0]);
    if (st) return st;
    FVI_USE_THREADS(e->session);
    const fvi_unit_request *request = unit_of(e, unit);
    for (int i = 0; i < (int)e->tables->len; i++)
        ((fvi_layer_table *)e->tables->pdata[i])->active = i == request->table;
    fvi_examples_collect_values(e);
    fvi_shape shape = fvi_tensor_shape(&view);
    fvi_executable *plan = NULL;
    int64_t samples = 0;
    fvi_response response = {0};
    st = fvi_session_plan(e->session, &(fvi_plan_key){shape, e->wanted, e->n_wanted, 0}, &plan,
                          &samples, err);
    if (st) return st;
    st = fvi_session_piece(e->session, 0, 1, err);
    if (!st) st = fvi_session_forward(e->session, plan, view.data, err);
    if (!st) st = read_one(e, request, plan, &response, err);
    if (st) return st;
    fvi_session_done(e->session, 1);
    *value = (double)value_of(&response, by, lowest);
    return FV_OK;
}
