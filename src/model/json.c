/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from files. json-glib parses by recursion without a limit, so the nesting is counted first;
 * of a key that stands twice it keeps the last value, so the members of each object are counted. */
#include "model/json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define NESTING_MAX 32

static int nesting(const char *text, size_t size) {
    int depth = 0, deepest = 0, quoted = 0;
    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '[' || text[i] == '{')) {
            if (++depth > deepest) deepest = depth;
        } else if (!quoted && (text[i] == ']' || text[i] == '}'))
            depth--;
    }
    return deepest;
}

/* What was met while parsing. */
typedef struct members {
    GHashTable *count; /* of the members that each object's text has had so far */
    char *repeated;    /* the first key that stands twice in an object; or NULL */
} members;

static void count_member(JsonParser *parser, JsonObject *o, const char *key, gpointer data) {
    (void)parser;
    members *m = data;
    const guint n = GPOINTER_TO_UINT(g_hash_table_lookup(m->count, o)) + 1;
    g_hash_table_insert(m->count, o, GUINT_TO_POINTER(n));
    if (n > json_object_get_size(o) && !m->repeated) m->repeated = g_strdup(key);
}

/* json-glib calls the text "<data>", and says at which line and byte of it. */
static fv_status no_json(const GError *e, fv_error *err) {
    static const char name[] = "<data>:";
    const int named = g_str_has_prefix(e->message, name);
    return fvi_fail(err, FV_FORMAT, "not JSON: %s%s", named ? "line " : "",
                    e->message + (named ? strlen(name) : 0));
}

fv_status fvi_json_parse(const char *text, size_t size, JsonNode **out, fv_error *err) {
    if (!size || !g_utf8_validate(text, (gssize)size, NULL))
        return fvi_fail(err, FV_FORMAT, "not JSON: %s", size ? "not UTF-8" : "empty");
    if (nesting(text, size) > NESTING_MAX)
        return fvi_fail(err, FV_FORMAT, "JSON nested more than %d deep", NESTING_MAX);
    GError *error = NULL;
    JsonParser *parser = json_parser_new_immutable();
    members m = {.count = g_hash_table_new(NULL, NULL)};
    g_signal_connect(parser, "object-member", G_CALLBACK(count_member), &m);
    fv_status st = FV_OK;
    if (!json_parser_load_from_data(parser, text, (gssize)size, &error))
        st = no_json(error, err);
    else if (m.repeated)
        st = fvi_fail(err, FV_FORMAT, "the key \"%.64s\" stands twice; allowed: once", m.repeated);
    else if (!json_parser_get_root(parser))
        st = fvi_fail(err, FV_FORMAT, "not JSON: empty");
    else
        *out = json_node_ref(json_parser_get_root(parser));
    g_clear_error(&error);
    g_object_unref(parser);
    g_hash_table_destroy(m.count);
    g_free(m.repeated);
    return st;
}

void fvi_json_quote(GString *to, const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(to, '"');
    for (const char *p = valid; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            g_string_append_printf(to, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            g_string_append_printf(to, "\\u%04x", c);
        else
            g_string_append_c(to, (char)c);
    }
    g_string_append_c(to, '"');
    g_free(valid);
}

/* ---- reading by type ------------------------------------------------------------------------ */

JsonObject *fvi_json_as_object(JsonNode *node) {
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *fvi_json_as_array(JsonNode *node) {
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

const char *fvi_json_as_text(JsonNode *node) {
    const int is_text =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
    return is_text ? json_node_get_string(node) : NULL;
}

int fvi_json_as_number(JsonNode *node, int64_t *i, double *x) {
    if (!node || !JSON_NODE_HOLDS_VALUE(node)) return 0;
    const GType t = json_node_get_value_type(node);
    if (t == G_TYPE_INT64) {
        *i = json_node_get_int(node);
        *x = (double)*i;
    } else if (t == G_TYPE_DOUBLE) {
        *x = json_node_get_double(node);
        *i = !(fabs(*x) < 9e18) ? (*x < 0 ? INT64_MIN : INT64_MAX) : (int64_t)*x;
    } else if (t == G_TYPE_BOOLEAN) {
        *i = json_node_get_boolean(node);
        *x = (double)*i;
    } else {
        return 0;
    }
    return 1;
}

JsonNode *fvi_json_member(JsonObject *o, const char *key) {
    JsonNode *node = o ? json_object_get_member(o, key) : NULL;
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

JsonObject *fvi_json_object(JsonObject *o, const char *key) {
    return fvi_json_as_object(fvi_json_member(o, key));
}

JsonArray *fvi_json_array(JsonObject *o, const char *key) {
    return fvi_json_as_array(fvi_json_member(o, key));
}

const char *fvi_json_text(JsonObject *o, const char *key, const char *otherwise) {
    const char *text = fvi_json_as_text(fvi_json_member(o, key));
    return text ? text : otherwise;
}

int64_t fvi_json_int(JsonObject *o, const char *key, int64_t otherwise) {
    int64_t i;
    double x;
    return fvi_json_as_number(fvi_json_member(o, key), &i, &x) ? i : otherwise;
}
