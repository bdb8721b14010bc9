/* SPDX-License-Identifier: Apache-2.0 */
/* pool: from the targets of a batch to responses. A channel's map comes to its highest and
 * lowest value, where they are first met, and its mean, summed in double. A map with a NaN is NaN
 * in all three: it can be ranked nowhere. An objective is one number, and its position that of its
 * neuron, if it is one.
 */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "inspect/dataset/dataset.h"

typedef struct gauge {
    fvi_extent extent; /* of a layer */
    fvi_bound *bound;  /* of an objective */
} gauge;

struct fvi_pool_stats {
    const fv_examples *e;
    gauge *gauges; /* [tables] */
    float **seeds; /* [n_wanted] buffers for unused gradients; NULL if no objective needs them */
};

void fvi_pool_stats_free(fvi_pool_stats *m) {
    if (!m) return;
    for (guint i = 0; m->gauges && i < m->e->tables->len; i++) fvi_bound_free(m->gauges[i].bound);
    for (int i = 0; m->seeds && i < m->e->n_wanted; i++) free(m->seeds[i]);
    free(m->gauges);
    free(m->seeds);
    free(m);
}

/* Binds an objective to the plan's graph, with this table's values as the graph's outputs. */
static fv_status bind(fvi_pool_stats *m, const fvi_layer_table *t, const fvi_graph *g,
                      int64_t samples, fvi_bound **out, fv_error *err) {
    int outputs[FVI_MAX_VALUES];
    fvi_graph view = *g;
    for (int v = 0; v < t->o.n_values; v++) {
        const int target = t->target[v];
        outputs[v] = g->outputs[target];
        if (m->seeds[target]) continue;
        const int64_t count = fvi_shape_count(&g->values[outputs[v]].shape);
        m->seeds[target] = malloc((size_t)MAX(count, 1) * sizeof(float));
        if (!m->seeds[target]) return fvi_fail(err, FV_NOMEM, "no memory for \"%s\"", t->name);
    }
    view.outputs = outputs;
    view.n_outputs = t->o.n_values;
    return fvi_objective_bind(&t->o, &view, samples, NULL, out, err);
}

fv_status fvi_pool_stats_new(const fv_examples *e, fvi_executable *plan, int64_t samples,
                             fvi_pool_stats **out, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(plan);
    fvi_pool_stats *m = calloc(1, sizeof *m);
    if (!m) return fvi_fail(err, FV_NOMEM, "out of memory");
    m->e = e;
    m->gauges = calloc(e->tables->len, sizeof *m->gauges);
    m->seeds = calloc((size_t)e->n_wanted, sizeof *m->seeds);
    fv_status st = m->gauges && m->seeds ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (guint i = 0; i < e->tables->len && !st; i++) {
        const fvi_layer_table *t = e->tables->pdata[i];
        gauge *ga = &m->gauges[i];
        if (!t->active) continue;
        if (!t->is_layer)
            st = bind(m, t, g, samples, &ga->bound, err);
        else
            st = fvi_extent_find(g, g->outputs[t->target[0]], samples, t->name, &ga->extent, NULL,
                                 err);
        if (!st && t->is_layer && ga->extent.channels != t->units)
            st = fvi_fail(err, FV_SHAPE, "layer \"%s\" has %lld units at this size, not %d",
                          t->name, (long long)ga->extent.channels, t->units);
    }
    if (st)
        fvi_pool_stats_free(m);
    else
        *out = m;
    return st;
}

/* Measures channel c of sample n. */
static fvi_response response_of(const fvi_extent *l, const float *x, int64_t n, int64_t c) {
    const int64_t positions = fvi_extent_positions(l);
    const int plane = l->outer == 1 && l->run == fvi_extent_count(l);
    const float *map = plane ? x + fvi_extent_at(l, n, c, 0) : NULL;
    fvi_response a = {-INFINITY, INFINITY, 0, 0, 0};
    double sum = 0;
    for (int64_t p = 0; p < positions; p++) {
        const float v = plane ? map[p] : x[fvi_extent_at(l, n, c, p)];
        sum += v;
        if (v > a.max) {
            a.max = v;
            a.at_max = (uint32_t)p;
        }
        if (v < a.min) {
            a.min = v;
            a.at_min = (uint32_t)p;
        }
    }
    a.mean = (float)(sum / (double)positions);
    if (isnan(sum)) a.max = a.min = a.mean;
    if (positions == 1) a.at_max = a.at_min = FVI_NOWHERE;
    return a;
}

/* An objective of sample n. */
static fv_status evaluate(fvi_pool_stats *m, const fvi_layer_table *t, const fvi_bound *bound,
                          fvi_executable *plan, int64_t n, fvi_response *out, fv_error *err) {
    const float *targets[FVI_MAX_VALUES];
    float *seeds[FVI_MAX_VALUES];
    for (int v = 0; v < t->o.n_values; v++) {
        fv_status st = fvi_executable_view_target(plan, t->target[v], &targets[v], err);
        if (st) return st;
        seeds[v] = m->seeds[t->target[v]];
    }
    const float value = (float)fvi_bound_evaluate(bound, n, targets, seeds);
    const int64_t p = bound->n_terms == 1 ? bound->terms[0].position : -1;
    const uint32_t at = p < 0 || !t->n_axes ? FVI_NOWHERE : (uint32_t)p;
    *out = (fvi_response){value, value, value, at, at};
    return FV_OK;
}

fv_status fvi_pool_stats_read(fvi_pool_stats *m, fvi_executable *plan, int table, int64_t n,
                              fvi_response *out, fv_error *err) {
    const fvi_layer_table *t = m->e->tables->pdata[table];
    const gauge *ga = &m->gauges[table];
    if (!t->is_layer) return evaluate(m, t, ga->bound, plan, n, out, err);
    const float *x = NULL;
    fv_status st = fvi_executable_view_target(plan, t->target[0], &x, err);
    if (st) return st;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < t->units; c++) out[c] = response_of(&ga->extent, x, n, c);
    return FV_OK;
}
