/* SPDX-License-Identifier: Apache-2.0 */
/* Two checkpoints of one architecture: how much each channel of a layer changed.
 *
 * For a channel's activations a (in A) and b (in B) over all positions of all samples,
 *   change = E(a-b)^2 / (var a + var b + (mean a - mean b)^2) = 1 - concordance,
 * Lin's coefficient (Biometrics 45, 1989). It is 0 only where a = b everywhere; a correlation alone
 * would not see a channel that was scaled or shifted, and has no value for one that has died. The
 * correlation and both means and deviations are reported too, since they tell these cases apart.
 * Weights are compared by the same formula about zero: |a-b|^2 / (|a|^2 + |b|^2).
 * Moments are taken sample by sample in two passes and joined (Chan et al. 1979), so nothing grows
 * with the number of samples.
 * What it does not do: match channels that have another index in the other network.
 */
#include "inspect/compare.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/channel_axis.h"
#include "graph/input_origin.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "runtime/session.h"

#define CONSTANT 1e-14 /* a variance below this part of the squared mean is f32's rounding */

void fv_comparison_free(fv_comparison *c) {
    if (!c) return;
    free(c->moments);
    free(c);
}

void fv_changes_free(fv_changes *changes) {
    if (!changes) return;
    free(changes->change);
    free(changes);
}

/* ---- beginning ---- */

static fv_status check_outputs(const fv_comparison *c, fv_error *err) {
    fvi_shape s[2];
    char text[2][FVI_SHAPE_TEXT];
    const fv_layer *l = NULL;
    for (int m = 0; m < 2; m++) {
        l = fv_model_layer(c->model[m], c->layer[m]);
        s[m] = (fvi_shape){.ndim = l->ndim};
        memcpy(s[m].dim, l->dim, sizeof s[m].dim);
    }
    if (fvi_shape_equal(&s[0], &s[1])) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "layer \"%s\" is %s in A (%s) and %s in B (%s); only layers of one shape can "
                    "be compared",
                    l->name, fvi_shape_text(&s[0], text[0]), fv_model_name(c->model[0]),
                    fvi_shape_text(&s[1], text[1]), fv_model_name(c->model[1]));
}

/* Which layers have the channels' weights, and whether they are of one shape. */
static fv_status find_weights(fv_comparison *c, fv_error *err) {
    fv_weight_stats s[2] = {{0}, {0}};
    for (int m = 0; m < 2; m++) {
        c->behind[m] = fvi_filter_node(fvi_network_graph(c->model[m]->network), c->layer[m]);
        if (c->behind[m] < 0) continue;
        fv_status st = fv_model_weight_stats(c->model[m], c->behind[m], &s[m], err);
        if (st) return st;
    }
    if (c->behind[0] < 0 || c->behind[1] < 0) {
        c->behind[0] = c->behind[1] = -1;
        return FV_OK;
    }
    char text[2][FVI_SHAPE_TEXT];
    fvi_shape shape[2];
    for (int m = 0; m < 2; m++) {
        shape[m] = (fvi_shape){.ndim = s[m].ndim};
        memcpy(shape[m].dim, s[m].dim, sizeof shape[m].dim);
    }
    if (fvi_shape_equal(&shape[0], &shape[1])) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "the weights of layer \"%s\" are %s in A (%s) and %s in B (%s); only layers of "
                    "one shape can be compared",
                    fv_model_layer(c->model[0], c->behind[0])->name,
                    fvi_shape_text(&shape[0], text[0]), fv_model_name(c->model[0]),
                    fvi_shape_text(&shape[1], text[1]), fv_model_name(c->model[1]));
}

static fv_status begin(fv_comparison *c, const char *layer, fv_error *err) {
    fv_status st = FV_OK;
    for (int m = 0; m < 2 && !st; m++)
        st = fv_model_find_layer(c->model[m], layer, &c->layer[m], err);
    if (!st) st = check_outputs(c, err);
    if (!st) st = find_weights(c, err);
    if (st) return st;
    const fvi_graph *g = fvi_network_graph(c->model[0]->network);
    const int value = g->nodes[c->layer[0]].out;
    const fvi_shape *s = &g->values[value].shape;
    c->axis = fvi_graph_channel_axis(g, value);
    if (s->ndim < 2 || c->axis < 1 || s->dim[c->axis] < 1 || s->dim[c->axis] > G_MAXINT)
        return fvi_fail(err, FV_SHAPE, "%s: layer \"%s\" has no channels to compare",
                        fv_model_name(c->model[0]), fv_model_layer(c->model[0], c->layer[0])->name);
    c->channels = (int)s->dim[c->axis];
    c->moments = calloc((size_t)c->channels, sizeof *c->moments);
    return c->moments ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for %d channels", c->channels);
}

fv_status fv_comparison_new(fv_session *a, fv_session *b, const char *layer, fv_comparison **out,
                            fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, a, b, layer, out);
    if (st) return st;
    fv_comparison *c = calloc(1, sizeof *c);
    if (!c) return fvi_fail(err, FV_NOMEM, "out of memory while comparing");
    c->session[0] = a;
    c->session[1] = b;
    for (int m = 0; m < 2; m++) c->model[m] = fvi_session_model(c->session[m]);
    st = begin(c, layer, err);
    if (st)
        fv_comparison_free(c);
    else
        *out = c;
    return st;
}

/* ---- counting ---- */

fv_status fvi_comparison_run(const fv_comparison *c, int which, const fv_tensor *input,
                             fv_tensor **out, fv_error *err) {
    const fv_layer *l = fv_model_layer(c->model[which], c->layer[which]);
    return fv_session_run(c->session[which], input, l->output, out, err);
}

fv_status fvi_comparison_sizes(const fv_comparison *c, const fv_tensor *value, int64_t samples,
                               int64_t *outer, int64_t *inner, fv_error *err) {
    fvi_shape s = fvi_tensor_shape(value);
    char text[FVI_SHAPE_TEXT];
    if (s.ndim <= c->axis || s.dim[0] != samples || s.dim[c->axis] != c->channels)
        return fvi_fail(err, FV_SHAPE,
                        "layer \"%s\" became %s; %d channels of %lld samples are needed",
                        fv_model_layer(c->model[0], c->layer[0])->name, fvi_shape_text(&s, text),
                        c->channels, (long long)samples);
    *outer = fvi_shape_product(&s, 1, c->axis);
    *inner = fvi_shape_product(&s, c->axis + 1, s.ndim);
    return FV_OK;
}

/* One channel of one sample: a, b [outer][.][inner], `apart` numbers between two outer ones. */
static fvi_moments moments_of(const float *a, const float *b, int64_t outer, int64_t inner,
                              int64_t apart, int64_t *not_finite) {
    fvi_moments m = {0};
    for (int64_t i = 0; i < outer * inner; i++) {
        const int64_t at = i / inner * apart + i % inner;
        if (!isfinite(a[at]) || !isfinite(b[at])) {
            (*not_finite)++;
            continue;
        }
        const double d = (double)a[at] - b[at];
        m.n++;
        m.mean[0] += a[at];
        m.mean[1] += b[at];
        m.difference += d * d;
    }
    for (int k = 0; k < 2 && m.n > 0; k++) m.mean[k] /= m.n;
    for (int64_t i = 0; i < outer * inner; i++) {
        const int64_t at = i / inner * apart + i % inner;
        if (!isfinite(a[at]) || !isfinite(b[at])) continue;
        const double da = a[at] - m.mean[0], db = b[at] - m.mean[1];
        m.square[0] += da * da;
        m.square[1] += db * db;
        m.product += da * db;
    }
    return m;
}

static void join(fvi_moments *to, const fvi_moments *m, int sample) {
    if (!(m->n > 0)) return;
    const double n = to->n + m->n, weight = to->n * m->n / n;
    const double d[2] = {m->mean[0] - to->mean[0], m->mean[1] - to->mean[1]};
    for (int k = 0; k < 2; k++) {
        to->square[k] += m->square[k] + d[k] * d[k] * weight;
        to->mean[k] += d[k] * m->n / n;
    }
    to->product += m->product + d[0] * d[1] * weight;
    to->difference += m->difference;
    if (to->n == 0 || m->difference / m->n > to->most) {
        to->most = m->difference / m->n;
        to->sample = sample;
    }
    to->n = n;
}

/* Counts in what both networks made of some samples. */
static fv_status count_in(fv_comparison *c, fv_tensor *const values[2], int64_t samples,
                          fv_error *err) {
    int64_t outer, inner, again[2];
    fv_status st = fvi_comparison_sizes(c, values[0], samples, &outer, &inner, err);
    if (!st) st = fvi_comparison_sizes(c, values[1], samples, &again[0], &again[1], err);
    if (!st && (outer != again[0] || inner != again[1]))
        st = fvi_fail(err, FV_SHAPE, "the maps of A and B have %lld and %lld positions",
                      (long long)(outer * inner), (long long)(again[0] * again[1]));
    if (!st && c->samples > G_MAXINT - samples)
        st = fvi_fail(err, FV_ARG, "more than %d samples", G_MAXINT);
    const int64_t apart = c->channels * inner;
    for (int64_t s = 0; s < samples && !st; s++, c->samples++)
        for (int k = 0; k < c->channels; k++) {
            const int64_t at = s * outer * apart + k * inner;
            fvi_moments m = moments_of(values[0]->data + at, values[1]->data + at, outer, inner,
                                       apart, &c->not_finite);
            join(&c->moments[k], &m, c->samples);
        }
    return st;
}

/* Ends the call before A runs if B's monitor was asked to stop or cancel. */
static fv_status heed(const fv_comparison *c, fv_error *err) {
    for (int m = 0; m < 2; m++)
        if (fvi_monitor_request(fvi_session_monitor(c->session[m])))
            return fvi_monitor_cancelled(m, 2, "networks", err);
    return FV_OK;
}

/* Runs both networks, each on its own input. */
static fv_status add(fv_comparison *c, const fv_tensor *const inputs[2], fv_error *err) {
    fv_tensor *values[2] = {NULL, NULL};
    fv_status st = heed(c, err);
    for (int m = 0; m < 2 && !st; m++) st = fvi_comparison_run(c, m, inputs[m], &values[m], err);
    fv_tensor view;
    if (!st) st = fvi_check_input(fvi_session_network(c->session[0]), inputs[0], &view, err);
    if (!st) st = count_in(c, values, view.ndim ? view.dim[0] : 0, err);
    for (int m = 0; m < 2; m++) fv_tensor_free(values[m]);
    return st;
}

fv_status fv_comparison_add(fv_comparison *c, const fv_image *photo, fv_error *err) {
    FVI_USE_THREADS(c ? c->session[0] : NULL);
    fv_tensor *inputs[2] = {NULL, NULL};
    fv_status st = FVI_NOT_NULL_AS(err, "comparison, photo", c, photo);
    for (int m = 0; m < 2 && !st; m++)
        st = fv_input_from_image(c->model[m], photo, &inputs[m], err);
    if (!st) st = add(c, (const fv_tensor *const[]){inputs[0], inputs[1]}, err);
    for (int m = 0; m < 2; m++) fv_tensor_free(inputs[m]);
    return st;
}

fv_status fv_comparison_add_input(fv_comparison *c, const fv_tensor *input, fv_error *err) {
    FVI_USE_THREADS(c ? c->session[0] : NULL);
    fv_status st = FVI_NOT_NULL_AS(err, "comparison, input", c, input);
    return st ? st : add(c, (const fv_tensor *const[]){input, input}, err);
}

/* ---- ranking ---- */

static void finish(const fvi_moments *m, fv_channel_change *out) {
    double variance[2];
    if (!(m->n > 0)) {
        out->change = out->pattern = NAN;
        for (int k = 0; k < 2; k++) out->mean[k] = out->stddev[k] = NAN;
        return;
    }
    for (int k = 0; k < 2; k++) {
        variance[k] = m->square[k] / m->n;
        if (variance[k] < CONSTANT * m->mean[k] * m->mean[k]) variance[k] = 0;
        out->mean[k] = m->mean[k];
        out->stddev[k] = sqrt(variance[k]);
    }
    const double apart = m->mean[0] - m->mean[1];
    const double most = variance[0] + variance[1] + apart * apart;
    out->change = most > 0 ? m->difference / m->n / most : 0;
    out->pattern = variance[0] > 0 && variance[1] > 0
                       ? 1 - m->product / m->n / sqrt(variance[0] * variance[1])
                       : NAN;
    out->sample = m->sample;
}

/* |a - b|^2 / (|a|^2 + |b|^2); 0 where both are zero, NaN where a number is not finite */
static double weights_change(const float *a, const float *b, int64_t n) {
    double apart = 0, both = 0;
    for (int64_t i = 0; i < n; i++) {
        const double x = a[i], y = b[i];
        apart += (x - y) * (x - y);
        both += x * x + y * y;
    }
    return !isfinite(both) ? NAN : both > 0 ? apart / both : 0;
}

static fv_status compare_weights(const fv_comparison *c, fv_changes *out, fv_error *err) {
    fv_tensor *w[2] = {NULL, NULL};
    fv_status st = FV_OK;
    if (c->behind[0] < 0) return FV_OK;
    for (int m = 0; m < 2 && !st; m++)
        st = fv_model_weights(c->model[m], c->behind[m], &w[m], NULL, err);
    if (!st && w[0]->ndim > 0 && w[0]->dim[0] == c->channels &&
        fv_tensor_count(w[0]) == fv_tensor_count(w[1])) {
        const int64_t per = fv_tensor_count(w[0]) / c->channels;
        for (int k = 0; k < c->channels; k++)
            out->change[k].weights =
                weights_change(w[0]->data + k * per, w[1]->data + k * per, per);
        out->weights = fv_model_layer(c->model[0], c->behind[0])->name;
    }
    for (int m = 0; m < 2; m++) fv_tensor_free(w[m]);
    return st;
}

static int more_changed(const void *a, const void *b) {
    const fv_channel_change *x = a, *y = b;
    if (isnan(x->change) != isnan(y->change)) return isnan(x->change) ? 1 : -1;
    return x->change > y->change   ? -1
           : x->change < y->change ? 1
                                   : (x->channel > y->channel) - (x->channel < y->channel);
}

fv_status fv_comparison_rank(const fv_comparison *c, fv_changes **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "comparison, out", c, out);
    if (st) return st;
    if (!c->samples) return fvi_fail(err, FV_ARG, "nothing was added to compare the networks on");
    fv_changes *r = calloc(1, sizeof *r);
    if (r) r->change = calloc((size_t)c->channels, sizeof *r->change);
    st = r && r->change ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for %d channels", c->channels);
    for (int k = 0; k < c->channels && !st; k++) {
        finish(&c->moments[k], &r->change[k]);
        r->change[k].channel = k;
        r->change[k].weights = NAN;
    }
    if (!st) st = compare_weights(c, r, err);
    if (st) {
        fv_changes_free(r);
        return st;
    }
    qsort(r->change, (size_t)c->channels, sizeof *r->change, more_changed);
    r->count = c->channels;
    r->samples = c->samples;
    r->not_finite = c->not_finite;
    *out = r;
    return FV_OK;
}
