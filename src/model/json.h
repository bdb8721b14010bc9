/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that comes from files, read safely, and texts quoted for JSON. */
#ifndef FVI_MODEL_JSON_H
#define FVI_MODEL_JSON_H

#include <json-glib/json-glib.h>

#include "fovea/fovea.h"

/* Parses a text that is valid UTF-8 and nested at most 32 deep, and in which no object has a
 * key twice; *out to be unref'ed. */
fv_status fvi_json_parse(const char *text, size_t size, JsonNode **out, fv_error *err);
/* Appends "text" with its quotes and escapes. */
void fvi_json_quote(GString *to, const char *text);

/* Members of an object by type: json-glib warns, or aborts, where a type is another one. NULL, or
 * `otherwise`, where there is none of that key and type; `o` may be NULL. */
JsonNode *fvi_json_member(JsonObject *o, const char *key); /* NULL for null, too */
JsonObject *fvi_json_object(JsonObject *o, const char *key);
JsonArray *fvi_json_array(JsonObject *o, const char *key);
const char *fvi_json_text(JsonObject *o, const char *key, const char *otherwise);
int64_t fvi_json_int(JsonObject *o, const char *key, int64_t otherwise); /* true is 1 */
/* The same of a node, which may be NULL. */
JsonObject *fvi_json_as_object(JsonNode *node);
JsonArray *fvi_json_as_array(JsonNode *node);
const char *fvi_json_as_text(JsonNode *node);
/* Whether the node is a number, true or false; *i: rounded towards 0 and clamped, *x: as it is. */
int fvi_json_as_number(JsonNode *node, int64_t *i, double *x);

#endif
