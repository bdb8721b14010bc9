/* SPDX-License-Identifier: Apache-2.0 */
/* Keras 1 wrote nb_filter, border_mode and subsample where Keras 2 writes filters, padding and
 * strides; a reader that passes over them would take each for its default.
 *
 * What it does not do: weights of recurrent layers in 9 or 12 arrays, layers that Keras 2 dropped
 * (MaxoutDense, Highway, Deconvolution2D, Merge by a function), normalisation by the batch (mode 1
 * and 2).
 * Sources: keras/legacy/interfaces.py and preprocess_weights_for_loading of Keras 2.1.
 */
#include "model/keras/old.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/keras/config.h"

#define DEPTH_MAX 64 /* of models within models */

static const struct {
    const char *old, *now;
    const char *but; /* the class that still calls it so; or NULL */
} arguments[] = {
    {"nb_filter", "filters", NULL},
    {"filter_length", "kernel_size", NULL},
    {"border_mode", "padding", NULL},
    {"subsample", "strides", NULL},
    {"subsample_length", "strides", NULL},
    {"stride", "strides", NULL},
    {"atrous_rate", "dilation_rate", NULL},
    {"dim_ordering", "data_format", NULL},
    {"bias", "use_bias", NULL},
    {"pool_length", "pool_size", NULL},
    {"length", "size", NULL},
    {"output_dim", "units", "Embedding"},
    {"inner_activation", "recurrent_activation", NULL},
    {"p", "rate", NULL},
};

static const struct {
    const char *key, *old, *now;
} words[] = {{"data_format", "tf", "channels_last"}, {"data_format", "th", "channels_first"}};

static const struct {
    const char *old, *now;
} classes[] = {{"AtrousConvolution1D", "Conv1D"}, {"AtrousConvolution2D", "Conv2D"}};

static const struct {
    const char *mode, *now;
} merges[] = {{"sum", "Add"},
              {"mul", "Multiply"},
              {"ave", "Average"},
              {"max", "Maximum"},
              {"concat", "Concatenate"}};

/* ---- names ---------------------------------------------------------------------------------- */

static void rename_arguments(JsonObject *config, const char *class_name) {
    for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
        JsonNode *value = fvi_keras_member(config, arguments[i].old);
        if (!value || json_object_has_member(config, arguments[i].now)) continue;
        if (arguments[i].but && !strcmp(arguments[i].but, class_name)) continue;
        json_object_set_member(config, arguments[i].now, json_node_copy(value));
        json_object_remove_member(config, arguments[i].old);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (!strcmp(fvi_keras_text(config, words[i].key, ""), words[i].old))
            json_object_set_string_member(config, words[i].key, words[i].now);
}

/* nb_row and nb_col, or kernel_dim1 to 3, as kernel_size. */
static void join_kernel_size(JsonObject *config) {
    static const char *const keys[2][3] = {{"nb_row", "nb_col", NULL},
                                           {"kernel_dim1", "kernel_dim2", "kernel_dim3"}};
    for (int i = 0; i < 2; i++) {
        if (!json_object_has_member(config, keys[i][0])) continue;
        JsonArray *size = json_array_new();
        for (int k = 0; k < 3 && keys[i][k]; k++)
            json_array_add_int_element(size, fvi_keras_int(config, keys[i][k], 0));
        json_object_set_array_member(config, "kernel_size", size);
    }
}

/* The class since Keras 2, or NULL: the same. */
static const char *new_class(JsonObject *config, const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!strcmp(name, classes[i].old)) return classes[i].now;
    if (!strcmp(name, "BatchNormalization") && fvi_keras_int(config, "mode", 0) != 0)
        return "BatchNormalization of the batch"; /* not known */
    if (strcmp(name, "Merge") != 0 || fvi_keras_length(fvi_keras_array(config, "layers")))
        return NULL;
    const char *mode = fvi_keras_text(config, "mode", "");
    for (size_t i = 0; i < G_N_ELEMENTS(merges); i++)
        if (!strcmp(mode, merges[i].mode)) return merges[i].now;
    return NULL;
}

static void rename_layer(JsonObject *layer, JsonObject *config) {
    const char *name = fvi_keras_text(layer, "class_name", ""), *now = new_class(config, name);
    if (!strcmp(name, "Merge") && fvi_keras_member(config, "concat_axis"))
        json_object_set_int_member(config, "axis", fvi_keras_int(config, "concat_axis", -1));
    join_kernel_size(config);
    rename_arguments(config, name);
    if (now) json_object_set_string_member(layer, "class_name", now);
}

/* Every layer in a configuration. */
static void rename_in(JsonNode *node, int depth) {
    if (depth > DEPTH_MAX) return;
    if (fvi_keras_is_array(node)) {
        JsonArray *a = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(a); i++)
            rename_in(json_array_get_element(a, i), depth + 1);
    }
    if (!fvi_keras_is_object(node)) return;
    JsonObject *o = json_node_get_object(node), *config = fvi_keras_object(o, "config");
    if (config && fvi_keras_text(o, "class_name", NULL)) rename_layer(o, config);
    static const char *const inner[] = {"config", "layers", "layer"};
    for (size_t i = 0; i < G_N_ELEMENTS(inner); i++)
        rename_in(fvi_keras_member(o, inner[i]), depth + 1);
}

void fvi_keras_rename_old(fvi_keras *k) {
    if (k->version == 1) rename_in(k->config, 0);
}

/* ---- kernels -------------------------------------------------------------------------------- */

/* Axes a kernel is over; 0: the layer has none that was ever in another order. */
static int kernel_axes(const char *class_name) {
    static const struct {
        const char *name;
        int axes;
    } convolutions[] = {{"Conv1D", 1},         {"Conv2D", 2},        {"Conv3D", 3},
                        {"Convolution1D", 1},  {"Convolution2D", 2}, {"Convolution3D", 3},
                        {"Conv2DTranspose", 2}};
    for (size_t i = 0; i < G_N_ELEMENTS(convolutions); i++)
        if (!strcmp(class_name, convolutions[i].name)) return convolutions[i].axes;
    return 0;
}

/* Copies a kernel [k..][in][out].
 *   filters_first  it is [out][in][k..]
 *   turned         every axis of k.. is the other way round */
static void copy_kernel(const fvi_const *from, int n, int filters_first, int turned,
                        const fvi_shape *to, float *out) {
    int64_t at[FVI_MAX_DIMS] = {0}, stride[FVI_MAX_DIMS];
    const int64_t count = fvi_shape_count(to);
    fvi_shape_strides(&from->shape, stride);
    for (int64_t e = 0; e < count; e++) {
        int64_t source = 0;
        for (int i = 0; i < n; i++) {
            const int64_t place = turned ? to->dim[i] - 1 - at[i] : at[i];
            source += place * stride[filters_first ? i + 2 : i];
        }
        source += at[n] * stride[filters_first ? 1 : n];
        source += at[n + 1] * stride[filters_first ? 0 : n + 1];
        out[e] = (float)fvi_const_at(from, source);
        for (int i = n + 1; i >= 0 && ++at[i] == to->dim[i]; i--) at[i] = 0;
    }
}

/* Keras 1 had a second axis of 1 in Conv1D's kernels. */
static void drop_second(int n, fvi_const *c) {
    if (n != 1 || c->shape.ndim != 4 || c->shape.dim[1] != 1) return;
    c->shape = (fvi_shape){3, {c->shape.dim[0], c->shape.dim[2], c->shape.dim[3]}};
}

/* The shape [k..][in][out] of a kernel. */
static fvi_shape kernel_shape(const fvi_const *from, int n, int filters_first) {
    fvi_shape to = from->shape;
    if (!filters_first) return to;
    for (int i = 0; i < n; i++) to.dim[i] = from->shape.dim[i + 2];
    to.dim[n] = from->shape.dim[1];
    to.dim[n + 1] = from->shape.dim[0];
    return to;
}

static int has_filters_first(const fvi_keras *k, const fvi_keras_layer *l, int n) {
    return k->version == 1 && n != 1 &&
           !strcmp(fvi_keras_text(l->config, "data_format", ""), "channels_first");
}

fv_status fvi_keras_turn_old(const fvi_keras *k, const fvi_keras_layer *l, fvi_keras_weight *w,
                             fvi_pool *pool, fv_error *err) {
    const int n = kernel_axes(l->class_name), first = has_filters_first(k, l, n);
    if (first && !strcmp(w->name, "depthwise_kernel"))
        return fvi_fail(err, FV_UNSUPPORTED, "Keras 1's order of its kernels is not read");
    if (!n || strcmp(w->name, "kernel") != 0) return FV_OK;
    if (k->version == 1) drop_second(n, &w->numbers);
    if ((!first && !k->is_turned) || w->numbers.shape.ndim != n + 2) return FV_OK;
    const fvi_shape to = kernel_shape(&w->numbers, n, first);
    const int64_t count = fvi_shape_count(&to);
    float *out = count < 0 ? NULL : fvi_pool_array(pool, (size_t)count + 1, sizeof *out);
    if (!out) return fvi_fail(err, FV_NOMEM, "no memory for its kernel");
    copy_kernel(&w->numbers, n, first, k->is_turned, &to, out);
    w->numbers = (fvi_const){.dtype = FVI_F32, .shape = to, .bytes = (const uint8_t *)out};
    return FV_OK;
}
