/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, and layers that do nothing outside of training. Source: keras/src/activations. */
#include "model/keras/operators/activation.h"

#include <math.h>
#include <string.h>

/* The functions of one argument, by the names that Keras 2 or 3 writes. */
static const struct {
    const char *name;
    fvi_unary f;
    float p, q;
} functions[] = {
    {"linear", FVI_LINEAR, 1, 0},
    {"relu", FVI_RELU, 0, 0},
    {"relu6", FVI_CLIP, 0, 6},
    {"leaky_relu", FVI_LEAKY_RELU, 0.2f, 0},
    {"sigmoid", FVI_SIGMOID, 0, 0},
    {"tanh", FVI_TANH, 0, 0},
    {"elu", FVI_ELU, 1, 0},
    {"selu", FVI_SELU, 1.67326324f, 1.05070098f},
    {"celu", FVI_CELU, 1, 0},
    {"softplus", FVI_SOFTPLUS, 0, 0},
    {"softsign", FVI_SOFTSIGN, 0, 0},
    {"exponential", FVI_EXP, 0, 0},
    {"swish", FVI_SWISH, 1, 0},
    {"silu", FVI_SWISH, 1, 0},
    {"gelu", FVI_GELU, 0, 0},
    {"mish", FVI_MISH, 0, 0},
    {"hard_sigmoid", FVI_HARD_SIGMOID, 1.0f / 6, 0.5f},
    {"hard_silu", FVI_HARD_SWISH, 0, 0},
    {"hard_swish", FVI_HARD_SWISH, 0, 0},
    {"hard_tanh", FVI_CLIP, -1, 1},
};

int fvi_keras_unary(fvi_site *site, const char *name, fvi_unary *f, float *p, float *q) {
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
        if (strcmp(functions[i].name, name) != 0) continue;
        *f = functions[i].f;
        *p = functions[i].p;
        *q = functions[i].q;
        if (*f == FVI_HARD_SIGMOID && fvi_keras_of(site)->version < 3) *p = 0.2f;
        return 1;
    }
    fvi_keras_refuse(site, "activation", name);
    return 0;
}

/* The functions that are made of several: return the value, or -1. */
static int composed(fvi_site *site, const char *name, int v, int *known) {
    *known = 1;
    if (!strcmp(name, "softmax")) return fvi_site_softmax(site, v, -1, 0);
    if (!strcmp(name, "log_softmax")) return fvi_site_softmax(site, v, -1, 1);
    if (!strcmp(name, "log_sigmoid")) {
        v = fvi_channels_unary(site, FVI_NEG, 0, 0, v);
        v = fvi_channels_unary(site, FVI_SOFTPLUS, 0, 0, v);
        return fvi_channels_unary(site, FVI_NEG, 0, 0, v);
    }
    if (!strcmp(name, "tanh_shrink")) {
        const int t = fvi_channels_unary(site, FVI_TANH, 0, 0, v);
        return fvi_channels_binary(site, FVI_SUB, v, t);
    }
    if (!strcmp(name, "squareplus")) { /* (x + sqrt(x^2 + 4)) / 2 */
        int t = fvi_channels_binary(site, FVI_MUL, v, v);
        t = fvi_channels_unary(site, FVI_LINEAR, 1, 4, t);
        t = fvi_channels_binary(site, FVI_ADD, v, fvi_channels_unary(site, FVI_SQRT, 0, 0, t));
        return fvi_channels_unary(site, FVI_LINEAR, 0.5f, 0, t);
    }
    *known = 0;
    return -1;
}

int fvi_keras_function_of(fvi_site *site, const char *name, double alpha, int v) {
    fvi_unary f;
    float p, q;
    int known;
    if (v < 0 || !strcmp(name, "linear")) return v;
    const int made = composed(site, name, v, &known);
    if (known) return made;
    if (!fvi_keras_unary(site, name, &f, &p, &q)) return -1;
    if (!isnan(alpha) && (f == FVI_LEAKY_RELU || f == FVI_ELU || f == FVI_CELU || f == FVI_SWISH))
        p = (float)alpha;
    return fvi_channels_unary(site, f, p, q, v);
}

int fvi_keras_function(fvi_site *site, const char *name, int v) {
    return fvi_keras_function_of(site, name, NAN, v);
}

/* ReLU with a ceiling, a slope below the threshold, and the threshold. */
static int relu(fvi_site *site, int x, JsonObject *config) {
    const double top = fvi_keras_real(config, "max_value", INFINITY);
    const double slope =
        fvi_keras_real(config, "negative_slope", fvi_keras_real(config, "alpha", 0));
    const double threshold = fvi_keras_real(config, "threshold", 0);
    if (threshold != 0 && slope == 0 && !isfinite(top))
        return fvi_channels_unary(site, FVI_THRESHOLDED_RELU, (float)threshold, 0, x);
    if (threshold != 0) {
        fvi_keras_refuse(site, "threshold", "with a slope or a ceiling");
        return -1;
    }
    if (slope == 0 && isfinite(top)) return fvi_channels_unary(site, FVI_CLIP, 0, (float)top, x);
    const int v = slope == 0 ? fvi_channels_unary(site, FVI_RELU, 0, 0, x)
                             : fvi_channels_unary(site, FVI_LEAKY_RELU, (float)slope, 0, x);
    return isfinite(top) ? fvi_channels_unary(site, FVI_CLIP, -INFINITY, (float)top, v) : v;
}

/* An activation is a name, or an object that is a layer or a function. */
int fvi_keras_activate(fvi_site *site, int v, const char *key) {
    JsonNode *node = fvi_keras_member(fvi_keras_of(site)->config, key);
    if (v < 0 || !node) return v;
    if (fvi_keras_is_text(node)) return fvi_keras_function(site, json_node_get_string(node), v);
    JsonObject *o = fvi_keras_is_object(node) ? json_node_get_object(node) : NULL;
    const char *name = fvi_keras_text(o, "class_name", "of its own");
    JsonObject *config = fvi_keras_object(o, "config");
    if (!strcmp(name, "function"))
        return fvi_keras_function(site, fvi_keras_text(o, "config", "of its own"), v);
    if (!strcmp(name, "ReLU")) return relu(site, v, config);
    if (!strcmp(name, "LeakyReLU"))
        return fvi_channels_unary(
            site, FVI_LEAKY_RELU,
            (float)fvi_keras_real(config, "negative_slope", fvi_keras_real(config, "alpha", 0.3)),
            0, v);
    fvi_keras_refuse(site, key, name);
    return -1;
}

void fvi_keras_activation(fvi_site *site) {
    fvi_site_out(site, 0, fvi_keras_activate(site, fvi_site_need(site, 0), "activation"));
}

void fvi_keras_relu(fvi_site *site) {
    fvi_site_out(site, 0, relu(site, fvi_site_need(site, 0), fvi_keras_of(site)->config));
}

void fvi_keras_leaky_relu(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const double slope =
        fvi_keras_real(config, "negative_slope", fvi_keras_real(config, "alpha", 0.3));
    fvi_site_out(site, 0,
                 fvi_channels_unary(site, FVI_LEAKY_RELU, (float)slope, 0, fvi_site_need(site, 0)));
}

void fvi_keras_elu(fvi_site *site) {
    const double alpha = fvi_keras_real(fvi_keras_of(site)->config, "alpha", 1);
    fvi_site_out(site, 0,
                 fvi_channels_unary(site, FVI_ELU, (float)alpha, 0, fvi_site_need(site, 0)));
}

void fvi_keras_thresholded_relu(fvi_site *site) {
    const double theta = fvi_keras_real(fvi_keras_of(site)->config, "theta", 1);
    fvi_site_out(
        site, 0,
        fvi_channels_unary(site, FVI_THRESHOLDED_RELU, (float)theta, 0, fvi_site_need(site, 0)));
}

/* Slopes have the axes of a sample; one of a single element stands for all. */
void fvi_keras_prelu(fvi_site *site) {
    const int alpha = fvi_keras_weight_value(site, "alpha", 1);
    fvi_site_out(site, 0, fvi_channels_binary(site, FVI_PRELU, fvi_site_need(site, 0), alpha));
}

void fvi_keras_same(fvi_site *site) { fvi_site_out(site, 0, fvi_site_need(site, 0)); }
