/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on stdout: json-glib's builder, with the few things we say again and again. */
#ifndef FOVEA_CLI_JSON_H
#define FOVEA_CLI_JSON_H

#include <json-glib/json-glib.h>
#include <stdint.h>

/* Members of the object being built. A NULL text and a number that is not finite become null;
 * text that is not UTF-8 is mended. */
void cli_json_text(JsonBuilder *b, const char *name, const char *text);
void cli_json_int(JsonBuilder *b, const char *name, int64_t value);
void cli_json_number(JsonBuilder *b, const char *name, double value);
/* An element of the array being built; null if it is not finite. */
void cli_json_element(JsonBuilder *b, double value);
/* null where count is -1. */
void cli_json_sizes(JsonBuilder *b, const char *name, int count, const int64_t *value);
/* A value that is JSON already; null if it is not. */
void cli_json_raw(JsonBuilder *b, const char *name, const char *json);

/* Prints what was built, with a newline, and frees the builder. */
void cli_json_print(JsonBuilder *b);

#endif
