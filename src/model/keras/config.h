/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a layer's configuration: what is not there, or of another type, has the default. */
#ifndef FVI_MODEL_KERAS_CONFIG_H
#define FVI_MODEL_KERAS_CONFIG_H

#include <json-glib/json-glib.h>
#include <stdint.h>

#include "base/shape.h"

/* A member, or NULL: none, or JSON's null. NULL allowed. */
JsonNode *fvi_keras_member(JsonObject *o, const char *key);
/* Members of a type, or NULL. */
JsonObject *fvi_keras_object(JsonObject *o, const char *key);
JsonArray *fvi_keras_array(JsonObject *o, const char *key);
const char *fvi_keras_text(JsonObject *o, const char *key, const char *otherwise);
double fvi_keras_real(JsonObject *o, const char *key, double otherwise);
int64_t fvi_keras_int(JsonObject *o, const char *key, int64_t otherwise);
int fvi_keras_bool(JsonObject *o, const char *key, int otherwise);

/* Numbers of a list, or n times the one number that stands for it. Returns how many there are, at
 * most `max`; -1: no numbers. */
int fvi_keras_ints(JsonNode *node, int64_t *out, int max);
/* Exactly n of them; 0: there are others, or none. */
int fvi_keras_sizes(JsonObject *o, const char *key, int n, int64_t *out);
/* A shape as Keras writes it: null is -1. Returns 0: it is none. */
int fvi_keras_shape(JsonNode *node, fvi_shape *out);

/* Element i of an array as an object, or NULL. */
JsonObject *fvi_keras_element(JsonArray *a, guint i);
guint fvi_keras_length(JsonArray *a);
/* Whether a node is of that kind. NULL allowed. */
int fvi_keras_is_array(JsonNode *node);
int fvi_keras_is_object(JsonNode *node);
int fvi_keras_is_text(JsonNode *node);
int fvi_keras_is_number(JsonNode *node);

#endif
