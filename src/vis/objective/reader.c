/* SPDX-License-Identifier: Apache-2.0 */
/* reader: reads units (LAYER, LAYER:C, LAYER:C@y,x, class:C), and the arguments of calls.
 *
 * A layer's name may itself contain ':' and '@'. So the longest LAYER that is followed by a channel
 * or a position is tried first, then the whole text; quotes decide the cases that remain. In a
 * layer with one channel a class, a class's name may stand in the channel's place.
 */
#include "vis/objective/reader.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/channel_axis.h"
#include "graph/classes/element.h"
#include "model/network/find.h"
#include "vis/objective/class_logits.h"
#include "vis/objective/spelling.h"

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

static fv_status bad_tail(const fvi_reader *r, const char *text, const char *tail, fv_error *err) {
    const int classes = fvi_network_class_count(r->net);
    char by_name[96] = "";
    if (classes > 0 && tail[0] == ':' && tail[1])
        g_snprintf(by_name, sizeof by_name,
                   ", nor a class's name for a layer with one channel for each of %d", classes);
    return fvi_fail(err, FV_ARG,
                    "objective \"%.150s\": after the layer's name, \"%.80s\" is neither a channel "
                    "(:C) nor a neuron (:C@y,x)%s",
                    text, tail, by_name);
}

/* ---- a class's name in a channel's place ---- */

/* Whether a value has a channel for each class. */
static int is_by_class(const fvi_reader *r, const char *value) {
    const fvi_graph *g = fvi_network_graph(r->net);
    const int v = fvi_graph_find(g, value);
    fvi_extent extent;
    return v >= 0 && g->values[v].shape.ndim > 0 &&
           !fvi_extent_find(g, v, 1, value, &extent, NULL, NULL) &&
           extent.channels == fvi_network_class_count(r->net);
}

/* Reads "NAME", "NAME@y,x" as a class and a position; 0 if it is none. */
static int read_class_tail(const fvi_reader *r, const char *tail, fvi_unit *u) {
    int index;
    const char *at = strrchr(tail, '@');
    fvi_unit position = {.channel = -1};
    char *name = g_strdup(tail);
    int found = !fvi_network_find_class(r->net, name, &index, NULL);
    if (!found && at && read_tail(at, &position)) {
        name[at - tail] = '\0';
        found = !fvi_network_find_class(r->net, name, &index, NULL);
        u->n_position = position.n_position;
        memcpy(u->position, position.position, sizeof u->position);
    }
    g_free(name);
    u->channel = found ? index : -1;
    return found;
}

/* ---- units ---------------------------------------------------------------------------------- */

static fv_status find_prefix(const fvi_reader *r, const char *text, const char *end,
                             const char **value, fv_error *err) {
    char *layer = g_strndup(text, (gsize)(end - text));
    fv_status st = fvi_network_find_value(r->net, layer, value, err);
    g_free(layer);
    return st;
}

/* Reads the text as the layer before `tail` and the channel and position in it; 0 if that fails. */
static int split_at(const fvi_reader *r, const char *text, const char *tail, fvi_unit *out) {
    fvi_unit u = {.channel = -1};
    if (!tail || tail == text || !read_tail(tail, &u)) return 0;
    if (find_prefix(r, text, tail, &u.value, NULL)) return 0;
    *out = u;
    return 1;
}

/* Reads LAYER:NAME, a class's channel in a layer that has one a class; 0 if it is none. */
static int read_by_class(const fvi_reader *r, const char *text, fvi_unit *out) {
    if (fvi_network_class_count(r->net) < 1) return 0;
    for (const char *colon = text + strlen(text); colon > text; colon--) {
        fvi_unit u = {.channel = -1};
        if (*colon != ':' || find_prefix(r, text, colon, &u.value, NULL)) continue;
        if (!is_by_class(r, u.value) || !read_class_tail(r, colon + 1, &u)) continue;
        *out = u;
        return 1;
    }
    return 0;
}

static fv_status read_quoted(const fvi_reader *r, const char *text, fvi_unit *out, fv_error *err) {
    const char *end = strchr(text + 1, *text);
    fvi_unit u = {.channel = -1};
    if (!end) return fvi_fail(err, FV_ARG, "objective: %.80s has no closing quote", text);
    fv_status st = find_prefix(r, text + 1, end, &u.value, err);
    const int is_class = !st && end[1] == ':' && !g_ascii_isdigit(end[2]) &&
                         is_by_class(r, u.value) && read_class_tail(r, end + 2, &u);
    if (!st && !is_class && !read_tail(end + 1, &u)) st = bad_tail(r, text, end + 1, err);
    if (!st) *out = u;
    return st;
}

/* The logit that a class's number is the probability of, where the numbers were moved since: they
 * are no row of logits, but each has one. Returns 0 where it is not found. */
static int find_moved_logit(const fvi_reader *r, const fvi_logits *l, const char *name,
                            fvi_unit *u) {
    const fvi_graph *g = fvi_network_graph(r->net);
    fvi_element e = {fvi_graph_find(g, l->value), u->channel, 0};
    int end;
    if (l->end || e.value < 0 || !fvi_element_logit(g, &e, &end)) return 0;
    const fvi_shape *s = &g->values[e.value].shape;
    const int axis = fvi_graph_channel_axis(g, e.value);
    /* the only axis of more than one number is that of channels */
    if (axis < 0 || fvi_shape_count(s) != s->dim[axis]) return 0;
    u->value = g->values[e.value].name;
    u->channel = e.at;
    u->is_negative = e.is_rest;
    if (!r->note[0])
        g_snprintf(r->note, FVI_NOTE_BYTES,
                   "class:%.40s is %snumber %" G_GINT64_FORMAT
                   " of \"%.50s\", the logits before \"%.50s\"; ask prob:%.40s for the probability",
                   name, e.is_rest ? "minus " : "", e.at, fvi_logits_layer(r->net, e.value),
                   fvi_logits_layer(r->net, end), name);
    return 1;
}

static fv_status read_class(const fvi_reader *r, const char *name, fvi_unit *out, fv_error *err) {
    fvi_logits l;
    fvi_unit u = {.channel = -1, .is_class = 1};
    fv_status st = fvi_logits_find(r->net, &l, err);
    if (!st) st = fvi_class_find(r->net, &l, name, &u.channel, err);
    if (st) return st;
    u.value = l.value;
    if (find_moved_logit(r, &l, name, &u)) {
        *out = u;
        return FV_OK;
    }
    if (l.end && !r->note[0])
        g_snprintf(r->note, FVI_NOTE_BYTES,
                   "class:%.40s is optimised on \"%.50s\", the logits before the %s \"%.50s\"; "
                   "ask prob:%.40s for the probability",
                   name, l.layer, l.function, l.end, name);
    if (l.computed) {
        if (!r->note[0])
            g_snprintf(r->note, FVI_NOTE_BYTES,
                       "class:%.40s is its number in \"%.50s\", computed from the probabilities "
                       "\"%.50s\"",
                       name, l.layer, l.computed);
        *r->is_told = 1;
    }
    if (l.made != FVI_ROW_OF_SCORES) {
        if (!r->note[0])
            g_snprintf(
                r->note, FVI_NOTE_BYTES,
                "class:%.40s is its probability, in \"%.50s\": no row of logits has its classes",
                name, l.layer);
        *r->is_told = 1;
    }
    *out = u;
    return FV_OK;
}

/* Reads a text without channel and position: it must be the name of a layer. */
static fv_status read_name(const fvi_reader *r, const char *text, const char *colon, fvi_unit *out,
                           fv_error *err) {
    fvi_unit u = {.channel = -1};
    fv_status st = fvi_network_find_value(r->net, text, &u.value, err);
    if (st && read_by_class(r, text, out)) return FV_OK;
    if (st && colon && colon != text && !find_prefix(r, text, colon, &u.value, NULL))
        return bad_tail(r, text, colon, err);
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
    if (!read_tail(colon, &u) && read_by_class(r, text, out)) return FV_OK;
    return read_tail(colon, &u) ? find_prefix(r, text, colon, &u.value, err)
                                : bad_tail(r, text, colon, err);
}

void fvi_unit_find_logits(fvi_reader *r, const char *text, fvi_unit *u) {
    fvi_logits l, own;
    if (u->is_class || u->channel < 0) return;
    if (!fvi_logits_before(r->net, u->value, &l)) return;
    if (u->n_position > 0 && l.classes) return; /* asked for exactly as it is */
    u->logits = l.value;
    if (r->note[0]) return;
    int n = g_snprintf(r->note, FVI_NOTE_BYTES,
                       "%.60s is optimised on \"%.50s\", the logits before the %s \"%.50s\"", text,
                       l.layer, l.function, l.end);
    if (!fvi_logits_find(r->net, &own, NULL) && !strcmp(own.value, l.value))
        g_snprintf(r->note + n, FVI_NOTE_BYTES - (gsize)n,
                   "; ask prob:%" G_GINT64_FORMAT " for the probability", u->channel);
}

/* ---- terms ---------------------------------------------------------------------------------- */

fv_status fvi_reader_add(fvi_reader *r, const fvi_term_kind *kind, const fvi_unit *u,
                         fvi_term **out, fv_error *err) {
    fvi_term t = {.kind = kind, .weight = r->weight, .channel = -1};
    if (*r->n_terms == FVI_MAX_TERMS)
        return fvi_fail(err, FV_ARG, "an objective of more than %d terms", FVI_MAX_TERMS);
    if (u) {
        t.layer = u->value;
        t.logits = u->logits;
        t.channel = u->channel;
        t.is_class = u->is_class;
        if (u->is_negative) t.weight = -t.weight;
        t.n_position = u->n_position;
        memcpy(t.position, u->position, sizeof t.position);
    }
    *out = &r->terms[(*r->n_terms)++];
    **out = t;
    return FV_OK;
}

/* ---- arguments ------------------------------------------------------------------------------ */

fv_status fvi_read_parameter(const fvi_call *c, int i, const char *what, double low, double high,
                             float *out, fv_error *err) {
    double v;
    if (i >= c->n) return FV_OK;
    if (!fvi_read_number(c->arg[i], &v) || v < low || v > high)
        return fvi_fail(err, FV_ARG, "\"%.150s\": the %s \"%.40s\" is no number of %g..%g", c->text,
                        what, c->arg[i], low, high);
    *out = (float)v;
    return FV_OK;
}

fv_status fvi_call_wrong(const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    return fvi_fail(err, FV_ARG, "\"%.150s\" cannot be read; allowed: %s", c->text, kind->usage);
}

fv_status fvi_read_path(const char *path, char **out, fv_error *err) {
    size_t length = strlen(path);
    int quoted = length > 1 && fvi_is_quote(path, path) && path[length - 1] == *path;
    *out = quoted ? g_strndup(path + 1, length - 2) : g_strdup(path);
    if (!strchr(*out, '"') || !strchr(*out, '\'')) return FV_OK;
    return fvi_fail(err, FV_ARG, "%.200s: a name with both kinds of quotes cannot be written",
                    *out);
}

const fv_attachment *fvi_reader_attachment(const fvi_reader *r, const char *name) {
    for (int i = 0; i < r->n_attachments; i++)
        if (!strcmp(r->attachments[i].name, name)) return &r->attachments[i];
    return NULL;
}

/* ---- vectors -------------------------------------------------------------------------------- */

static void free_data(void *data) {
    fvi_term_data *d = data;
    g_free(d->name);
    fv_tensor_free(d->vector);
}

void fvi_term_own(fvi_term *t, const char *name, fv_tensor *vector) {
    t->data = g_atomic_rc_box_new0(fvi_term_data);
    t->data->name = g_strdup(name);
    t->data->vector = vector;
    t->vector = vector;
    t->file = t->data->name;
}

void fvi_term_share(fvi_term *t, const fvi_term *with) {
    t->data = with->data ? g_atomic_rc_box_acquire(with->data) : NULL;
    t->vector = with->vector;
    t->file = with->file;
}

void fvi_term_clear(fvi_term *t) {
    if (t->data) g_atomic_rc_box_release_full(t->data, free_data);
}
