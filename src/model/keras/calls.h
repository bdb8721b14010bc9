/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of layers, as a model's configuration writes them ("inbound_nodes"). */
#ifndef FVI_MODEL_KERAS_CALLS_H
#define FVI_MODEL_KERAS_CALLS_H

#include <glib.h>
#include <json-glib/json-glib.h>

/* A tensor: output `tensor` of call `node` of a layer. */
typedef struct fvi_keras_ref {
    const char *layer;
    int64_t node, tensor;
    const JsonArray *at; /* where it is written */
} fvi_keras_ref;

/* One call. */
typedef struct fvi_keras_call {
    GArray *refs;       /* fvi_keras_ref, in the order in which they stand */
    JsonArray *args;    /* Keras 3: the arguments by position; else NULL */
    JsonNode *first;    /* Keras 2: the first argument; else NULL */
    JsonObject *kwargs; /* or NULL */
} fvi_keras_call;

/* Reads element i of a layer's inbound_nodes. Returns 0: it is no call. c->refs is to be freed with
 * g_array_unref. */
int fvi_keras_call_read(JsonArray *inbound, guint i, fvi_keras_call *c);

/* Appends the tensors that a structure of lists and objects holds: the inputs or outputs of a
 * model, arguments of a call. */
void fvi_keras_refs(JsonNode *node, GArray *refs);

#endif
