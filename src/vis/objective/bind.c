/* SPDX-License-Identifier: Apache-2.0 */
/* bind: an objective tied to the values of a batch, and the sum of its terms for a sample. What
 * each term computes is its kind's (terms/).
 */
#include "vis/objective/bind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vis/objective/spelling.h"
#include "vis/objective/subset.h"

/* ---- positions ------------------------------------------------------------------------------ */

/* One axis of positions of a sample: its length for the whole picture, how many of its positions
 * are before the crop's first, its length in the crop. */
typedef struct position_axis {
    int64_t size, before, here;
} position_axis;

/* The position axes of a value of the crop; NULL: of the whole. Returns how many. */
static int position_axes(const fvi_sample_axes *sample, const fvi_crop_axis *crop,
                         position_axis *out) {
    int axis[FVI_MAX_DIMS];
    const int n = fvi_position_axes(sample, axis);
    for (int i = 0; i < n; i++) {
        const int64_t here = sample->shape.dim[axis[i]];
        out[i] = (position_axis){here, 0, here};
        for (int d = 0; crop && d < 2; d++)
            if (crop[d].axis == axis[i])
                out[i] = (position_axis){crop[d].size, crop[d].before, here};
    }
    return n;
}

/* Turns coordinates into an index over the position axes; -1 if one is outside. */
static int64_t position_index(const fvi_term *t, const position_axis *axis, int n) {
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        const int64_t there = fvi_term_coordinate(t, i, axis[i].size);
        if (there < 0) return -1;
        at = at * axis[i].here + there - axis[i].before;
    }
    return at;
}

static fv_status bind_position(const fvi_objective *o, const fvi_term *t, const position_axis *axis,
                               int n, int64_t *position, fv_error *err) {
    if (t->n_position != FVI_CENTRE && n != t->n_position)
        return fvi_fail(err, FV_ARG, "\"%s\" has %d coordinates a position; %d were given",
                        o->layers[t->value], n, t->n_position);
    *position = position_index(t, axis, n);
    if (*position >= 0) return FV_OK;
    const fvi_objective shown = fvi_shown(o);
    GString *allowed = g_string_new(NULL), *name = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(allowed, "%s0..%" PRId64, i ? ", " : "", axis[i].size - 1);
    fvi_append_term(name, &shown, t, 1);
    fv_status st = fvi_fail(err, FV_NOTFOUND, "\"%.200s\" does not exist; positions are %s",
                            name->str, allowed->str);
    g_string_free(allowed, TRUE);
    g_string_free(name, TRUE);
    return st;
}

/* ---- binding -------------------------------------------------------------------------------- */

static fv_status find_position(const fvi_bound *b, const fvi_graph *g, const fvi_crop_axis *crop,
                               const fvi_term *t, int64_t *position, fv_error *err) {
    const fvi_objective *o = b->objective;
    fvi_extent unused;
    fvi_sample_axes sample = {0};
    fv_status st = fvi_extent_find(g, g->outputs[t->value], b->samples, o->layers[t->value],
                                   &unused, &sample, err);
    if (st) return st;
    position_axis axis[FVI_MAX_DIMS];
    const int n = position_axes(&sample, crop, axis);
    return bind_position(o, t, axis, n, position, err);
}

/* As a term of this graph. The reduction of a bare LAYER:C is meant for maps: where a channel is
 * one number (logits, vectors, one neuron), it is that number. */
static fv_status bind_term(fvi_bound *b, const fvi_graph *g, const fvi_crop_axis *crop,
                           const fvi_term *t, fv_error *err) {
    fvi_bound_term *bound = &b->terms[b->n_terms++];
    *bound = (fvi_bound_term){.term = t, .kind = t->kind, .position = -1};
    fv_status st = t->n_position ? find_position(b, g, crop, t, &bound->position, err) : FV_OK;
    if (t->bare && t->channel >= 0 && fvi_extent_positions(&b->layout[t->value]) == 1)
        bound->kind = &fvi_term_channel;
    return st;
}

fv_status fvi_objective_locate(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                               const fvi_crop_axis (*crop)[2], fvi_bound **out, fv_error *err) {
    fv_status st = FV_OK;
    if (o->n_values > g->n_outputs)
        return fvi_fail(err, FV_SHAPE, "the objective looks at %d values; the graph gives %d",
                        o->n_values, g->n_outputs);
    fvi_bound *b = calloc(1, sizeof *b);
    if (!b) return fvi_fail(err, FV_NOMEM, "no memory for an objective");
    b->objective = o;
    b->samples = samples;
    for (int v = 0; v < o->n_values && !st; v++)
        st = fvi_extent_find(g, g->outputs[v], samples, o->layers[v], &b->layout[v], NULL, err);
    for (int i = 0; i < o->n_terms && !st; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->value < 0) continue;
        st = fvi_term_check(o, t, b->layout, err);
        if (!st) st = bind_term(b, g, crop ? crop[t->value] : NULL, t, err);
    }
    if (st) {
        fvi_bound_free(b);
        return st;
    }
    *out = b;
    return FV_OK;
}

fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                             const fvi_crop_axis (*crop)[2], fvi_bound **out, fv_error *err) {
    fvi_bound *b = NULL;
    fv_status st = fvi_objective_locate(o, g, samples, crop, &b, err);
    for (int i = 0; !st && i < b->n_terms; i++) {
        fvi_bound_term *t = &b->terms[i];
        if (t->term->kind->bind) st = t->term->kind->bind(b, t, err);
    }
    if (st)
        fvi_bound_free(b);
    else
        *out = b;
    return st;
}

void fvi_bound_free(fvi_bound *b) {
    if (!b) return;
    for (int i = 0; i < FVI_MAX_TERMS; i++) {
        float **reference = b->terms[i].reference;
        for (int64_t n = 0; reference && n < b->samples; n++) free(reference[n]);
        free(reference);
        if (b->terms[i].emitted) b->terms[i].kind->drop(&b->terms[i]);
    }
    free(b);
}

fv_status fvi_bound_remember(fvi_bound *b, int64_t n, const float *const *targets, fv_error *err) {
    for (int i = 0; i < b->n_terms; i++) {
        const fvi_bound_term *t = &b->terms[i];
        const fvi_extent *l = &b->layout[t->term->value];
        const float *x = targets[t->term->value];
        if (!t->reference) continue;
        const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
        if (!t->reference[n]) t->reference[n] = malloc((size_t)p.count * sizeof(float));
        if (!t->reference[n])
            return fvi_fail(err, FV_NOMEM, "no memory for a photo's activations at \"%s\"",
                            b->objective->layers[t->term->value]);
        for (int64_t e = 0; e < p.count; e++) t->reference[n][e] = x[fvi_subset_at(&p, e)];
    }
    return FV_OK;
}

/* ---- evaluating ----------------------------------------------------------------------------- */

static void clear_sample(const fvi_extent *l, int64_t n, float *seed) {
    int64_t count = fvi_extent_count(l);
    for (int64_t i = 0; i < count; i += l->run)
        memset(seed + fvi_extent_offset(l, n, i), 0, (size_t)l->run * sizeof *seed);
}

double fvi_bound_evaluate(const fvi_bound *b, int64_t n, const float *const *targets,
                          float *const *seeds) {
    double sum = 0;
    for (int v = 0; v < b->objective->n_values; v++) clear_sample(&b->layout[v], n, seeds[v]);
    for (int i = 0; i < b->n_terms; i++) {
        const fvi_bound_term *t = &b->terms[i];
        const int v = t->term->value;
        if (t->kind->value)
            sum += t->term->weight * t->kind->value(&b->layout[v], n, t, targets[v], seeds[v]);
    }
    return sum;
}

fv_status fvi_bound_evaluate_joint(const fvi_bound *b, const fvi_group_call *c, fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; !st && i < b->n_terms; i++) {
        const fvi_bound_term *t = &b->terms[i];
        if (t->kind->group) st = t->kind->group(b, t, c, err);
    }
    return st;
}

double fvi_objective_picture(const fvi_objective *o, const float *p, const float *start,
                             int channels, int h, int w, float *dp) {
    double sum = 0;
    const fvi_picture_view v = {p, start, channels, h, w, (int64_t)channels * h * w, dp};
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->kind->picture) sum += t->weight * t->kind->picture(t, &v);
    }
    return sum;
}

void fvi_objective_pictures(const fvi_objective *o, const float *const *p, int count, int64_t size,
                            float *const *dp, double *values) {
    for (int k = 0; k < o->n_terms; k++) {
        const fvi_term *t = &o->terms[k];
        if (t->kind->pictures) t->kind->pictures(t, p, count, size, dp, values);
    }
}

/* ---- what an objective depends on ----------------------------------------------------------- */

/* The part of value v that a term is computed from, at the model's own input size. */
static fvi_region region_of(const fvi_graph *g, const fvi_objective *o, const fvi_term *t, int v) {
    fvi_region r = fvi_region_whole(&g->values[v].shape);
    fvi_extent extent;
    fvi_sample_axes sample;
    int axis[FVI_MAX_DIMS];
    if (t->kind != &fvi_term_channel || t->channel < 0) return r;
    if (fvi_extent_find(g, v, 1, o->values[t->value], &extent, &sample, NULL)) return r;
    if (t->channel >= extent.channels) return r;
    r.lo[sample.channel] = t->channel;
    r.hi[sample.channel] = t->channel + 1;
    const int n = fvi_position_axes(&sample, axis);
    for (int i = 0; (t->n_position == n || t->n_position == FVI_CENTRE) && i < n; i++) {
        const int64_t at = fvi_term_coordinate(t, i, sample.shape.dim[axis[i]]);
        if (at >= 0) r.lo[axis[i]] = at, r.hi[axis[i]] = at + 1;
    }
    return r;
}

fv_status fvi_objective_regions(const fvi_graph *g, const fvi_objective *o, fvi_region **out,
                                fv_error *err) {
    fvi_region *regions = calloc((size_t)g->n_values + 1, sizeof *regions);
    if (!regions) return fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        const int values[2] = {t->value, t->layer2 ? t->value2 : -1};
        for (int k = 0; k < 2; k++) {
            const int v = values[k] < 0 ? -1 : fvi_graph_find(g, o->values[values[k]]);
            if (v < 0) continue;
            const fvi_region r = region_of(g, o, t, v);
            fvi_region_join(&regions[v], &r, g->values[v].shape.ndim);
        }
    }
    fvi_graph_regions(g, regions);
    *out = regions;
    return FV_OK;
}
