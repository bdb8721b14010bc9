/* SPDX-License-Identifier: Apache-2.0 */
/* options: reads settings from text and writes them as text, by the table of options. */
#include "vis/recipe/options.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "vis/recipe/option_table.h"
#include "vis/transform/transform_text.h"

#define NEVER     "never"     /* FVI_NEVER */
#define RECEPTIVE "receptive" /* FVI_SIZE_RECEPTIVE */
#define MAX_TEXT  2048

static fv_status refuse(const fvi_option *o, const char *text, fv_error *err) {
    char range[96];
    if (o->kind == FVI_OPTION_COUNT)
        g_snprintf(range, sizeof range, "1..%.0f or " NEVER, o->high);
    else if (o->kind == FVI_OPTION_INT)
        g_snprintf(range, sizeof range, "%.0f..%.0f", o->low, o->high);
    else if (o->kind == FVI_OPTION_FLOAT)
        g_snprintf(range, sizeof range, "%g..%g", o->low, o->high);
    else if (o->kind == FVI_OPTION_SEED)
        g_snprintf(range, sizeof range, "0..%" G_GUINT64_FORMAT, G_MAXUINT64);
    else if (o->kind == FVI_OPTION_PAIR)
        g_snprintf(range, sizeof range, "two numbers, the lower first");
    else
        g_strlcpy(range, o->shown.value, sizeof range);
    return fvi_fail(err, FV_ARG, "%s is \"%.64s\"; allowed: %s", o->shown.name, text, range);
}

/* Index of `word` among "a|b|c", from 1; 0: none. */
static int choice_index(const char *words, const char *word) {
    char **all = g_strsplit(words, "|", -1);
    int found = 0;
    for (int i = 0; all[i] && !found; i++)
        if (strcmp(all[i], word) == 0) found = i + 1;
    g_strfreev(all);
    return found;
}

static void choice_word(const char *words, int index, char *text, size_t size) {
    char **all = g_strsplit(words, "|", -1);
    int n = (int)g_strv_length(all);
    if (index >= 1 && index <= n)
        g_strlcpy(text, all[index - 1], size);
    else
        g_snprintf(text, (gulong)size, "%d", index);
    g_strfreev(all);
}

/* Reads a finite number that ends at `stop`. NULL if it is none, else what follows `stop`. */
static const char *read_number(const char *text, char stop, double *out) {
    char *end;
    if (g_ascii_isspace(*text) || strpbrk(text, "xXpP")) return NULL; /* no hexadecimal */
    double x = g_ascii_strtod(text, &end);
    if (end == text || *end != stop || !isfinite(x)) return NULL;
    *out = x;
    return stop ? end + 1 : end;
}

static fv_status set_int(const fvi_option *o, const char *text, int *field, fv_error *err) {
    double x;
    if (!read_number(text, '\0', &x) || x != floor(x) || x < o->low || x > o->high)
        return refuse(o, text, err);
    *field = (int)x;
    return FV_OK;
}

static fv_status set_count(const fvi_option *o, const char *text, int *field, fv_error *err) {
    double x;
    if (!strcmp(text, NEVER)) {
        *field = FVI_NEVER;
        return FV_OK;
    }
    if (!read_number(text, '\0', &x) || x != floor(x) || x < 1 || x > o->high)
        return refuse(o, text, err);
    *field = (int)x;
    return FV_OK;
}

static fv_status set_float(const fvi_option *o, const char *text, float *field, fv_error *err) {
    double x;
    if (!read_number(text, '\0', &x) || x < o->low || x > o->high) return refuse(o, text, err);
    *field = (float)x;
    return FV_OK;
}

static fv_status set_pair(const fvi_option *o, const char *text, float field[2], fv_error *err) {
    double x, y;
    const char *rest = read_number(text, ',', &x);
    if (!rest || !read_number(rest, '\0', &y) || x >= y || fabs(x) > FVI_OPTION_ANY ||
        fabs(y) > FVI_OPTION_ANY)
        return refuse(o, text, err);
    field[0] = (float)x;
    field[1] = (float)y;
    return FV_OK;
}

static fv_status set_size(const fvi_option *o, const char *text, int field[2], fv_error *err) {
    double w = 0, h;
    if (!strcmp(text, RECEPTIVE) || !strcmp(text, o->former_value)) {
        field[0] = field[1] = FVI_SIZE_RECEPTIVE;
        return FV_OK;
    }
    char **sides = g_strsplit(text, "x", 2);
    int fits = read_number(sides[0] ? sides[0] : "", '\0', &w) != NULL;
    h = w;
    if (fits && sides[1]) fits = read_number(sides[1], '\0', &h) != NULL;
    g_strfreev(sides);
    if (!fits) return refuse(o, text, err);
    if (w != floor(w) || h != floor(h) || w < 1 || h < 1 || w > o->high || h > o->high)
        return fvi_fail(err, FV_ARG, "size is \"%.64s\"; allowed: N or WxH, 1..%.0f, or " RECEPTIVE,
                        text, o->high);
    field[0] = (int)w;
    field[1] = (int)h;
    return FV_OK;
}

static fv_status set_seed(const fvi_option *o, const char *text, uint64_t *field, fv_error *err) {
    char *end;
    errno = 0;
    guint64 x = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end || errno) return refuse(o, text, err);
    *field = x;
    return FV_OK;
}

static fv_status set_word(const fvi_option *o, const char *text, int *field, fv_error *err) {
    int index = choice_index(o->shown.value, text);
    if (!index && o->former_value) index = choice_index(o->former_value, text);
    if (!index) return refuse(o, text, err);
    *field = o->kind == FVI_OPTION_CHOICE ? index : index == 1;
    return FV_OK;
}

static fv_status set_text(const fvi_option *o, const char *text, char *field, fv_error *err) {
    const size_t size = sizeof((fvi_regularizer_settings *)0)->terms;
    if (strlen(text) >= size)
        return fvi_fail(err, FV_ARG, "%s is %zu characters long; allowed: %zu", o->shown.name,
                        strlen(text), size - 1);
    g_strlcpy(field, strcmp(text, "none") == 0 ? "" : text, size);
    return FV_OK;
}

/* The option is named in the text: there are two such lists. */
static fv_status set_transforms(const fvi_option *o, const char *text, fvi_transforms *field,
                                fv_error *err) {
    fv_error why = {0};
    fv_status st = fvi_transforms_parse(text, field, &why);
    if (!st) return FV_OK;
    const char *rest = g_str_has_prefix(why.text, "transforms") ? why.text + 10 : why.text;
    return fvi_fail(err, st, "%s%s", o->shown.name, rest);
}

fv_status fvi_option_set(fvi_settings *settings, const char *name, const char *value,
                         fv_error *err) {
    const fvi_option *o = fvi_option_find(name, err);
    if (!o) return FV_NOTFOUND;
    void *field = (char *)settings + o->offset;
    switch (o->kind) {
    case FVI_OPTION_INT: return set_int(o, value, field, err);
    case FVI_OPTION_COUNT: return set_count(o, value, field, err);
    case FVI_OPTION_SEED: return set_seed(o, value, field, err);
    case FVI_OPTION_FLOAT: return set_float(o, value, field, err);
    case FVI_OPTION_PAIR: return set_pair(o, value, field, err);
    case FVI_OPTION_SIZE: return set_size(o, value, field, err);
    case FVI_OPTION_TEXT: return set_text(o, value, field, err);
    case FVI_OPTION_TRANSFORMS: return set_transforms(o, value, field, err);
    case FVI_OPTION_CHOICE:
    case FVI_OPTION_FLAG: return set_word(o, value, field, err);
    }
    return FV_ARG;
}

static void pair_text(const float x[2], char *text, size_t size) {
    char low[32], high[32];
    fvi_float_text(x[0], low, sizeof low);
    fvi_float_text(x[1], high, sizeof high);
    g_snprintf(text, (gulong)size, "%s,%s", low, high);
}

static void size_text(const int side[2], char *text, size_t size) {
    if (side[0] == FVI_SIZE_RECEPTIVE && side[1] == FVI_SIZE_RECEPTIVE)
        g_strlcpy(text, RECEPTIVE, size);
    else
        g_snprintf(text, (gulong)size, "%dx%d", side[0], side[1]);
}

static void option_text(const fvi_option *o, const fvi_settings *settings, char *text,
                        size_t size) {
    const void *field = (const char *)settings + o->offset;
    int number = 0;
    memcpy(&number, field, sizeof number); /* of those that are an int or an enum */
    switch (o->kind) {
    case FVI_OPTION_COUNT:
    case FVI_OPTION_INT:
        if (o->kind == FVI_OPTION_COUNT && number == FVI_NEVER)
            g_strlcpy(text, NEVER, size);
        else
            g_snprintf(text, (gulong)size, "%d", number);
        break;
    case FVI_OPTION_SEED:
        g_snprintf(text, (gulong)size, "%" G_GUINT64_FORMAT, *(const uint64_t *)field);
        break;
    case FVI_OPTION_FLOAT: fvi_float_text(*(const float *)field, text, size); break;
    case FVI_OPTION_PAIR: pair_text(field, text, size); break;
    case FVI_OPTION_SIZE: size_text(field, text, size); break;
    case FVI_OPTION_TEXT: g_strlcpy(text, *(const char *)field ? field : "none", size); break;
    case FVI_OPTION_TRANSFORMS: fvi_transforms_text(field, text, size); break;
    case FVI_OPTION_CHOICE: choice_word(o->shown.value, number, text, size); break;
    case FVI_OPTION_FLAG: g_strlcpy(text, number ? "on" : "off", size); break;
    }
}

fv_status fvi_option_get(const fvi_settings *settings, const char *name, char *text, size_t size,
                         fv_error *err) {
    const fvi_option *o = fvi_option_find(name, err);
    if (!o) return FV_NOTFOUND;
    option_text(o, settings, text, size);
    return FV_OK;
}

static size_t field_bytes(fvi_option_kind kind) {
    switch (kind) {
    case FVI_OPTION_SEED: return sizeof(uint64_t);
    case FVI_OPTION_FLOAT: return sizeof(float);
    case FVI_OPTION_PAIR: return 2 * sizeof(float);
    case FVI_OPTION_SIZE: return 2 * sizeof(int);
    case FVI_OPTION_TEXT: return sizeof((fvi_regularizer_settings *)0)->terms;
    case FVI_OPTION_TRANSFORMS: return sizeof(fvi_transforms);
    case FVI_OPTION_INT:
    case FVI_OPTION_COUNT:
    case FVI_OPTION_CHOICE:
    case FVI_OPTION_FLAG: return sizeof(int);
    }
    return 0;
}

void fvi_options_copy(const fvi_settings *from, uint64_t which, fvi_settings *to) {
    for (int i = 0; fvi_option_at(i); i++) {
        const fvi_option *o = fvi_option_at(i);
        if (which >> i & 1)
            memcpy((char *)to + o->offset, (const char *)from + o->offset, field_bytes(o->kind));
    }
}

char *fvi_options_text(const fvi_settings *settings) {
    GString *all = g_string_new(NULL);
    g_string_append_printf(all, "recipe=%s", settings->recipe);
    for (int i = 0; fvi_option_at(i); i++) {
        char text[MAX_TEXT];
        option_text(fvi_option_at(i), settings, text, sizeof text);
        g_string_append_printf(all, "; %s=%s", fvi_option_at(i)->shown.name, text);
    }
    return g_string_free(all, FALSE);
}
