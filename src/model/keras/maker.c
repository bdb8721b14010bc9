/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer's configuration says of it in a few words. */
#include "model/keras/maker.h"

#include <string.h>

#include "base/error.h"
#include "model/keras/classes.h"
#include "model/keras/config.h"

#define DEPTH_MAX 64 /* of lists and objects */

void fvi_keras_make_fail(fvi_keras_maker *m, fv_status st, const char *format, const char *a,
                         const char *b) {
    if (!m->status) m->status = fvi_fail(m->err, st, format, a, b);
}

const char *fvi_keras_class_of(JsonObject *layer) {
    return fvi_keras_text(layer, "class_name", "");
}

JsonObject *fvi_keras_config_of(JsonObject *layer) { return fvi_keras_object(layer, "config"); }

const char *fvi_keras_name_of(JsonObject *layer) {
    return fvi_keras_text(fvi_keras_config_of(layer), "name",
                          fvi_keras_text(layer, "name", "layer"));
}

int fvi_keras_is_model(const char *class_name) {
    return !strcmp(class_name, "Functional") || !strcmp(class_name, "Model") ||
           !strcmp(class_name, "Sequential");
}

int fvi_keras_is_function(const fvi_keras_maker *m, JsonObject *layer) {
    const char *module = fvi_keras_text(layer, "module", NULL);
    if (module) return strstr(module, ".ops.") || g_str_has_suffix(module, ".ops");
    const char *class_name = fvi_keras_class_of(layer);
    if (m->k->version < 3 || fvi_keras_member(fvi_keras_config_of(layer), "trainable")) return 0;
    return strcmp(class_name, "InputLayer") != 0 && !fvi_keras_is_only_layer(class_name);
}

/* ---- classes of one's own ------------------------------------------------------------------- */

/* An archive says of every class which module it is from, and what it is registered as where it is
 * not Keras' own; an HDF5 file has the registered name where there is one. Source:
 * serialize_keras_object of Keras 3.15 and tf_keras 2.21. */

/* Keras' modules, and a class of others that is in the table of layers as they write it. */
static int is_known(const char *module, const char *class_name) {
    static const char *const roots[] = {"keras", "tf_keras", "tensorflow"};
    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        const size_t n = strlen(roots[i]);
        if (!strncmp(module, roots[i], n) && (!module[n] || module[n] == '.')) return 1;
    }
    return !strcmp(class_name, "FixedDropout");
}

static void rename_class(JsonObject *o) {
    const char *name = fvi_keras_text(o, "class_name", NULL);
    const char *registered = fvi_keras_text(o, "registered_name", NULL);
    if (!name || !registered || is_known(fvi_keras_text(o, "module", ""), name)) return;
    char *own = strchr(registered, '>') ? g_strdup(registered) : g_strconcat("own>", name, NULL);
    json_object_set_string_member(o, "class_name", own);
    g_free(own);
}

/* Every layer in a configuration, and layers that it holds. */
static void rename_in(JsonNode *node, int depth) {
    if (depth > DEPTH_MAX) return;
    if (fvi_keras_is_array(node)) {
        JsonArray *a = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(a); i++)
            rename_in(json_array_get_element(a, i), depth + 1);
    }
    if (!fvi_keras_is_object(node)) return;
    JsonObject *o = json_node_get_object(node);
    static const char *const inner[] = {"config",         "layers", "layer",
                                        "backward_layer", "cell",   "cells"};
    rename_class(o);
    for (size_t i = 0; i < G_N_ELEMENTS(inner); i++)
        rename_in(fvi_keras_member(o, inner[i]), depth + 1);
}

void fvi_keras_rename_own(fvi_keras *k) { rename_in(k->config, 0); }
