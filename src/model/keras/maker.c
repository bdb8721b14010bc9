/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer's configuration says of it in a few words. */
#include "model/keras/maker.h"

#include <string.h>

#include "base/error.h"
#include "model/keras/config.h"

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
    return m->k->version >= 3 && !fvi_keras_member(fvi_keras_config_of(layer), "trainable") &&
           strcmp(fvi_keras_class_of(layer), "InputLayer") != 0;
}
