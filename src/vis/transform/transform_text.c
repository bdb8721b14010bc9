/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms as text: "pad(12;grey) jitter(8) rotate(-10,10,5)".
 *
 *   list = [none | transform {transform}]
 *   transform = name [ '(' [argument {',' argument}] [';' edge] ')' ]
 *   argument = value | NAME '=' value | "edge" '=' edge
 *
 * with spaces anywhere between these; after an argument by name all are. They are written without
 * their names. Numbers are decimal; "nan", "inf" and hexadecimal are none.
 * Omitted arguments are 0, except crop's second window: it is then the first. The text may have any
 * length; errors quote its first few characters.
 */
#include "vis/transform/transform_text.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "vis/transform/transform_kind.h"

#define QUOTED 24 /* characters of foreign text in an error */
#define SPACES " \t\r\n"

static const char *const edges[] = {"zero", "grey", "reflect", "wrap", "repeat"};
enum { EDGES = sizeof edges / sizeof *edges };

fv_status fvi_transforms_check(const fvi_transforms *t, fv_error *err) {
    fvi_transform full;
    if (t->count < 0 || t->count > FVI_MAX_TRANSFORMS)
        return fvi_fail(err, FV_ARG, "transforms: %d of them; allowed: 0..%d", t->count,
                        FVI_MAX_TRANSFORMS);
    fv_status st = FV_OK;
    for (int i = 0; i < t->count && !st; i++) st = fvi_transform_check(&t->list[i], &full, err);
    return st;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Where reading has got to. */
typedef struct reader {
    const char *at;
    const char *name; /* of the transform being read */
} reader;

/* How many bytes of the next `length` an error quotes; it does not cut UTF-8 characters. */
static int quote(const char *text, size_t length) {
    size_t n = strnlen(text, length < QUOTED ? length : QUOTED);
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    return (int)n;
}

static void skip_spaces(reader *r) { r->at += strspn(r->at, SPACES); }

/* Takes `c`, if it is what comes next. */
static int take(reader *r, char c) {
    skip_spaces(r);
    if (*r->at != c) return 0;
    r->at++;
    return 1;
}

static fv_status fail_unknown_name(const char *word, int length, fv_error *err) {
    GString *names = g_string_new(NULL);
    for (int k = 1; fvi_transform_find(k); k++)
        g_string_append_printf(names, "%s%s", k > 1 ? ", " : "", fvi_transform_find(k)->name);
    fvi_fail(err, FV_ARG, "transforms: \"%.*s\" is none of %s", quote(word, (size_t)length), word,
             names->str);
    g_string_free(names, TRUE);
    return FV_ARG;
}

static fv_status read_name(reader *r, fvi_transform *t, fv_error *err) {
    int length = (int)strcspn(r->at, SPACES "(),;");
    for (int k = 1; fvi_transform_find(k); k++) {
        const char *name = fvi_transform_find(k)->name;
        if (length != (int)strlen(name) || strncmp(r->at, name, (size_t)length) != 0) continue;
        t->kind = (fvi_transform_kind)k;
        r->name = name;
        r->at += length;
        return FV_OK;
    }
    return fail_unknown_name(r->at, length ? length : 1, err);
}

static fv_status read_number(reader *r, float *v, fv_error *err) {
    char word[40], *end;
    skip_spaces(r);
    size_t length = strspn(r->at, "0123456789+-.eE");
    if (length == 0 || length >= sizeof word)
        return fvi_fail(err, FV_ARG, "transforms: %s: a number expected at \"%.*s\"", r->name,
                        quote(r->at, QUOTED), r->at);
    memcpy(word, r->at, length);
    word[length] = 0;
    *v = (float)g_ascii_strtod(word, &end);
    if (*end || !isfinite(*v))
        return fvi_fail(err, FV_ARG, "transforms: %s: \"%.*s\" is no number that can be used",
                        r->name, quote(word, QUOTED), word);
    r->at += length;
    return FV_OK;
}

static fv_status read_edge(reader *r, fvi_transform *t, fv_error *err) {
    skip_spaces(r);
    size_t length = strcspn(r->at, SPACES "(),;");
    if (!fvi_transform_find(t->kind)->takes_edge)
        return fvi_fail(err, FV_ARG, "transforms: %s has no edge, and \"%.*s\" is given", r->name,
                        quote(r->at, length), r->at);
    for (int i = 0; i < EDGES; i++)
        if (length == strlen(edges[i]) && strncmp(r->at, edges[i], length) == 0) {
            t->edge = (fvi_edge)i;
            r->at += length;
            return FV_OK;
        }
    return fvi_fail(err, FV_ARG,
                    "transforms: %s: edge \"%.*s\" is none of zero, grey, reflect, wrap, repeat",
                    r->name, quote(r->at, length), r->at);
}

static fv_status fail_count(const fvi_transform_entry *entry, const char *given, fv_error *err) {
    char range[32];
    g_snprintf(range, sizeof range, entry->least == entry->most ? "%d" : "%d to %d", entry->least,
               entry->most);
    return fvi_fail(err, FV_ARG, "transforms: %s takes %s number%s; %s given", entry->name, range,
                    entry->most == 1 ? "" : "s", given);
}

/* Which arguments were given. */
typedef struct given {
    int count, named; /* how many; whether some by name */
    unsigned mask;
} given;

/* The name before '=', which is then behind the reader; NULL where there is none. */
static const char *read_argument_name(reader *r, size_t *length) {
    const char *name = r->at;
    *length = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    const char *rest = name + *length + strspn(name + *length, SPACES);
    if (!*length || *rest != '=') return NULL;
    r->at = rest + 1;
    return name;
}

/* Which argument has that name, or -1. */
static int find_argument(const fvi_transform_entry *entry, const char *name, size_t length) {
    for (int i = 0; i < entry->most; i++)
        if (length == strlen(entry->argument[i].name) &&
            strncmp(name, entry->argument[i].name, length) == 0)
            return i;
    return -1;
}

static fv_status fail_argument_name(const fvi_transform_entry *entry, const char *name,
                                    size_t length, fv_error *err) {
    GString *names = g_string_new(NULL);
    for (int i = 0; i < entry->most; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", entry->argument[i].name);
    if (entry->takes_edge) g_string_append_printf(names, "%sedge", entry->most ? ", " : "");
    fvi_fail(err, FV_ARG, "transforms: %s has no argument \"%.*s\"; %s%s", entry->name,
             quote(name, length), name, names->len ? "it has " : "it has none", names->str);
    g_string_free(names, TRUE);
    return FV_ARG;
}

/* The place of the next word among "a|b|c", which is then behind the reader; -1: none of them. */
static int read_word(reader *r, const char *words) {
    const size_t length = strcspn(r->at, SPACES "(),;");
    for (int i = 0; words && length; i++) {
        const size_t n = strcspn(words, "|");
        if (n == length && strncmp(words, r->at, n) == 0) {
            r->at += length;
            return i;
        }
        if (!words[n]) break;
        words += n + 1;
    }
    return -1;
}

/* The value of argument i: a number, or one of its words. */
static fv_status read_value(reader *r, fvi_transform *t, int i, given *g, fv_error *err) {
    skip_spaces(r);
    const fvi_argument *a = &fvi_transform_find(t->kind)->argument[i];
    if (g->mask & 1u << i)
        return fvi_fail(err, FV_ARG, "transforms: %s: %s is given twice", r->name, a->name);
    g->mask |= 1u << i;
    g->count++;
    const int word = read_word(r, a->words);
    if (word < 0) return read_number(r, &t->v[i], err);
    t->v[i] = (float)word;
    return FV_OK;
}

/* "12" or "pixels=12", or "edge=grey". */
static fv_status read_argument(reader *r, fvi_transform *t, given *g, fv_error *err) {
    const fvi_transform_entry *entry = fvi_transform_find(t->kind);
    size_t length;
    skip_spaces(r);
    const char *name = read_argument_name(r, &length);
    if (!name && g->named)
        return fvi_fail(err, FV_ARG, "transforms: %s: NAME=VALUE expected at \"%.*s\"", r->name,
                        quote(r->at, QUOTED), r->at);
    if (!name && g->count == entry->most) return fail_count(entry, "more are", err);
    if (!name) return read_value(r, t, g->count, g, err);
    g->named = 1;
    if (entry->takes_edge && length == 4 && strncmp(name, "edge", length) == 0)
        return read_edge(r, t, err);
    const int i = find_argument(entry, name, length);
    return i < 0 ? fail_argument_name(entry, name, length, err) : read_value(r, t, i, g, err);
}

/* "(12;grey)". */
static fv_status read_arguments(reader *r, fvi_transform *t, given *g, fv_error *err) {
    fv_status st = FV_OK;
    if (!take(r, '(') || take(r, ')')) return FV_OK;
    skip_spaces(r);
    for (int more = *r->at != ';'; st == FV_OK && more; more = st == FV_OK && take(r, ','))
        st = read_argument(r, t, g, err);
    if (st == FV_OK && take(r, ';')) st = read_edge(r, t, err);
    if (st == FV_OK && !take(r, ')'))
        st = fvi_fail(err, FV_ARG, "transforms: %s: ')' expected at \"%.*s\"", r->name,
                      quote(r->at, QUOTED), r->at);
    return st;
}

static fv_status read_transform(reader *r, fvi_transform *out, fv_error *err) {
    fvi_transform t = {0};
    given g = {0};
    fv_status st = read_name(r, &t, err);
    if (st == FV_OK) st = read_arguments(r, &t, &g, err);
    if (st) return st;
    const fvi_transform_entry *entry = fvi_transform_find(t.kind);
    for (int i = 0; i < entry->least; i++) {
        char count[8];
        if (g.mask & 1u << i) continue;
        g_snprintf(count, sizeof count, "%d", g.count);
        if (!g.named) return fail_count(entry, count, err);
        return fvi_fail(err, FV_ARG, "transforms: %s: %s is not given", entry->name,
                        entry->argument[i].name);
    }
    return fvi_transform_check(&t, out, err);
}

fv_status fvi_transforms_parse(const char *text, fvi_transforms *out, fv_error *err) {
    fvi_transforms list = {0};
    reader r = {.at = text};
    skip_spaces(&r);
    if (g_str_has_prefix(r.at, "none")) {
        reader rest = {.at = r.at + 4};
        skip_spaces(&rest);
        if (*rest.at == 0) r = rest;
    }
    while (*r.at) {
        if (list.count == FVI_MAX_TRANSFORMS)
            return fvi_fail(err, FV_ARG, "transforms: more than %d at \"%.*s\"", FVI_MAX_TRANSFORMS,
                            quote(r.at, QUOTED), r.at);
        fv_status st = read_transform(&r, &list.list[list.count], err);
        if (st) return st;
        list.count++;
        skip_spaces(&r);
    }
    *out = list;
    return FV_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* The shortest decimal that reads back as v. */
static void append_number(GString *s, float v) {
    char text[32], format[8];
    if (v == floorf(v) && fabsf(v) < 1e7f) {
        g_string_append_printf(s, "%d", (int)v);
        return;
    }
    for (int digits = 1; digits <= 9; digits++) {
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, (double)v);
        if ((float)g_ascii_strtod(text, NULL) == v) break;
    }
    g_string_append(s, text);
}

/* How many numbers must be written: the rest is what leaving them out means. */
static int needed(const fvi_transform *t, const fvi_transform_entry *entry) {
    int n = entry->most;
    while (n > entry->least && t->v[n - 1] == 0) n--;
    if (t->kind == FVI_TRANSFORM_CROP && n <= 4 && t->v[2] == t->v[0] && t->v[3] == t->v[1]) n = 2;
    return n;
}

void fvi_transforms_text(const fvi_transforms *t, char *text, size_t size) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < t->count && i < FVI_MAX_TRANSFORMS; i++) {
        fvi_transform full = t->list[i];
        if (fvi_transform_check(&t->list[i], &full, NULL)) continue;
        const fvi_transform_entry *entry = fvi_transform_find(full.kind);
        g_string_append_printf(s, "%s%s(", s->len ? " " : "", entry->name);
        int n = needed(&full, entry);
        for (int k = 0; k < n; k++) {
            if (k) g_string_append_c(s, ',');
            append_number(s, full.v[k]);
        }
        if (full.edge) g_string_append_printf(s, ";%s", edges[full.edge]);
        g_string_append_c(s, ')');
    }
    g_strlcpy(text, s->len ? s->str : "none", size);
    g_string_free(s, TRUE);
}
