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

#endif
