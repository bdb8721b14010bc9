/* SPDX-License-Identifier: Apache-2.0 */
/* term: an objective tied to the values of a batch, and the sum of its terms for a sample.
 *
 * Where a value keeps its channels, and where a batch its samples, is asked of the graph
 * (graph/channel_axis.c, graph/batch.c). What each term computes stands in terms_sample.c and
 * terms_group.c.
 */
#include "vis/objective/bind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/batch.h"
#include "graph/channel_axis.h"
#include "vis/render/receptive_crop.h"

/* ---- where things lie ----------------------------------------------------------------------- */

/* Where the samples lie. A graph the analysis gives up on (files that flatten a batch and gather
 * from it by computed indices) is taken at its word if the value's first axis is as long as the
 * batch. */
static fv_status find_samples(const fvi_graph *g, int v, int64_t samples, int *axis, int64_t *outer,
                              fv_error *err) {
    const fvi_shape *s = &g->values[v].shape;
    fv_status st = fvi_graph_batch_axis(g, samples, v, axis, outer, err);
    if (st != FV_UNSUPPORTED || s->ndim < 1 || s->dim[0] != samples) return st;
    *axis = 0;
    *outer = 1;
    return FV_OK;
}

fv_status fvi_extent_find(const fvi_graph *g, int v, int64_t samples, const char *name,
                          fvi_extent *out, int *channel_axis, int *batch_axis, fvi_shape *sample,
                          fv_error *err) {
    fvi_shape s = g->values[v].shape; /* becomes that of one sample */
    int axis = fvi_graph_channel_axis(g, v), batch;
    int64_t outer;
    fv_status st = find_samples(g, v, samples, &batch, &outer, err);
    if (st) return st;
    if (s.ndim > 0) s.dim[batch] /= samples;
    if (axis == batch && s.ndim > 1 && s.dim[axis] == 1) axis = s.ndim - 1;
    int64_t count = fvi_shape_count(&s), before = fvi_shape_product(&s, 0, batch) * outer;
    if (count < 1) return fvi_fail(err, FV_SHAPE, "\"%s\" has no elements", name);
    out->samples = samples;
    out->run = before > 0 ? count / before : count;
    out->channels = s.ndim ? s.dim[axis] : 1;
    out->outer = fvi_shape_product(&s, 0, axis);
    out->inner = count / (out->outer * out->channels);
    if (channel_axis) *channel_axis = axis;
    if (batch_axis) *batch_axis = batch;
    if (sample) *sample = s;
    return FV_OK;
}

static fv_status check_channel(const char *name, const fvi_extent *l, int64_t channel,
                               fv_error *err) {
    if (channel < l->channels) return FV_OK;
    return fvi_fail(err, FV_NOTFOUND,
                    "layer \"%s\" has %" PRId64 " channels; %" PRId64 " does not exist (0..%" PRId64
                    ")",
                    name, l->channels, channel, l->channels - 1);
}

fv_status fvi_term_check(const fvi_objective *o, const fvi_term *t, const fvi_extent *layouts,
                         fv_error *err) {
    if (t->value < 0) return FV_OK;
    const fvi_extent *l = &layouts[t->value];
    fv_status st = check_channel(o->values[t->value], l, t->channel, err);
    if (!st && t->kind == FVI_TERM_INTERPOLATE)
        st = check_channel(o->values[t->value2], &layouts[t->value2], t->channel2, err);
    if (st || t->kind != FVI_TERM_DIRECTION) return st;
    int64_t count = fv_tensor_count(t->vector);
    if (count == l->channels) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "%s: %" PRId64 " numbers; a direction in \"%s\" has %" PRId64
                    ", one for each channel",
                    t->file, count, o->values[t->value], l->channels);
}

/* One position axis of a sample: how long it is for the whole picture, how many of its places lie
 * before the part the graph is run on, how long it is there. */
typedef struct place_axis {
    int64_t size, before, here;
} place_axis;

int fvi_position_axes(const fvi_shape *sample, int channel_axis, int batch_axis,
                      int axis[FVI_MAX_DIMS]) {
    int n = 0;
    for (int i = 0; i < sample->ndim; i++)
        if (i != channel_axis && (i != batch_axis || sample->dim[i] > 1)) axis[n++] = i;
    return n;
}

/* The position axes of a value of the part, or of the whole where that is NULL. Returns how many.
 */
static int place_axes(const fvi_shape *sample, int channel_axis, int batch_axis,
                      const fvi_receptive_crop_axis *part, place_axis *out) {
    int axis[FVI_MAX_DIMS];
    const int n = fvi_position_axes(sample, channel_axis, batch_axis, axis);
    for (int i = 0; i < n; i++) {
        const int64_t here = sample->dim[axis[i]];
        out[i] = (place_axis){here, 0, here};
        for (int d = 0; part && d < 2; d++)
            if (part[d].axis == axis[i]) out[i] = (place_axis){part[d].size, part[d].before, here};
    }
    return n;
}

/* Turns coordinates into an index over the position axes; -1 if one is outside. */
static int64_t position_index(const fvi_term *t, const place_axis *axis, int n) {
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        const int64_t there = fvi_term_coordinate(t, i, axis[i].size);
        if (there < 0) return -1;
        at = at * axis[i].here + there - axis[i].before;
    }
    return at;
}

static fv_status bind_position(const fvi_objective *o, const fvi_term *t, const place_axis *axis,
                               int n, int64_t *position, fv_error *err) {
    if (t->n_position != FVI_CENTRE && n != t->n_position)
        return fvi_fail(err, FV_ARG, "\"%s\" has %d coordinates a position; %d were given",
                        o->values[t->value], n, t->n_position);
    *position = position_index(t, axis, n);
    if (*position >= 0) return FV_OK;
    GString *allowed = g_string_new(NULL), *name = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(allowed, "%s0..%" PRId64, i ? ", " : "", axis[i].size - 1);
    fvi_term_text(o, t, 1, name);
    fv_status st = fvi_fail(err, FV_NOTFOUND, "\"%.200s\" does not exist; positions are %s",
                            name->str, allowed->str);
    g_string_free(allowed, TRUE);
    g_string_free(name, TRUE);
    return st;
}

/* ---- binding -------------------------------------------------------------------------------- */

static fv_status bind_diversity(fvi_bound *b, int i, const fvi_extent *l, fv_error *err) {
    int64_t size = fvi_diversity_size(l), all = -1;
    const char *name = b->objective->values[b->terms[i].term->value];
    if (size < 0 || fvi_mul(size, b->samples, &all) || all > FVI_MAX_ELEMENTS / 4)
        return fvi_fail(err, FV_NOMEM,
                        "diversity of \"%s\", %" PRId64
                        " channels, takes more than 2 GiB for %" PRId64
                        " pictures; a layer with fewer channels or positions is needed",
                        name, l->channels, b->samples);
    b->work[i] = malloc((size_t)all * sizeof(float));
    b->product[i] = malloc((size_t)(b->samples * b->samples) * sizeof(double));
    if (b->work[i] && b->product[i]) return FV_OK;
    return fvi_fail(err, FV_NOMEM, "no memory for the diversity of \"%s\"", name);
}

/* As a term of this graph. The reading of a bare LAYER:C is meant for maps: where a channel is one
 * number (logits, vectors, one neuron), it is that number. */
static fv_status bind_term(fvi_bound *b, const fvi_graph *g, const fvi_receptive_crop *part,
                           const fvi_term *t, fv_error *err) {
    const fvi_objective *o = b->objective;
    fvi_bound_term *bound = &b->terms[b->n_terms];
    const fvi_extent *l = &b->layout[t->value];
    *bound = (fvi_bound_term){t, t->kind, -1, NULL};
    fv_status st = FV_OK;
    if (t->n_position) {
        fvi_extent again;
        fvi_shape sample = {0};
        int channel_axis = 0, batch_axis = 0;
        st = fvi_extent_find(g, g->outputs[t->value], b->samples, o->values[t->value], &again,
                             &channel_axis, &batch_axis, &sample, err);
        place_axis axis[FVI_MAX_DIMS];
        if (!st) {
            const fvi_receptive_crop_axis *seen =
                part && part->n_values ? part->value[t->value] : NULL;
            int n = place_axes(&sample, channel_axis, batch_axis, seen, axis);
            st = bind_position(o, t, axis, n, &bound->position, err);
        }
    }
    if (t->bare && t->channel >= 0 && fvi_extent_positions(l) == 1) bound->kind = FVI_TERM_CHANNEL;
    if (!st && t->kind == FVI_TERM_DIVERSITY) st = bind_diversity(b, b->n_terms, l, err);
    if (!st && fvi_term_has_photo(t)) {
        bound->reference = calloc((size_t)b->samples, sizeof(float *));
        if (!bound->reference) st = fvi_fail(err, FV_NOMEM, "no memory for an objective");
    }
    b->n_terms++;
    return st;
}

fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                             fvi_bound **out, fv_error *err) {
    return fvi_objective_bind_part(o, g, samples, NULL, out, err);
}

fv_status fvi_objective_bind_part(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                                  const fvi_receptive_crop *part, fvi_bound **out, fv_error *err) {
    fv_status st = FV_OK;
    if (o->n_values > g->n_outputs)
        return fvi_fail(err, FV_SHAPE, "the objective looks at %d values; the graph gives %d",
                        o->n_values, g->n_outputs);
    fvi_bound *b = calloc(1, sizeof *b);
    if (!b) return fvi_fail(err, FV_NOMEM, "no memory for an objective");
    b->objective = o;
    b->samples = samples;
    for (int v = 0; v < o->n_values && !st; v++)
        st = fvi_extent_find(g, g->outputs[v], samples, o->values[v], &b->layout[v], NULL, NULL,
                             NULL, err);
    for (int i = 0; i < o->n_terms && !st; i++) {
        if (o->terms[i].value < 0) continue;
        st = fvi_term_check(o, &o->terms[i], b->layout, err);
        if (!st) st = bind_term(b, g, part, &o->terms[i], err);
    }
    if (st) {
        fvi_bound_free(b);
        return st;
    }
    *out = b;
    return FV_OK;
}

void fvi_bound_free(fvi_bound *b) {
    if (!b) return;
    for (int i = 0; i < FVI_MAX_TERMS; i++) {
        float **reference = b->terms[i].reference;
        for (int64_t n = 0; reference && n < b->samples; n++) free(reference[n]);
        free(reference);
        free(b->work[i]);
        free(b->product[i]);
    }
    free(b);
}

fv_status fvi_bound_remember(fvi_bound *b, int64_t n, const float *const *targets, fv_error *err) {
    for (int i = 0; i < b->n_terms; i++) {
        const fvi_bound_term *t = &b->terms[i];
        const fvi_extent *l = &b->layout[t->term->value];
        const float *x = targets[t->term->value];
        const int64_t count = fvi_term_count(l, t->term);
        if (!t->reference) continue;
        if (!t->reference[n]) t->reference[n] = malloc((size_t)count * sizeof(float));
        if (!t->reference[n])
            return fvi_fail(err, FV_NOMEM, "no memory for what a photo makes of \"%s\"",
                            b->objective->values[t->term->value]);
        for (int64_t e = 0; e < count; e++)
            t->reference[n][e] = x[fvi_term_offset(l, n, t->term, e)];
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
        int v = t->term->value;
        sum += t->term->weight * fvi_term_value(&b->layout[v], n, t, targets[v], seeds[v]);
    }
    return sum;
}

/* Picture k of n: (1 - t) of one channel and t of the other, t = k / (n - 1). */
static void interpolate(const fvi_bound *b, const fvi_term *t, const int64_t *sample, int count,
                        const float *const *targets, float *const *seeds, double *values) {
    for (int k = 0; k < count; k++) {
        double far = count > 1 ? (double)k / (count - 1) : 0;
        double near_weight = t->weight * (1 - far), far_weight = t->weight * far;
        values[k] +=
            near_weight * fvi_channel_value(&b->layout[t->value], sample[k], t->channel, -1,
                                            targets[t->value], near_weight, seeds[t->value]);
        values[k] +=
            far_weight * fvi_channel_value(&b->layout[t->value2], sample[k], t->channel2, -1,
                                           targets[t->value2], far_weight, seeds[t->value2]);
    }
}

void fvi_bound_evaluate_joint(const fvi_bound *b, const int64_t *sample, int count,
                              const float *const *targets, float *const *seeds, double *values) {
    for (int i = 0; i < b->n_terms; i++) {
        const fvi_term *t = b->terms[i].term;
        const fvi_extent *l = &b->layout[t->value];
        const float *x = targets[t->value];
        float *seed = seeds[t->value];
        if (t->kind == FVI_TERM_INTERPOLATE)
            interpolate(b, t, sample, count, targets, seeds, values);
        else if (t->kind == FVI_TERM_DIVERSITY)
            fvi_diversity(l, b->work[i], b->product[i], sample, count, x, t->weight, seed, values);
        else if (t->kind == FVI_TERM_ALIGNMENT)
            fvi_alignment(l, sample, count, x, t->argument[0], t->weight, seed, values);
    }
}
