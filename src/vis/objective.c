/* SPDX-License-Identifier: Apache-2.0 */
/* objective: channel (mean over positions), neuron, and layer (DeepDream's mean of squares; Olah,
 * Mordvintsev and Schubert 2017, "Feature Visualization", doi:10.23915/distill.00007).
 *
 * Where a value keeps its channels, and where a batch its samples, is asked of the graph
 * (model/axes.c, model/lift.c).
 */
#include "vis/objective.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Reads one non-negative integer; NULL if there is none. */
static const char *read_index(const char *s, int64_t *out) {
    char *end;
    if (!g_ascii_isdigit(*s)) return NULL;
    errno = 0;
    *out = g_ascii_strtoll(s, &end, 10);
    return errno ? NULL : end;
}

/* Reads "C" or "C@y,x" to the end of the text; 0 if that is not what it is. */
static int read_unit(const char *s, fvi_objective *o) {
    s = read_index(s, &o->channel);
    if (!s) return 0;
    if (*s == '\0') return 1;
    if (*s != '@') return 0;
    do {
        if (o->n_position == FVI_MAX_POSITION) return 0;
        s = read_index(s + 1, &o->position[o->n_position++]);
        if (!s) return 0;
    } while (*s == ',');
    return *s == '\0';
}

fv_status fvi_objective_parse(const fvi_network *net, const char *text, fvi_objective *out,
                              fv_error *err) {
    if (!text || !*text)
        return fvi_fail(err, FV_ARG, "an empty objective; allowed are LAYER, LAYER:C, LAYER:C@y,x");
    fvi_objective o = {.channel = -1};
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || (!g_ascii_isdigit(colon[1]) && colon[1] != '\0')) {
        fv_status st = fvi_network_find_value(net, text, &o.value, err);
        if (!st) *out = o;
        return st;
    }
    if (!read_unit(colon + 1, &o))
        return fvi_fail(err, FV_ARG,
                        "objective \"%s\": after the layer's name, \"%s\" is neither a "
                        "channel (:C) nor a neuron (:C@y,x)",
                        text, colon);
    char *layer = g_strndup(text, (gsize)(colon - text));
    fv_status st = fvi_network_find_value(net, layer, &o.value, err);
    g_free(layer);
    if (!st) *out = o;
    return st;
}

void fvi_objective_text(const fvi_objective *o, char *text, size_t size) {
    int n = snprintf(text, size, "%s", o->value);
    if (o->channel >= 0 && n >= 0 && (size_t)n < size)
        n += snprintf(text + n, size - (size_t)n, ":%" PRId64, o->channel);
    for (int i = 0; i < o->n_position && n >= 0 && (size_t)n < size; i++)
        n += snprintf(text + n, size - (size_t)n, "%c%" PRId64, i ? ',' : '@', o->position[i]);
}

/* Turns coordinates into an index over the position axes; -1 if one is outside. */
static int64_t position_index(const fvi_objective *o, const int64_t *size) {
    int64_t at = 0;
    for (int i = 0; i < o->n_position; i++) {
        if (o->position[i] >= size[i]) return -1;
        at = at * size[i] + o->position[i];
    }
    return at;
}

/* Coordinates count the axes of one sample: without the channels', without the batch's own. */
static fv_status bind_position(const fvi_objective *o, const fvi_shape *sample, int channel_axis,
                               int batch_axis, fvi_unit *u, fv_error *err) {
    int64_t size[FVI_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < sample->ndim; i++)
        if (i != channel_axis && (i != batch_axis || sample->dim[i] > 1))
            size[n++] = sample->dim[i];
    if (n != o->n_position)
        return fvi_fail(err, FV_ARG, "\"%s\" has %d coordinates a position; %d were given",
                        o->value, n, o->n_position);
    u->position = position_index(o, size);
    if (u->position >= 0) return FV_OK;
    GString *text = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(text, "%s0..%" PRId64, i ? ", " : "", size[i] - 1);
    char name[256];
    fvi_objective_text(o, name, sizeof name);
    fv_status st =
        fvi_fail(err, FV_NOTFOUND, "\"%s\" does not exist; positions are %s", name, text->str);
    g_string_free(text, TRUE);
    return st;
}

/* Where the samples lie. A graph the analysis gives up on (files that flatten a batch and gather
 * from it by computed indices) is taken at its word if the value's first axis is as long as the
 * batch. */
static fv_status find_samples(const fvi_graph *g, int v, int64_t samples, int *axis, int64_t *outer,
                              fv_error *err) {
    const fvi_shape *s = &g->values[v].shape;
    fv_status st = fvi_graph_samples(g, samples, v, axis, outer, err);
    if (st != FV_UNSUPPORTED || s->ndim < 1 || s->dim[0] != samples) return st;
    *axis = 0;
    *outer = 1;
    return FV_OK;
}

fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int v, int64_t samples,
                             fvi_unit *out, fv_error *err) {
    fvi_shape s = g->values[v].shape; /* becomes that of one sample */
    int axis = fvi_graph_channel_axis(g, v), batch_axis;
    int64_t outer;
    fv_status st = find_samples(g, v, samples, &batch_axis, &outer, err);
    if (st) return st;
    if (s.ndim > 0) s.dim[batch_axis] /= samples;
    if (axis == batch_axis && s.ndim > 1 && s.dim[axis] == 1) axis = s.ndim - 1;
    int64_t count = fvi_shape_count(&s), before = fvi_shape_product(&s, 0, batch_axis) * outer;
    fvi_unit u = {.channels = s.ndim ? s.dim[axis] : 1,
                  .channel = o->channel,
                  .position = -1,
                  .samples = samples,
                  .run = before > 0 ? count / before : 0};
    if (count < 1) return fvi_fail(err, FV_SHAPE, "\"%s\" has no elements", o->value);
    if (u.channel >= u.channels)
        return fvi_fail(err, FV_NOTFOUND,
                        "layer \"%s\" has %" PRId64 " channels; %" PRId64
                        " does not exist (0..%" PRId64 ")",
                        o->value, u.channels, u.channel, u.channels - 1);
    u.outer = fvi_shape_product(&s, 0, axis);
    u.inner = count / (u.outer * u.channels);
    if (o->n_position) st = bind_position(o, &s, axis, batch_axis, &u, err);
    if (!st) *out = u;
    return st;
}

int64_t fvi_unit_count(const fvi_unit *u) { return u->outer * u->channels * u->inner; }

/* Where element i of sample n lies in the value. */
static int64_t place(const fvi_unit *u, int64_t n, int64_t i) {
    return (i / u->run * u->samples + n) * u->run + i % u->run;
}

/* The same for the channel's element at position p of outer x inner. */
static int64_t element(const fvi_unit *u, int64_t n, int64_t p) {
    return place(u, n, (p / u->inner * u->channels + u->channel) * u->inner + p % u->inner);
}

double fvi_unit_value(const fvi_unit *u, int64_t n, const float *x) {
    double sum = 0;
    int64_t count = fvi_unit_count(u), positions = u->outer * u->inner;
    if (u->channel < 0) {
        for (int64_t i = 0; i < count; i++) {
            double a = x[place(u, n, i)];
            sum += a * a;
        }
        return sum / (double)count;
    }
    if (u->position >= 0) return x[element(u, n, u->position)];
    for (int64_t p = 0; p < positions; p++) sum += x[element(u, n, p)];
    return sum / (double)positions;
}

void fvi_unit_seed(const fvi_unit *u, int64_t n, const float *x, float *seed) {
    int64_t count = fvi_unit_count(u), positions = u->outer * u->inner;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = place(u, n, i);
        seed[at] = u->channel < 0 ? (float)(2.0 * x[at] / (double)count) : 0;
    }
    if (u->channel < 0) return;
    if (u->position >= 0) {
        seed[element(u, n, u->position)] = 1;
        return;
    }
    for (int64_t p = 0; p < positions; p++)
        seed[element(u, n, p)] = (float)(1.0 / (double)positions);
}
