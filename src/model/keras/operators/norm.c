/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations, and what changes an input's range. */
#include <math.h>

#include "graph/const.h"
#include "model/keras/classes.h"

/* The one axis that the configuration names: a number, or a list of one. */
static int axis_of(fvi_site *site) {
    int64_t axis[2] = {-1, -1};
    JsonNode *node = fvi_keras_member(fvi_keras_of(site)->config, "axis");
    if (node && fvi_keras_ints(node, axis, 1) != 1)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it normalises over several axes");
    return axis[0] >= -FVI_MAX_DIMS && axis[0] < FVI_MAX_DIMS ? (int)axis[0] : FVI_MAX_DIMS;
}

void fvi_keras_batch_norm(fvi_site *site) {
    const fvi_statistics s = {.gamma = fvi_keras_weight_numbers(site, "gamma"),
                              .beta = fvi_keras_weight_numbers(site, "beta"),
                              .mean = fvi_keras_weight_numbers(site, "moving_mean"),
                              .variance = fvi_keras_weight_numbers(site, "moving_variance"),
                              .epsilon =
                                  fvi_keras_real(fvi_keras_of(site)->config, "epsilon", 1e-3)};
    fvi_keras_weight_value(site, "moving_mean", 1);
    fvi_keras_weight_value(site, "moving_variance", 1);
    if (site->b->status) return;
    fvi_site_out(site, 0, fvi_site_batch_norm(site, fvi_site_need(site, 0), axis_of(site), &s));
}

void fvi_keras_layer_norm(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t axis[FVI_MAX_DIMS] = {-1};
    JsonNode *node = fvi_keras_member(config, "axis");
    const int n = node && fvi_keras_is_array(node) ? fvi_keras_ints(node, axis, FVI_MAX_DIMS) : 1;
    if (node && n == 1 && !fvi_keras_is_array(node)) axis[0] = fvi_keras_int(config, "axis", -1);
    for (int i = 0; i < n; i++)
        if ((axis[i] < 0 ? axis[i] + ndim : axis[i]) != ndim - n + i)
            fvi_build_fail(site->b, FV_UNSUPPORTED,
                           "it normalises axes that are not the last ones");
    if (fvi_keras_bool(config, "rms_scaling", 0)) fvi_keras_refuse(site, "rms_scaling", "true");
    fvi_site_out(site, 0,
                 fvi_site_layer_norm(site, x, n, fvi_keras_weight_value(site, "gamma", 0),
                                     fvi_keras_weight_value(site, "beta", 0),
                                     (float)fvi_keras_real(config, "epsilon", 1e-3)));
}

void fvi_keras_softmax(fvi_site *site) {
    fvi_site_out(site, 0, fvi_site_softmax(site, fvi_site_need(site, 0), axis_of(site), 0));
}

/* ---- statistics of the input ---------------------------------------------------------------- */

/* Numbers out of nested lists, as many as there are up to `max`. */
static int flat_numbers(JsonNode *node, double *out, int n, int max) {
    if (fvi_keras_is_number(node)) {
        if (n < max)
            out[n] = json_node_get_value_type(node) == G_TYPE_BOOLEAN ? json_node_get_boolean(node)
                                                                      : json_node_get_double(node);
        return n + 1;
    }
    if (!fvi_keras_is_array(node)) return n;
    JsonArray *a = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(a) && n <= max; i++)
        n = flat_numbers(json_array_get_element(a, i), out, n, max);
    return n;
}

#define NUMBERS_MAX 4096

/* A row of numbers of the configuration as a constant, changed by f; -1: it has none. */
static int config_row(fvi_site *site, const char *key, double (*f)(double)) {
    JsonNode *node = fvi_keras_member(fvi_keras_of(site)->config, key);
    double *x = g_new(double, NUMBERS_MAX);
    uint8_t *data;
    const int n = node ? flat_numbers(node, x, 0, NUMBERS_MAX) : 0;
    int v = -1;
    if (n > NUMBERS_MAX)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its %s has more than %d numbers", key,
                       NUMBERS_MAX);
    else if (n)
        v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){1, {n}}, &data);
    for (int i = 0; i < n && v >= 0; i++) fvi_put_real(FVI_F32, data, i, f(x[i]));
    g_free(x);
    return v;
}

static double same(double x) { return x; }
/* Keras divides by the deviation, but at least by its epsilon. */
static double deviation(double x) { return MAX(sqrt(x), 1e-7); }

/* The same of a weight. */
static int weight_row(fvi_site *site, const char *name, double (*f)(double)) {
    const fvi_const *c = fvi_keras_weight_numbers(site, name);
    uint8_t *data;
    if (!c || !fvi_build_charge(site->b, fvi_shape_count(&c->shape))) return -1;
    const int v = fvi_emit_constant(site->b, FVI_F32, &c->shape, &data);
    for (int64_t i = 0; v >= 0 && i < fvi_shape_count(&c->shape); i++)
        fvi_put_real(FVI_F32, data, i, f(fvi_const_at(c, i)));
    return v;
}

static int statistic(fvi_site *site, const char *key, double (*f)(double)) {
    const int v = config_row(site, key, f);
    return v >= 0 || site->b->status ? v : weight_row(site, key, f);
}

/* (x - mean) / deviation along the last axis, or undone. */
void fvi_keras_normalization(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const int mean = statistic(site, "mean", same), sd = statistic(site, "variance", deviation);
    const fvi_shape s = fvi_build_shape(site->b, x), m = fvi_build_shape(site->b, mean);
    if (site->b->status) return;
    if (mean < 0 || sd < 0) {
        fvi_build_fail(site->b, FV_FORMAT, "it has no mean and variance in the file");
        return;
    }
    const int64_t axis = axis_of(site);
    if (fvi_keras_member(fvi_keras_of(site)->config, "axis") && axis != -1 && axis != s.ndim - 1 &&
        fvi_shape_count(&m) > 1)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it normalises axis %" PRId64 "; the last one is "
                       "supported",
                       axis);
    if (fvi_keras_bool(fvi_keras_of(site)->config, "invert", 0)) {
        const int v = fvi_channels_binary(site, FVI_MUL, x, sd);
        fvi_site_out(site, 0, fvi_channels_binary(site, FVI_ADD, v, mean));
    } else {
        const int v = fvi_channels_binary(site, FVI_SUB, x, mean);
        fvi_site_out(site, 0, fvi_channels_binary(site, FVI_DIV, v, sd));
    }
}

/* scale x + offset: numbers, or a row of one a channel. */
void fvi_keras_rescaling(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int x = fvi_site_need(site, 0);
    JsonNode *scale = fvi_keras_member(config, "scale"),
             *offset = fvi_keras_member(config, "offset");
    if (!fvi_keras_is_array(scale) && !fvi_keras_is_array(offset)) {
        fvi_site_out(site, 0,
                     fvi_channels_unary(site, FVI_LINEAR, (float)fvi_keras_real(config, "scale", 1),
                                        (float)fvi_keras_real(config, "offset", 0), x));
        return;
    }
    const int k = config_row(site, "scale", same), add = config_row(site, "offset", same);
    int v = k >= 0 ? fvi_channels_binary(site, FVI_MUL, x, k) : x;
    if (add >= 0) v = fvi_channels_binary(site, FVI_ADD, v, add);
    fvi_site_out(site, 0, v);
}

/* ---- by the sample's own statistics --------------------------------------------------------- */

/* The axes that the configuration names, as bits; the last one by default. */
static unsigned axes_of(fvi_site *site, int ndim) {
    JsonNode *node = fvi_keras_member(fvi_keras_of(site)->config, "axis");
    int64_t axes[FVI_MAX_DIMS] = {-1};
    int n = 1;
    if (node && fvi_keras_is_array(node))
        n = fvi_keras_ints(node, axes, FVI_MAX_DIMS);
    else if (node)
        fvi_keras_ints(node, axes, 1);
    if (n < 1) fvi_build_fail(site->b, FV_FORMAT, "its axis is no number and no list");
    unsigned bits = 0;
    for (int i = 0; i < n && !site->b->status; i++)
        bits |= 1u << fvi_build_axis(site->b, axes[i], ndim);
    return bits;
}

void fvi_keras_unit_norm(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const unsigned axes = axes_of(site, fvi_build_shape(site->b, x).ndim);
    /* Keras 3 compares lengths with 1e-12, Keras 2 their squares */
    const double least = fvi_keras_of(site)->version < 3 ? 1e-12 : 1e-24;
    if (!site->b->status) fvi_site_out(site, 0, fvi_keras_unit(site, x, axes, least));
}

/* x / sqrt(mean(x^2) + epsilon) * scale. */
void fvi_keras_rms_norm(fvi_site *site) {
    const int x = fvi_site_need(site, 0), scale = fvi_keras_weight_value(site, "scale", 0);
    const unsigned axes = axes_of(site, fvi_build_shape(site->b, x).ndim);
    const double epsilon = fvi_keras_real(fvi_keras_of(site)->config, "epsilon", 1e-6);
    const int square = fvi_channels_binary(site, FVI_MUL, x, x);
    const int mean = fvi_site_reduce(site, FVI_REDUCE_MEAN, axes, 1, square);
    int v = fvi_channels_unary(site, FVI_LINEAR, 1, (float)epsilon, mean);
    v = fvi_channels_binary(site, FVI_DIV, x, fvi_channels_unary(site, FVI_SQRT, 0, 0, v));
    fvi_site_out(site, 0, scale >= 0 ? fvi_channels_binary(site, FVI_MUL, v, scale) : v);
}

/* Groups of channels; -1 groups: a group a channel. */
void fvi_keras_group_norm(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    const unsigned axes = axes_of(site, ndim);
    if (site->b->status) return;
    if (ndim < 3 || axes != 1u << (ndim - 1)) {
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it normalises other axes than the last of three or more");
        return;
    }
    fvi_site_out(site, 0,
                 fvi_site_group_norm(site, x, fvi_keras_int(config, "groups", 32),
                                     fvi_keras_weight_numbers(site, "gamma"),
                                     fvi_keras_weight_numbers(site, "beta"),
                                     (float)fvi_keras_real(config, "epsilon", 1e-3)));
}

/* ConvNeXt's: one factor a channel. */
void fvi_keras_layer_scale(fvi_site *site) {
    const int gamma = fvi_keras_weight_value(site, "gamma", 1);
    fvi_site_out(site, 0, fvi_channels_binary(site, FVI_MUL, fvi_site_need(site, 0), gamma));
}
