/* SPDX-License-Identifier: Apache-2.0 */
/* The table of layers, and what their handlers share. */
#include "model/keras/classes.h"

#include <string.h>

#include "graph/const.h"

const fvi_op_kind fvi_keras_kinds[] = {
#define FVI_KERAS_LAYER(class_name, handler, param, ...) {class_name, fvi_keras_##handler, param},
#include "model/keras/classes.def"
#undef FVI_KERAS_LAYER
#define FVI_KERAS_FUNCTION(name, handler, param, ...) {name, fvi_keras_##handler, param},
#include "model/keras/functions.def"
#undef FVI_KERAS_FUNCTION
    {0}};

struct fvi_keras_class {
    const char *name, *weights, *parts;
};

static const fvi_keras_class classes[] = {
#define FVI_KERAS_LAYER(class_name, handler, param, weights, parts) {class_name, weights, parts},
#include "model/keras/classes.def"
#undef FVI_KERAS_LAYER
};

static const struct {
    const char *name, *signature;
} functions[] = {
#define FVI_KERAS_FUNCTION(name, handler, param, signature) {name, signature},
#include "model/keras/functions.def"
#undef FVI_KERAS_FUNCTION
};

const char *fvi_keras_signature(const char *type) {
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        if (!strcmp(functions[i].name, type)) return functions[i].signature;
    return "";
}

int fvi_keras_is_only_layer(const char *class_name) {
    int is_layer = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        is_layer |= !strcmp(classes[i].name, class_name);
    for (size_t i = 0; i < G_N_ELEMENTS(functions) && is_layer; i++) {
        const char *name = functions[i].name;
        if (g_str_has_prefix(name, "ops.") && !strcmp(name + strlen("ops."), class_name)) return 0;
    }
    return is_layer;
}

/* "kernel bias@use_bias" without what the configuration says is not there. */
static char *present(const char *names, JsonObject *config) {
    GString *out = g_string_new(NULL);
    char **words = g_strsplit(names, " ", -1);
    for (char **w = words; *w; w++) {
        char *at = strchr(*w, '@');
        if (at) *at = '\0';
        if (at && !fvi_keras_bool(config, at + 1, 1)) continue;
        g_string_append_printf(out, "%s%s", out->len ? " " : "", *w);
    }
    g_strfreev(words);
    return g_string_free(out, FALSE);
}

char *fvi_keras_weight_names(const char *class_name, JsonObject *config, const char *part) {
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!strcmp(classes[i].name, class_name))
            return present(part ? classes[i].parts : classes[i].weights, config);
    return NULL;
}

const fvi_keras_layer *fvi_keras_of(const fvi_site *site) { return site->op->detail; }

static const fvi_keras_weight *find_weight(const fvi_site *site, const char *name) {
    const fvi_keras_layer *l = fvi_keras_of(site);
    for (int i = 0; i < l->n_weights; i++) {
        const char *own = l->weights[i].name;
        const size_t n = strlen(own), k = strlen(name);
        if (n >= k && !strcmp(own + n - k, name) && (n == k || own[n - k - 1] == '/'))
            return &l->weights[i];
    }
    return NULL;
}

const fvi_const *fvi_keras_weight_numbers(fvi_site *site, const char *name) {
    const fvi_keras_weight *w = find_weight(site, name);
    return w ? &w->numbers : NULL;
}

int fvi_keras_weight_value(fvi_site *site, const char *name, int needed) {
    const fvi_keras_layer *l = fvi_keras_of(site);
    const fvi_const *c = fvi_keras_weight_numbers(site, name);
    if (c) return fvi_site_constant(site, c);
    if (needed && l->problem)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its weights cannot be read: %s", l->problem);
    else if (needed)
        fvi_build_fail(site->b, FV_FORMAT, "it has no weight \"%s\" in the file", name);
    return -1;
}

void fvi_keras_data_format(fvi_site *site) {
    const char *format = fvi_keras_text(fvi_keras_of(site)->config, "data_format", "channels_last");
    site->channels_last = strcmp(format, "channels_first") != 0;
}

fvi_padding fvi_keras_padding(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const char *text = fvi_keras_text(config, "padding", "valid");
    if (!strcmp(text, "same")) return FVI_PADDING_SAME;
    if (!strcmp(text, "causal")) return FVI_PADDING_CAUSAL;
    if (strcmp(text, "valid") != 0) fvi_keras_refuse(site, "padding", text);
    return FVI_PADDING_VALID;
}

void fvi_keras_refuse(fvi_site *site, const char *key, const char *value) {
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its %s \"%s\" is not supported", key, value);
}

void fvi_keras_no_mask(fvi_site *site) {
    if (fvi_keras_of(site)->masked)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its input has a mask (a Masking layer, or an Embedding with mask_zero), "
                       "and steps are not left out here; allowed: sequences without a mask");
}

int fvi_keras_unit(fvi_site *site, int x, unsigned axes, double epsilon) {
    const int sum = fvi_site_reduce(site, FVI_REDUCE_SUM_SQUARE, axes, 1, x);
    const int least =
        fvi_channels_binary(site, FVI_MAX, sum, fvi_emit_scalar(site->b, FVI_F32, epsilon));
    const int root = fvi_channels_unary(site, FVI_SQRT, 0, 0, least);
    return fvi_channels_binary(site, FVI_DIV, x, root);
}
