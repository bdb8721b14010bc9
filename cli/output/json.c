/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on stdout. Everything is built first and printed at once: a command that fails half way
 * prints no half document. Numbers that JSON cannot say (NaN, infinities) become null.
 */
#include "json.h"

#include <math.h>

#include "report.h"

void cli_json_text(JsonBuilder *b, const char *name, const char *text) {
    json_builder_set_member_name(b, name);
    char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    if (valid)
        json_builder_add_string_value(b, valid);
    else
        json_builder_add_null_value(b);
    g_free(valid);
}

void cli_json_int(JsonBuilder *b, const char *name, int64_t value) {
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

void cli_json_number(JsonBuilder *b, const char *name, double value) {
    json_builder_set_member_name(b, name);
    cli_json_element(b, value);
}

void cli_json_element(JsonBuilder *b, double value) {
    if (isfinite(value))
        json_builder_add_double_value(b, value);
    else
        json_builder_add_null_value(b);
}

void cli_json_sizes(JsonBuilder *b, const char *name, int count, const int64_t *value) {
    json_builder_set_member_name(b, name);
    if (count < 0) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_array(b);
    for (int i = 0; i < count; i++) json_builder_add_int_value(b, value[i]);
    json_builder_end_array(b);
}

void cli_json_raw(JsonBuilder *b, const char *name, const char *json) {
    JsonNode *node = json ? json_from_string(json, NULL) : NULL;
    json_builder_set_member_name(b, name);
    if (node)
        json_builder_add_value(b, node); /* takes it */
    else
        json_builder_add_null_value(b);
}

void cli_json_print(JsonBuilder *b) {
    JsonNode *root = json_builder_get_root(b);
    char *text = json_to_string(root, TRUE);
    cli_put(text);
    cli_put("\n");
    g_free(text);
    json_node_unref(root);
    g_object_unref(b);
}
