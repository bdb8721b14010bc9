/* SPDX-License-Identifier: Apache-2.0 */
/* spelling: terms as text, for labels, files and the keys of random streams.
 */
#include "vis/objective/spelling.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "vis/objective/terms.h"

int fvi_is_quote(const char *text, const char *p) {
    return (*p == '\'' || *p == '"') && (p == text || strchr(" \t(,*+-", p[-1]));
}

int fvi_read_number(const char *text, double *out) {
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    if (!g_ascii_isdigit(*digits) && *digits != '.') return 0;
    if (text[strspn(text, "+-.0123456789eE")]) return 0;
    double v = g_ascii_strtod(text, &end);
    if (*end || !isfinite(v) || fabs(v) > 1e30) return 0;
    *out = v;
    return 1;
}

int fvi_read_argument(const char *text, double *out) {
    *out = INFINITY;
    return !strcmp(text, "inf") || fvi_read_number(text, out);
}

void fvi_append_number(GString *s, float x) {
    char text[FVI_FLOAT_TEXT_BYTES];
    fvi_float_text(x, text, sizeof text);
    g_string_append(s, text);
}

/* Whether a name would be read as something else: "conv:0", "a b", "tv". */
static int needs_quotes(const char *name, int alone, int has_channel) {
    const char *colon = strrchr(name, ':');
    double number;
    if (g_str_has_prefix(name, "class:") || g_str_has_prefix(name, "prob:")) return 1;
    if (!has_channel && colon && g_ascii_isdigit(colon[1])) return 1;
    if (alone) return 0;
    return !*name || strpbrk(name, " \t,()'\"*@") || strchr("+-", *name) ||
           !strcmp(name, "input") || fvi_read_number(name, &number) ||
           fvi_terms_find_picture(name, 0);
}

void fvi_append_name(GString *s, const char *name, int alone, int has_channel) {
    if (!needs_quotes(name, alone, has_channel)) {
        g_string_append(s, name);
        return;
    }
    char quote = strchr(name, '\'') ? '"' : '\'';
    g_string_append_printf(s, "%c%s%c", quote, name, quote);
}

/* A path; the reader takes none with both kinds of quotes. */
static void append_path(GString *s, const char *path) {
    const size_t length = strlen(path);
    const int blank = length && (strchr(" \t", *path) || strchr(" \t", path[length - 1]));
    const char quote = strchr(path, '"') ? '\'' : '"';
    if (blank || !length || strpbrk(path, ",()'\""))
        g_string_append_printf(s, ", %c%s%c", quote, path, quote);
    else
        g_string_append_printf(s, ", %s", path);
}

void fvi_append_unit(GString *s, const fvi_objective *o, const fvi_term *t, int alone) {
    fvi_append_name(s, o->values[t->value], alone, t->channel >= 0);
    if (t->channel >= 0) g_string_append_printf(s, ":%" PRId64, t->channel);
    for (int i = 0; i < t->n_position; i++)
        g_string_append_printf(s, "%c%" PRId64, i ? ',' : '@', t->position[i]);
}

void fvi_append_call(GString *s, const char *name, const fvi_objective *o, const fvi_term *t) {
    g_string_append_printf(s, "%s(", name);
    if (t->value < 0)
        g_string_append(s, "input");
    else
        fvi_append_unit(s, o, t, 0);
    if (t->n_position == FVI_CENTRE && t->file) g_string_append(s, "@centre");
    if (t->file) append_path(s, t->file);
    if (t->argument[0] != t->kind->usual) {
        g_string_append(s, ", ");
        fvi_append_number(s, t->argument[0]);
    }
    g_string_append_c(s, ')');
}

fvi_objective fvi_shown(const fvi_objective *o) {
    fvi_objective shown = *o;
    memcpy(shown.values, o->layers, sizeof shown.values);
    return shown;
}

void fvi_append_term(GString *s, const fvi_objective *o, const fvi_term *t, int alone) {
    if (t->kind->text)
        t->kind->text(o, t, alone, s);
    else if (t->bare || t->n_position > 0)
        fvi_append_unit(s, o, t, alone);
    else
        fvi_append_call(s, t->kind->name, o, t);
}
