/* SPDX-License-Identifier: Apache-2.0 */
/* parse_unit: names of units: LAYER, LAYER:C, LAYER:C@y,x, class:C.
 *
 * A layer's name may hold ':' and '@' itself. So the longest LAYER that is followed by something
 * that reads as a channel or a position is tried first, then the whole text; quotes settle what is
 * left.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/network/find.h"
#include "vis/objective/parse.h"

int fvi_is_quote(const char *text, const char *p) {
    return (*p == '\'' || *p == '"') && (p == text || strchr(" \t(,*+-", p[-1]));
}

/* ---- what follows a layer's name ------------------------------------------------------------ */

/* Reads one non-negative integer; NULL if there is none. */
static const char *read_index(const char *s, int64_t *out) {
    char *end;
    if (!g_ascii_isdigit(*s)) return NULL;
    errno = 0;
    *out = g_ascii_strtoll(s, &end, 10);
    return errno ? NULL : end;
}

/* Reads "", ":C", "@y,x", "@centre", ":C@y,x" to the end of the text; 0 if it is none of them. */
static int read_tail(const char *s, fvi_unit *u) {
    if (*s == ':') {
        s = read_index(s + 1, &u->channel);
        if (!s) return 0;
    }
    if (!strcmp(s, "@centre")) {
        u->n_position = FVI_CENTRE;
        return 1;
    }
    while (*s == '@' || (*s == ',' && u->n_position)) {
        if (u->n_position == FVI_MAX_POSITION || (*s == '@' && u->n_position)) return 0;
        s = read_index(s + 1, &u->position[u->n_position++]);
        if (!s) return 0;
    }
    return *s == '\0';
}

static fv_status bad_tail(const char *text, const char *tail, fv_error *err) {
    return fvi_fail(err, FV_ARG,
                    "objective \"%.150s\": after the layer's name, \"%.80s\" is neither a channel "
                    "(:C) nor a neuron (:C@y,x)",
                    text, tail);
}

/* ---- units ---------------------------------------------------------------------------------- */

static fv_status find_prefix(const fvi_reader *r, const char *text, const char *end,
                             const char **value, fv_error *err) {
    char *layer = g_strndup(text, (gsize)(end - text));
    fv_status st = fvi_network_find_value(r->net, layer, value, err);
    g_free(layer);
    return st;
}

/* Splits the text there; 0 if that does not make a unit. */
static int split_at(const fvi_reader *r, const char *text, const char *tail, fvi_unit *out) {
    fvi_unit u = {.channel = -1};
    if (!tail || tail == text || !read_tail(tail, &u)) return 0;
    if (find_prefix(r, text, tail, &u.value, NULL)) return 0;
    *out = u;
    return 1;
}

static fv_status read_quoted(const fvi_reader *r, const char *text, fvi_unit *out, fv_error *err) {
    const char *end = strchr(text + 1, *text);
    fvi_unit u = {.channel = -1};
    if (!end) return fvi_fail(err, FV_ARG, "objective: %.80s has no closing quote", text);
    fv_status st = find_prefix(r, text + 1, end, &u.value, err);
    if (!st && !read_tail(end + 1, &u)) st = bad_tail(text, end + 1, err);
    if (!st) *out = u;
    return st;
}

static fv_status read_class(const fvi_reader *r, const char *name, fvi_unit *out, fv_error *err) {
    fvi_logits l;
    fvi_unit u = {.channel = -1, .is_class = 1};
    fv_status st = fvi_logits_find(r->net, &l, err);
    if (!st) st = fvi_class_find(r->net, &l, name, &u.channel, err);
    if (st) return st;
    u.value = l.value;
    if (l.softmax && !r->o->note[0])
        g_snprintf(
            r->o->note, sizeof r->o->note,
            "class:%.40s is optimised on \"%.50s\", the logits before the softmax \"%.50s\"; "
            "ask prob:%.40s for the probability",
            name, l.layer, l.softmax, name);
    *out = u;
    return FV_OK;
}

/* A text without a channel or position: it has to be a name. */
static fv_status read_name(const fvi_reader *r, const char *text, const char *colon, fvi_unit *out,
                           fv_error *err) {
    fvi_unit u = {.channel = -1};
    fv_status st = fvi_network_find_value(r->net, text, &u.value, err);
    if (st && colon && colon != text && !find_prefix(r, text, colon, &u.value, NULL))
        return bad_tail(text, colon, err);
    if (!st) *out = u;
    return st;
}

fv_status fvi_unit_read(fvi_reader *r, const char *text, fvi_unit *out, fv_error *err) {
    if (fvi_is_quote(text, text)) return read_quoted(r, text, out, err);
    if (g_str_has_prefix(text, "class:")) return read_class(r, text + strlen("class:"), out, err);
    const char *colon = strrchr(text, ':');
    fvi_unit u = {.channel = -1};
    if (split_at(r, text, colon, out) || split_at(r, text, strrchr(text, '@'), out)) return FV_OK;
    if (!colon || colon == text || (!g_ascii_isdigit(colon[1]) && colon[1] != '\0'))
        return read_name(r, text, colon, out, err);
    if (!fvi_network_find_value(r->net, text, &u.value, NULL)) {
        *out = u;
        return FV_OK;
    }
    return read_tail(colon, &u) ? find_prefix(r, text, colon, &u.value, err)
                                : bad_tail(text, colon, err);
}

void fvi_unit_find_logits(fvi_reader *r, const char *text, fvi_unit *u) {
    fvi_logits l, own;
    if (u->is_class || u->channel < 0 || u->n_position > 0) return;
    if (!fvi_logits_before(r->net, u->value, &l)) return;
    u->logits = l.value;
    if (r->o->note[0]) return;
    int n = g_snprintf(r->o->note, sizeof r->o->note,
                       "%.60s is optimised on \"%.50s\", the logits before the softmax \"%.50s\"",
                       text, l.layer, l.softmax);
    if (!fvi_logits_find(r->net, &own, NULL) && !strcmp(own.value, l.value))
        g_snprintf(r->o->note + n, sizeof r->o->note - (gsize)n,
                   "; ask prob:%" G_GINT64_FORMAT " for the probability", u->channel);
}

/* ---- terms ---------------------------------------------------------------------------------- */

fv_status fvi_reader_add(fvi_reader *r, fvi_term_kind kind, const fvi_unit *u, fvi_term **out,
                         fv_error *err) {
    fv_objective *o = r->o;
    fvi_term t = {.kind = kind, .weight = r->weight, .channel = -1};
    if (o->n_terms == FVI_MAX_TERMS)
        return fvi_fail(err, FV_ARG, "an objective of more than %d terms", FVI_MAX_TERMS);
    if (u) {
        t.layer = u->value;
        t.logits = u->logits;
        t.channel = u->channel;
        t.is_class = u->is_class;
        t.n_position = u->n_position;
        memcpy(t.position, u->position, sizeof t.position);
    }
    o->terms[o->n_terms] = t;
    *out = &o->terms[o->n_terms++];
    return FV_OK;
}
