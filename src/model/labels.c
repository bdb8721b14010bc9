/* SPDX-License-Identifier: Apache-2.0 */
/* Class names. Those of files are made safe to print: bytes that are not UTF-8 become U+FFFD,
 * control characters become blanks.
 *
 * What it does not do: synset ids ("n01440764 tench" is one name). */
#include "model/labels.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

static char *name_clean(const char *bytes, size_t size) {
    char *s = g_utf8_make_valid(bytes, (gssize)size);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
    return g_strstrip(s);
}

fvi_labels *fvi_labels_take(char **names, int count) {
    fvi_labels *l = g_new0(fvi_labels, 1);
    l->count = count;
    l->name = names;
    for (int i = 0; i < count; i++) {
        char *clean = name_clean(names[i], strlen(names[i]));
        g_free(names[i]);
        names[i] = clean;
    }
    return l;
}

void fvi_labels_free(fvi_labels *l) {
    if (!l) return;
    for (int i = 0; i < l->count; i++) g_free(l->name[i]);
    g_free(l->name);
    g_free(l->row);
    g_free(l);
}

/* Hands the names over when there are any, else fails. */
static fv_status finish(GPtrArray *names, fvi_labels **out, fv_error *err) {
    int count = (int)names->len;
    if (!count) {
        g_ptr_array_free(names, TRUE);
        return fvi_fail(err, FV_FORMAT, "no class names");
    }
    *out = fvi_labels_take((char **)g_ptr_array_free(names, FALSE), count);
    return FV_OK;
}

static fv_status too_many(fv_error *err) {
    return fvi_fail(err, FV_FORMAT, "more than %d class names", FVI_LABELS_MAX);
}

/* Where the name begins in a line that starts with its own number, `7 hen`, `7: hen`, or with a
 * dash, `- hen`; else NULL. */
static const char *behind_number(const char *line, guint number) {
    char *end;
    while (*line == ' ') line++;
    if (line[0] == '-' && line[1] == ' ') return line + 2;
    if (!g_ascii_isdigit(*line) || g_ascii_strtoull(line, &end, 10) != number) return NULL;
    return *end && strchr(" \t:,", *end) ? end + 1 : NULL;
}

/* Takes the numbers off, where every line has its own. */
static int drop_numbers(const GPtrArray *lines) {
    for (guint i = 0; i < lines->len; i++)
        if (lines->len < 2 || !behind_number(g_ptr_array_index(lines, i), i)) return 0;
    for (guint i = 0; i < lines->len; i++) {
        char *line = g_ptr_array_index(lines, i);
        lines->pdata[i] = g_strdup(behind_number(line, i));
        g_free(line);
    }
    return 1;
}

/* Takes WordNet's ids off ("n01440764 tench"), where every line has one. */
static void drop_synsets(const GPtrArray *lines) {
    for (guint i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        if (line[0] != 'n' || strspn(line + 1, "0123456789") != 8 || line[9] != ' ') return;
    }
    for (guint i = 0; i < lines->len; i++) {
        char *line = lines->pdata[i];
        memmove(line, line + 10, strlen(line + 10) + 1);
    }
}

/* Orders lines by the numbers that they start with, where these are `first` to first + n - 1, each
 * once, and takes the numbers off. */
static int order_by_numbers(const GPtrArray *lines, guint first) {
    const guint n = lines->len;
    char **ordered = g_new0(char *, n);
    guint placed = 0;
    for (; placed < n; placed++) {
        const char *line = lines->pdata[placed];
        const guint64 at = g_ascii_strtoull(line, NULL, 10);
        const char *name = at >= first && at - first < n ? behind_number(line, (guint)at) : NULL;
        if (!name || *line == '-' || ordered[at - first]) break;
        ordered[at - first] = g_strdup(name);
    }
    const int all = n > 1 && placed == n;
    for (guint i = 0; i < n; i++) {
        char *unused = all ? lines->pdata[i] : ordered[i];
        if (all) lines->pdata[i] = ordered[i];
        g_free(unused);
    }
    g_free(ordered);
    return all;
}

fv_status fvi_labels_from_lines(const char *text, size_t size, fvi_labels **out, fv_error *err) {
    if (size && memchr(text, 0, size))
        return fvi_fail(err, FV_FORMAT, "no text with a class name each line, but binary");
    while (size && strchr("\r\n \t", text[size - 1])) size--;
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, size -= 3;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (size_t from = 0; from < size;) { /* an empty file is mapped to NULL */
        const char *stop = memchr(text + from, '\n', size - from);
        size_t length = stop ? (size_t)(stop - text) - from : size - from;
        if (names->len == FVI_LABELS_MAX) {
            g_ptr_array_free(names, TRUE);
            return too_many(err);
        }
        g_ptr_array_add(names, g_strndup(text + from, length));
        from += length + 1;
    }
    drop_synsets(names);
    const int ordered =
        !drop_numbers(names) && (order_by_numbers(names, 0) || order_by_numbers(names, 1));
    char *row = names->len == 1 ? g_strdup(names->pdata[0]) : NULL;
    fv_status st = finish(names, out, err);
    if (!st) {
        (*out)->remark = ordered ? "classes are ordered by the numbers before their names" : NULL;
        (*out)->row = g_steal_pointer(&row);
    }
    g_free(row);
    return st;
}

fv_status fvi_labels_decode(const char *bytes, size_t size, char **out, fv_error *err) {
    const char *mark[] = {"\xff\xfe", "\xfe\xff"}, *charset[] = {"UTF-16LE", "UTF-16BE"};
    for (int i = 0; i < 2 && size >= 2; i++) {
        if (memcmp(bytes, mark[i], 2) != 0) continue;
        *out = g_convert(bytes + 2, (gssize)size - 2, "UTF-8", charset[i], NULL, NULL, NULL);
        return *out ? FV_OK : fvi_fail(err, FV_FORMAT, "damaged %s; allowed: UTF-8", charset[i]);
    }
    if (size && memchr(bytes, 0, size))
        return fvi_fail(err, FV_FORMAT, "no text with a class name each line, but binary");
    *out = size ? g_strndup(bytes, size) : g_strdup("");
    return FV_OK;
}

/* ---- other readings ------------------------------------------------------------------------- */

static int is_kept(const char *name, int no_empty, int no_comments) {
    if (no_empty && !*name) return 0;
    return !no_comments || !(*name == '#' || g_str_has_prefix(name, "//"));
}

/* The names without those lines. */
static fvi_labels *without(const fvi_labels *l, int no_empty, int no_comments) {
    char **names = g_new0(char *, l->count);
    int n = 0;
    for (int i = 0; i < l->count; i++)
        if (is_kept(l->name[i], no_empty, no_comments)) names[n++] = g_strdup(l->name[i]);
    return fvi_labels_take(names, n);
}

/* The names behind a first line that is a heading ("id,name", "names:"), where the others have
 * their numbers; else NULL. */
static fvi_labels *headed(const fvi_labels *l) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (int i = 1; i < l->count; i++) g_ptr_array_add(names, g_strdup(l->name[i]));
    const int numbered = drop_numbers(names) || order_by_numbers(names, 0);
    const int count = (int)names->len;
    char **list = (char **)g_ptr_array_free(names, FALSE);
    fvi_labels *all = fvi_labels_take(list, count);
    if (numbered) return all;
    fvi_labels_free(all);
    return NULL;
}

/* The one line, split. */
static fvi_labels *split(const fvi_labels *l, const char *at) {
    char **names = g_strsplit(l->row, at, FVI_LABELS_MAX);
    return fvi_labels_take(names, (int)g_strv_length(names));
}

const char *fvi_labels_reading(const fvi_labels *l, int which, fvi_labels **out) {
    static const struct {
        int no_empty, no_comments;
        const char *separator, *what;
    } readings[] = {{0, 0, NULL, "its first line is left out"},
                    {1, 0, NULL, "its empty lines are left out"},
                    {0, 1, NULL, "its comments are left out"},
                    {1, 1, NULL, "its comments and empty lines are left out"},
                    {0, 0, "\t", "its one line is split at tabs"},
                    {0, 0, ";", "its one line is split at ;"},
                    {0, 0, "|", "its one line is split at |"},
                    {0, 0, ",", "its one line is split at commas"}};
    if (which >= (int)G_N_ELEMENTS(readings)) return NULL;
    const char *separator = readings[which].separator;
    *out = NULL;
    if (!which)
        *out = headed(l);
    else if (!separator)
        *out = without(l, readings[which].no_empty, readings[which].no_comments);
    else if (l->row)
        *out = split(l, separator);
    return readings[which].what;
}

/* ---- files, arrays, JSON -------------------------------------------------------------------- */

fv_status fvi_labels_from_array(const char *const *names, int count, fvi_labels **out,
                                fv_error *err) {
    if (count < 1 || count > FVI_LABELS_MAX)
        return fvi_fail(err, FV_ARG, "class_count is %d; allowed: 0 to %d", count, FVI_LABELS_MAX);
    if (!names) return fvi_fail(err, FV_ARG, "class_names is NULL, class_count %d", count);
    for (int i = 0; i < count; i++)
        if (!names[i] || !g_utf8_validate(names[i], -1, NULL))
            return fvi_fail(err, FV_ARG, "class name %d is %s; allowed: UTF-8", i,
                            names[i] ? "not UTF-8" : "NULL");
    char **copy = g_new0(char *, count);
    for (int i = 0; i < count; i++) copy[i] = g_strdup(names[i]);
    *out = fvi_labels_take(copy, count);
    return FV_OK;
}

static int is_string(JsonNode *n) {
    return JSON_NODE_HOLDS_VALUE(n) && json_node_get_value_type(n) == G_TYPE_STRING;
}

fv_status fvi_labels_from_json(JsonNode *node, fvi_labels **out, fv_error *err) {
    JsonArray *a = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = a ? json_array_get_length(a) : 0;
    if (!n || n > FVI_LABELS_MAX)
        return fvi_fail(err, FV_FORMAT, "%s; allowed: an array of 1 to %d texts",
                        a ? n ? "too many class names" : "no class names"
                          : "class names are not an array",
                        FVI_LABELS_MAX);
    char **names = g_new0(char *, n);
    for (guint i = 0; i < n; i++) {
        JsonNode *e = json_array_get_element(a, i);
        names[i] = g_strdup(is_string(e) ? json_node_get_string(e) : "");
        if (is_string(e)) continue;
        fvi_labels_free(fvi_labels_take(names, (int)i + 1));
        return fvi_fail(err, FV_FORMAT, "class name %u is not a string; allowed: texts in quotes",
                        i);
    }
    *out = fvi_labels_take(names, (int)n);
    return FV_OK;
}

fv_status fvi_labels_from_text(const char *text, fvi_labels **out, fv_error *err) {
    while (g_ascii_isspace(*text)) text++;
    if (*text != '[') return fvi_labels_from_lines(text, strlen(text), out, err);
    JsonNode *root = NULL;
    fv_status st = fvi_json_parse(text, strlen(text), &root, err);
    if (!st) st = fvi_labels_from_json(root, out, err);
    if (root) json_node_unref(root);
    return st;
}

/* Letters and digits of a name in small letters. */
static char *name_key(const char *name, size_t size) {
    char *fold = g_utf8_casefold(name, (gssize)size);
    GString *key = g_string_new(NULL);
    for (const char *p = fold; *p; p = g_utf8_next_char(p))
        if (g_unichar_isalnum(g_utf8_get_char(p))) g_string_append_unichar(key, g_utf8_get_char(p));
    g_free(fold);
    return g_string_free(key, FALSE);
}

static int key_matches(const char *name, size_t size, const char *key) {
    char *k = name_key(name, size);
    int same = !strcmp(k, key);
    g_free(k);
    return same;
}

/* Whether one of the names between commas matches. */
static int part_matches(const char *name, const char *key) {
    for (;;) {
        size_t n = strcspn(name, ",");
        if (key_matches(name, n, key)) return 1;
        if (!name[n]) return 0;
        name += n + 1;
    }
}

int fvi_labels_find(const fvi_labels *l, const char *name, int *other) {
    *other = -1;
    if (!l || !g_utf8_validate(name, -1, NULL)) return -1;
    char *key = name_key(name, strlen(name));
    int found[2] = {-1, -1}, n = 0;
    for (int i = 0; key[0] && n < 2 && i < l->count; i++)
        if (key_matches(l->name[i], strlen(l->name[i]), key)) found[n++] = i;
    for (int i = 0, whole = n; key[0] && !whole && n < 2 && i < l->count; i++)
        if (part_matches(l->name[i], key)) found[n++] = i;
    g_free(key);
    *other = found[1];
    return found[0];
}
