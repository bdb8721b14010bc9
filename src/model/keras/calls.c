/* SPDX-License-Identifier: Apache-2.0 */
/* Reading calls and tensors:
 *   Keras 3   {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["conv1", 0,
 *             0]}}, 1.0], "kwargs": {...}}
 *   Keras 2   [["conv1", 0, 0, {"y": ["conv2", 0, 0]}], ...], and what stands in the place of a
 *             tensor that is a number: ["_CONSTANT_VALUE", -1, 1.0, {}]
 */
#include "model/keras/calls.h"

#include <string.h>

#include "model/keras/config.h"

#define DEPTH_MAX 32 /* as JSON itself is read: model/json.c */

/* Whether a list is ["layer", 0, 0, ...]. */
static int is_ref(JsonArray *a) {
    return json_array_get_length(a) >= 3 && fvi_keras_is_text(json_array_get_element(a, 0)) &&
           fvi_keras_is_number(json_array_get_element(a, 1)) &&
           fvi_keras_is_number(json_array_get_element(a, 2)) &&
           json_array_get_int_element(a, 1) >= 0;
}

static void add_ref(JsonArray *a, GArray *refs) {
    const fvi_keras_ref r = {json_array_get_string_element(a, 0), json_array_get_int_element(a, 1),
                             json_array_get_int_element(a, 2), a};
    g_array_append_val(refs, r);
}

static void add_members(JsonObject *o, GArray *refs) {
    GList *names = json_object_get_members(o);
    for (GList *n = names; n; n = n->next) fvi_keras_refs(json_object_get_member(o, n->data), refs);
    g_list_free(names);
}

void fvi_keras_refs(JsonNode *node, GArray *refs) {
    if (fvi_keras_is_object(node)) {
        JsonObject *o = json_node_get_object(node);
        if (!strcmp(fvi_keras_text(o, "class_name", ""), "__keras_tensor__"))
            fvi_keras_refs(fvi_keras_member(fvi_keras_object(o, "config"), "keras_history"), refs);
        else
            add_members(o, refs);
    } else if (fvi_keras_is_array(node)) {
        JsonArray *a = json_node_get_array(node);
        if (is_ref(a)) {
            add_ref(a, refs);
            JsonNode *more = json_array_get_length(a) > 3 ? json_array_get_element(a, 3) : NULL;
            if (fvi_keras_is_object(more)) fvi_keras_refs(more, refs);
            return;
        }
        for (guint i = 0; i < json_array_get_length(a); i++)
            fvi_keras_refs(json_array_get_element(a, i), refs);
    }
}

/* The keyword arguments of a call of Keras 2: those of its first tensor. */
static JsonObject *old_kwargs(JsonArray *call) {
    JsonArray *first = call;
    for (int depth = 0; depth < DEPTH_MAX && fvi_keras_length(first); depth++) {
        JsonNode *e = json_array_get_element(first, 0);
        if (!fvi_keras_is_array(e)) break;
        first = json_node_get_array(e);
    }
    return fvi_keras_element(first, 3);
}

int fvi_keras_call_read(JsonArray *inbound, guint i, fvi_keras_call *c) {
    JsonNode *node = json_array_get_element(inbound, i);
    *c = (fvi_keras_call){0};
    if (!fvi_keras_is_array(node) && !fvi_keras_is_object(node)) return 0;
    c->refs = g_array_new(FALSE, FALSE, sizeof(fvi_keras_ref));
    if (fvi_keras_is_array(node)) {
        fvi_keras_refs(node, c->refs);
        c->first = node;
        c->kwargs = old_kwargs(json_node_get_array(node));
        return 1;
    }
    JsonObject *o = json_node_get_object(node);
    c->args = fvi_keras_array(o, "args");
    c->kwargs = fvi_keras_object(o, "kwargs");
    fvi_keras_refs(fvi_keras_member(o, "args"), c->refs);
    fvi_keras_refs(fvi_keras_member(o, "kwargs"), c->refs);
    return 1;
}
