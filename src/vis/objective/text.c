/* SPDX-License-Identifier: Apache-2.0 */
/* text: an objective in the one spelling it is known by in labels, files and random keys.
 * What is written here reads back as the same objective (but for layers with both kinds of quotes).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "vis/objective/bind.h"

static void append_number(GString *s, double v) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(s, g_ascii_formatd(text, sizeof text, "%.7g", v));
}

/* Whether a name would be read as something else: "conv:0", "a b", "tv". */
static int needs_quotes(const char *name, int alone, int has_channel) {
    const char *colon = strrchr(name, ':');
    double number;
    if (g_str_has_prefix(name, "class:") || g_str_has_prefix(name, "prob:")) return 1;
    if (!has_channel && colon && g_ascii_isdigit(colon[1])) return 1;
    if (alone) return 0;
    return !*name || strpbrk(name, " \t,()'\"*@") || strchr("+-", *name) ||
           !strcmp(name, "input") || fvi_read_number(name, &number) || fvi_picture_term_is(name);
}

static void append_name(GString *s, const char *name, int alone, int has_channel) {
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

static void append_unit(GString *s, const fvi_objective *o, const fvi_term *t, int alone) {
    append_name(s, o->values[t->value], alone, t->channel >= 0);
    if (t->channel >= 0) g_string_append_printf(s, ":%" PRId64, t->channel);
    for (int i = 0; i < t->n_position; i++)
        g_string_append_printf(s, "%c%" PRId64, i ? ',' : '@', t->position[i]);
    if (t->n_position == FVI_CENTRE && t->kind == FVI_TERM_DIRECTION) g_string_append(s, "@centre");
}

static void append_call(GString *s, const fvi_objective *o, const fvi_term *t) {
    static const char *const name[] = {
        [FVI_TERM_CHANNEL] = "mean",        [FVI_TERM_LAYER] = "squares",
        [FVI_TERM_ENERGY] = "energy",       [FVI_TERM_STRONG] = "strong",
        [FVI_TERM_DIRECTION] = "direction", [FVI_TERM_DIVERSITY] = "diversity",
        [FVI_TERM_ALIGNMENT] = "alignment", [FVI_TERM_INTERPOLATE] = "interpolate",
        [FVI_TERM_MATCH] = "match",         [FVI_TERM_CARICATURE] = "caricature",
    };
    int centre = t->kind == FVI_TERM_CHANNEL && t->n_position == FVI_CENTRE;
    g_string_append_printf(s, "%s(", centre ? "neuron" : name[t->kind]);
    if (t->value < 0)
        g_string_append(s, "input");
    else
        append_unit(s, o, t, 0);
    if (t->kind == FVI_TERM_INTERPOLATE) {
        g_string_append(s, ", ");
        append_name(s, o->values[t->value2], 0, 1);
        g_string_append_printf(s, ":%" PRId64, t->channel2);
    }
    if (t->file) append_path(s, t->file);
    double usual = t->kind == FVI_TERM_STRONG || t->kind == FVI_TERM_CARICATURE ? 1
                   : t->kind == FVI_TERM_ALIGNMENT                              ? 2
                                                                                : 0;
    if (t->argument[0] != usual) {
        g_string_append(s, ", ");
        append_number(s, t->argument[0]);
    }
    g_string_append_c(s, ')');
}

void fvi_term_text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    if (t->kind == FVI_TERM_PICTURE) {
        char text[80];
        fvi_picture_term_text(t->picture, t->argument, text, sizeof text);
        g_string_append(s, text);
    } else if (t->kind == FVI_TERM_PROBABILITY) {
        g_string_append_printf(s, "prob:%" PRId64, t->channel);
    } else if (t->bare || t->n_position > 0) {
        t->kind == FVI_TERM_DIRECTION ? append_call(s, o, t) : append_unit(s, o, t, alone);
    } else {
        append_call(s, o, t);
    }
}

char *fvi_objective_string(const fvi_objective *o) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        double w = t->weight;
        if (i) {
            g_string_append(s, w < 0 ? " - " : " + ");
            if (w < 0) w = -w;
        }
        if (w == -1)
            g_string_append_c(s, '-');
        else if (w != 1) {
            append_number(s, w);
            g_string_append_c(s, '*');
        }
        fvi_term_text(o, t, o->n_terms == 1 && w == 1, s);
    }
    return g_string_free(s, FALSE);
}

void fvi_objective_text(const fvi_objective *o, char *text, size_t size) {
    char *s = fvi_objective_string(o);
    g_strlcpy(text, s, size);
    g_free(s);
}

const fv_tensor *fvi_objective_photo(const fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++)
        if (fvi_term_has_photo(&o->terms[i])) return o->terms[i].vector;
    return NULL;
}

int fvi_objective_is_joint(const fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++)
        if (o->terms[i].kind >= FVI_TERM_DIVERSITY && o->terms[i].kind <= FVI_TERM_INTERPOLATE)
            return 1;
    return 0;
}

fv_status fvi_objective_check_plain(const fvi_objective *o, const char *what, fv_error *err) {
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->kind < FVI_TERM_DIVERSITY) continue;
        GString *s = g_string_new(NULL);
        fvi_term_text(o, t, 0, s);
        fv_status st = fvi_fail(err, FV_ARG,
                                "%s: \"%.200s\" looks at %s; terms of one input's layers "
                                "are allowed",
                                what, s->str,
                                t->kind == FVI_TERM_PICTURE ? "the picture being made"
                                : fvi_term_has_photo(t)     ? "a photo"
                                                            : "several pictures made together");
        g_string_free(s, TRUE);
        return st;
    }
    return FV_OK;
}

double fvi_objective_picture(const fvi_objective *o, const float *p, const float *start,
                             int channels, int h, int w, float *dp) {
    double sum = 0;
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->kind == FVI_TERM_PICTURE)
            sum += t->weight * fvi_picture_term(t->picture, t->argument, p, start, channels, h, w,
                                                t->weight, dp);
    }
    return sum;
}
