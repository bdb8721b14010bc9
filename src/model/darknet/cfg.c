/* SPDX-License-Identifier: Apache-2.0 */
/* Reading Darknet's .cfg files. Source: option_list.c, parser.c of Darknet. */
#include "model/darknet/cfg.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define LINES_MAX  (1 << 20)
#define NUMBER_MAX ((double)(1 << 30))

static void free_section(gpointer p) {
    fvi_cfg_section *s = p;
    g_free(s->name);
    g_hash_table_unref(s->options);
    g_free(s);
}

/* The line without blanks. */
static char *without_blanks(const char *from, size_t n) {
    GString *s = g_string_sized_new(n + 1);
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r", from[i]) && from[i]) g_string_append_c(s, from[i]);
    return g_string_free(s, FALSE);
}

static fv_status read_line(GPtrArray *sections, char *line, int number, fv_error *err) {
    fvi_cfg_section *last = sections->len ? sections->pdata[sections->len - 1] : NULL;
    const size_t n = strlen(line);
    char *equals = strchr(line, '=');
    if (!n || line[0] == '#' || line[0] == ';') return FV_OK;
    if (line[0] == '[' && n > 2 && line[n - 1] == ']') {
        fvi_cfg_section *s = g_new0(fvi_cfg_section, 1);
        s->name = g_ascii_strdown(line + 1, (gssize)n - 2);
        s->line = number;
        s->options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_ptr_array_add(sections, s);
        return FV_OK;
    }
    if (!equals || equals == line || !last)
        return fvi_fail(err, FV_FORMAT,
                        "line %d is \"%.40s\"; allowed: [section], key=value, # remark", number,
                        line);
    *equals = '\0';
    if (!g_hash_table_contains(last->options, line))
        g_hash_table_insert(last->options, g_strdup(line), g_strdup(equals + 1));
    return FV_OK;
}

fv_status fvi_cfg_read(const char *text, size_t size, GPtrArray **out, fv_error *err) {
    GPtrArray *sections = g_ptr_array_new_with_free_func(free_section);
    fv_status st = FV_OK;
    int number = 0;
    for (const char *p = text, *end = text + size; p < end && !st; number++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const size_t n = (size_t)((stop ? stop : end) - p);
        char *line = without_blanks(p, n);
        st = number < LINES_MAX ? read_line(sections, line, number + 1, err)
                                : fvi_fail(err, FV_NOMEM, "more than %d lines", LINES_MAX);
        g_free(line);
        p += n + 1;
    }
    if (st)
        g_ptr_array_unref(sections);
    else
        *out = sections;
    return st;
}

/* ---- options -------------------------------------------------------------------------------- */

const char *fvi_cfg_text(const fvi_cfg_section *s, const char *key, const char *otherwise) {
    const char *text = g_hash_table_lookup(s->options, key);
    return text ? text : otherwise;
}

double fvi_cfg_real(const fvi_cfg_section *s, const char *key, double otherwise, const char **bad) {
    const char *text = fvi_cfg_text(s, key, NULL);
    char *end;
    if (!text) return otherwise;
    const double x = g_ascii_strtod(text, &end);
    if (end != text && !*end && fabs(x) <= NUMBER_MAX) return x;
    if (!*bad) *bad = key;
    return otherwise;
}

int64_t fvi_cfg_int(const fvi_cfg_section *s, const char *key, int64_t otherwise,
                    const char **bad) {
    return (int64_t)fvi_cfg_real(s, key, (double)otherwise, bad);
}

int fvi_cfg_ints(const fvi_cfg_section *s, const char *key, int64_t *out, int max,
                 const char **bad) {
    char **parts = g_strsplit(fvi_cfg_text(s, key, ""), ",", max + 1);
    int n = 0;
    for (char **p = parts; *p && **p; p++) {
        char *end;
        const int64_t x = g_ascii_strtoll(*p, &end, 10);
        if (*end || n == max || fabs((double)x) > NUMBER_MAX) {
            if (!*bad) *bad = key;
            break;
        }
        out[n++] = x;
    }
    g_strfreev(parts);
    return n;
}
