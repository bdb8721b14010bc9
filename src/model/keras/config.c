/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON members by type. json-glib aborts or warns where a type is another one, so every
 * type is looked at first. */
#include "model/keras/config.h"

#include <math.h>

int fvi_keras_is_array(JsonNode *node) { return node && JSON_NODE_HOLDS_ARRAY(node); }
int fvi_keras_is_object(JsonNode *node) { return node && JSON_NODE_HOLDS_OBJECT(node); }

int fvi_keras_is_text(JsonNode *node) {
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

int fvi_keras_is_number(JsonNode *node) {
    if (!node || !JSON_NODE_HOLDS_VALUE(node)) return 0;
    const GType t = json_node_get_value_type(node);
    return t == G_TYPE_INT64 || t == G_TYPE_DOUBLE || t == G_TYPE_BOOLEAN;
}

static double number(JsonNode *node) {
    if (json_node_get_value_type(node) == G_TYPE_BOOLEAN) return json_node_get_boolean(node);
    return json_node_get_double(node);
}

static int64_t whole(JsonNode *node) {
    const double x = number(node);
    return fabs(x) < 9e15 ? (int64_t)x : INT64_MAX;
}

JsonNode *fvi_keras_member(JsonObject *o, const char *key) {
    JsonNode *node = o ? json_object_get_member(o, key) : NULL;
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

JsonObject *fvi_keras_object(JsonObject *o, const char *key) {
    JsonNode *node = fvi_keras_member(o, key);
    return fvi_keras_is_object(node) ? json_node_get_object(node) : NULL;
}

JsonArray *fvi_keras_array(JsonObject *o, const char *key) {
    JsonNode *node = fvi_keras_member(o, key);
    return fvi_keras_is_array(node) ? json_node_get_array(node) : NULL;
}

const char *fvi_keras_text(JsonObject *o, const char *key, const char *otherwise) {
    JsonNode *node = fvi_keras_member(o, key);
    return fvi_keras_is_text(node) ? json_node_get_string(node) : otherwise;
}

double fvi_keras_real(JsonObject *o, const char *key, double otherwise) {
    JsonNode *node = fvi_keras_member(o, key);
    return fvi_keras_is_number(node) ? number(node) : otherwise;
}

int64_t fvi_keras_int(JsonObject *o, const char *key, int64_t otherwise) {
    JsonNode *node = fvi_keras_member(o, key);
    return fvi_keras_is_number(node) ? whole(node) : otherwise;
}

int fvi_keras_bool(JsonObject *o, const char *key, int otherwise) {
    return fvi_keras_int(o, key, otherwise) != 0;
}

int fvi_keras_ints(JsonNode *node, int64_t *out, int max) {
    if (fvi_keras_is_number(node)) {
        for (int i = 0; i < max; i++) out[i] = whole(node);
        return max;
    }
    if (!fvi_keras_is_array(node)) return -1;
    JsonArray *a = json_node_get_array(node);
    const guint n = json_array_get_length(a);
    for (guint i = 0; i < n && i < (guint)max; i++) {
        JsonNode *e = json_array_get_element(a, i);
        if (!fvi_keras_is_number(e)) return -1;
        out[i] = whole(e);
    }
    return n > (guint)max ? -1 : (int)n;
}

int fvi_keras_sizes(JsonObject *o, const char *key, int n, int64_t *out) {
    return fvi_keras_ints(fvi_keras_member(o, key), out, n) == n;
}

int fvi_keras_shape(JsonNode *node, fvi_shape *out) {
    if (!fvi_keras_is_array(node)) return 0;
    JsonArray *a = json_node_get_array(node);
    const guint n = json_array_get_length(a);
    if (n > FVI_MAX_DIMS) return 0;
    *out = (fvi_shape){.ndim = (int)n};
    for (guint i = 0; i < n; i++) {
        JsonNode *e = json_array_get_element(a, i);
        out->dim[i] = fvi_keras_is_number(e) ? whole(e) : -1;
        if (out->dim[i] < -1 || out->dim[i] > FVI_MAX_ELEMENTS) return 0;
    }
    return 1;
}

JsonObject *fvi_keras_element(JsonArray *a, guint i) {
    JsonNode *node = i < fvi_keras_length(a) ? json_array_get_element(a, i) : NULL;
    return fvi_keras_is_object(node) ? json_node_get_object(node) : NULL;
}

guint fvi_keras_length(JsonArray *a) { return a ? json_array_get_length(a) : 0; }
