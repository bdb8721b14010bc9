/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's filters as vectors: how long they are, which are dead, which are the same.
 *
 * Dead: a norm of at most DEAD times the largest. What training left untouched, or decay has worn
 * away, is orders of magnitude below that; a filter that only is weak is not.
 * Duplicate: a cosine of at least SAME with an earlier filter that is itself no duplicate, so that
 * a family of k filters gives k-1 pairs. For unit vectors |u - v|^2 = 2 (1 - u.v): the sum is given
 * up as soon as it exceeds that of SAME, which for unlike filters is after a few numbers.
 * What it does not do: look for filters that are each other's negative.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/model_state.h"

#define DEAD     1e-3
#define SAME     0.999
#define LEAST    4  /* numbers a filter must have for likeness to say something */
#define INTERVAL 16 /* numbers between two checks of the sum */

void fv_filter_stats_free(fv_filter_stats *f) {
    if (!f) return;
    free(f->norm);
    free(f->dead);
    free(f->not_finite);
    free(f->pairs);
    free(f);
}

static int compare_numbers(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Norms, and their least, middle and largest. */
static fv_status measure_norms(const float *w, int64_t per, fv_filter_stats *f, fv_error *err) {
    double *sorted = calloc((size_t)f->count, sizeof *sorted);
    int n = 0; /* finite ones */
    if (!sorted) return fvi_fail(err, FV_NOMEM, "no memory for %d filters", f->count);
    for (int i = 0; i < f->count; i++) {
        double sum = 0;
        for (int64_t k = 0; k < per; k++) sum += (double)w[i * per + k] * w[i * per + k];
        f->norm[i] = sqrt(sum);
        if (isfinite(sum))
            sorted[n++] = f->norm[i];
        else
            f->not_finite[f->n_not_finite++] = i;
    }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_numbers);
    f->norm_min = n ? sorted[0] : NAN;
    f->norm_max = n ? sorted[n - 1] : NAN;
    f->norm_median = n ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : NAN;
    free(sorted);
    return FV_OK;
}

/* The filters' numbers divided by their norms; dead ones become zero. */
static void make_units(const fv_filter_stats *f, float *w, int64_t per) {
    for (int i = 0; i < f->count; i++) {
        const double scale = f->norm[i] > f->dead_norm ? 1 / f->norm[i] : 0;
        for (int64_t k = 0; k < per; k++) w[i * per + k] = (float)(w[i * per + k] * scale);
    }
}

/* |u - v|^2, or something above `most`. */
static double distance(const float *u, const float *v, int64_t n, double most) {
    double sum = 0;
    for (int64_t at = 0; at < n && sum <= most; at += INTERVAL) {
        const int64_t end = MIN(at + INTERVAL, n);
        for (int64_t k = at; k < end; k++) sum += ((double)u[k] - v[k]) * ((double)u[k] - v[k]);
    }
    return sum;
}

/* u: [count][per] unit vectors */
static fv_status find_pairs(const float *u, int64_t per, fv_filter_stats *f, fv_error *err) {
    const double most = 2 * (1 - SAME);
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(fv_filter_pair));
    int *first = calloc((size_t)f->count, sizeof *first), n = 0; /* those that are like no other */
    for (int i = 0; first && i < f->count; i++) {
        fv_filter_pair pair = {.filter = i, .like = -1};
        if (!(f->norm[i] > f->dead_norm) || !isfinite(f->norm[i])) continue;
        for (int k = 0; k < n && pair.like < 0; k++) {
            const double d = distance(u + i * per, u + first[k] * per, per, most);
            if (!(d <= most)) continue;
            pair.like = first[k];
            pair.cosine = 1 - d / 2;
        }
        if (pair.like >= 0)
            g_array_append_val(pairs, pair);
        else
            first[n++] = i;
    }
    fv_status st = first ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for %d filters", f->count);
    free(first);
    f->n_pairs = (int)pairs->len;
    f->pairs = st ? NULL : malloc(MAX(pairs->len, 1) * sizeof *f->pairs);
    if (!st && !f->pairs) st = fvi_fail(err, FV_NOMEM, "no memory for %d pairs", f->n_pairs);
    if (!st && pairs->len) memcpy(f->pairs, pairs->data, pairs->len * sizeof *f->pairs);
    g_array_free(pairs, TRUE);
    return st;
}

static fv_status measure(fv_tensor *w, fv_filter_stats *f, fv_error *err) {
    const int64_t per = fv_tensor_count(w) / w->dim[0];
    f->count = (int)w->dim[0];
    f->norm = calloc((size_t)f->count, sizeof *f->norm);
    f->dead = calloc((size_t)f->count, sizeof *f->dead);
    f->not_finite = calloc((size_t)f->count, sizeof *f->not_finite);
    if (!f->norm || !f->dead || !f->not_finite)
        return fvi_fail(err, FV_NOMEM, "no memory for %d filters", f->count);
    fv_status st = measure_norms(w->data, per, f, err);
    if (st) return st;
    f->dead_norm = DEAD * f->norm_max;
    f->pair_cosine = SAME;
    for (int i = 0; i < f->count; i++)
        if (f->norm[i] <= f->dead_norm) f->dead[f->n_dead++] = i;
    if (per < LEAST) return FV_OK;
    make_units(f, w->data, per);
    return find_pairs(w->data, per, f, err);
}

fv_status fv_filters_measure(const fv_model *model, int layer, fv_filter_stats **out,
                             fv_error *err) {
    fv_tensor *w = NULL;
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (!st) st = fv_model_weights(model, layer, &w, NULL, err);
    if (st) return st;
    const fvi_kind kind = fvi_network_graph(model->network)->nodes[layer].kind;
    fv_filter_stats *f = NULL;
    if ((kind != FVI_CONV && kind != FVI_CONV_TRANSPOSE && kind != FVI_MATMUL) || w->ndim < 2 ||
        w->dim[0] > G_MAXINT)
        st = fvi_fail(err, FV_SHAPE, "%s: layer \"%s\" (%s) has no filters", fv_model_name(model),
                      fv_model_layer(model, layer)->name, fv_model_layer(model, layer)->kind);
    if (!st && !(f = calloc(1, sizeof *f))) st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = measure(w, f, err);
    fv_tensor_free(w);
    if (st)
        fv_filter_stats_free(f);
    else
        *out = f;
    return st;
}
