/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's text form: `name: value`, `name { ... }`, `name: [a, b]`, quoted texts, which may
 * stand one behind the other, remarks from # to the end of the line, and , or ; between fields.
 * What it does not do: extensions and Any (`[name] { ... }`). Which fields there are it does not
 * know. Source: the Text Format Language Specification of Protocol Buffers.
 */
#include "model/caffe/text.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define DEPTH_MAX 32

typedef struct reader {
    const char *at, *end;
    int line;
    int64_t left; /* fields that may still come */
    fv_error *err;
} reader;

static fv_status bad(const reader *r, const char *what) {
    return fvi_fail(r->err, FV_FORMAT, "line %d: %s", r->line, what);
}

static void skip(reader *r) {
    for (; r->at < r->end; r->at++) {
        if (*r->at == '#')
            while (r->at < r->end && *r->at != '\n') r->at++;
        if (r->at == r->end) return;
        if (*r->at == '\n') r->line++;
        if (!strchr(" \t\r\n,;", *r->at) || !*r->at) return;
    }
}

static int peek(reader *r) {
    skip(r);
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int take(reader *r, char c) {
    if (peek(r) != c) return 0;
    r->at++;
    return 1;
}

/* A name, number or bare word. */
static char *word(reader *r) {
    skip(r);
    const char *from = r->at;
    while (r->at < r->end && (g_ascii_isalnum(*r->at) || strchr("_.+-/", *r->at)) && *r->at)
        r->at++;
    return g_strndup(from, (gsize)(r->at - from));
}

/* A quoted text, and those that follow it. */
static char *quoted(reader *r) {
    GString *s = g_string_new(NULL);
    for (int c = peek(r); c == '"' || c == '\''; c = peek(r)) {
        r->at++;
        while (r->at < r->end && *r->at != c) {
            if (*r->at == '\\' && r->at + 1 < r->end) r->at++;
            if (*r->at == '\n') r->line++;
            if (*r->at) g_string_append_c(s, *r->at);
            r->at++;
        }
        if (r->at == r->end) {
            g_string_free(s, TRUE);
            return NULL;
        }
        r->at++;
    }
    return g_string_free(s, FALSE);
}

static fv_status read_message(reader *r, int depth, int close, fvi_message **out);

/* What stands behind a name. */
static fv_status read_value(reader *r, int depth, fvi_text_field *f) {
    const int c = peek(r);
    if (c == '{' || c == '<') {
        r->at++;
        return read_message(r, depth + 1, c == '{' ? '}' : '>', &f->message);
    }
    f->text = c == '"' || c == '\'' ? quoted(r) : word(r);
    if (f->text && (*f->text || c == '"' || c == '\'')) return FV_OK;
    return bad(r, f->text ? "a value is missing" : "a text is not ended");
}

static void clear_field(gpointer p) {
    fvi_text_field *f = p;
    g_free(f->name);
    g_free(f->text);
    fvi_message_free(f->message);
}

static fv_status add_value(reader *r, int depth, const char *name, fvi_message *m) {
    fvi_text_field f = {0};
    if (r->left-- <= 0)
        return fvi_fail(r->err, FV_NOMEM, "it has more fields than are read (limit max_nodes)");
    f.name = g_strdup(name);
    const fv_status st = read_value(r, depth, &f);
    if (st)
        clear_field(&f);
    else
        g_array_append_val(m->fields, f);
    return st;
}

static fv_status read_field(reader *r, int depth, fvi_message *m) {
    char *name = word(r);
    fv_status st = *name ? FV_OK : bad(r, "a field's name is missing");
    const int colon = !st && take(r, ':');
    if (!st && !colon && peek(r) != '{' && peek(r) != '<')
        st = bad(r, "a field has no value; allowed: name: value, name { ... }");
    if (!st && take(r, '[')) {
        while (!st && !take(r, ']'))
            st = peek(r) < 0 ? bad(r, "a list is not ended") : add_value(r, depth, name, m);
    } else if (!st) {
        st = add_value(r, depth, name, m);
    }
    g_free(name);
    return st;
}

/* Up to `close`, or the end where that is -1. */
static fv_status read_message(reader *r, int depth, int close, fvi_message **out) {
    if (depth > DEPTH_MAX)
        return fvi_fail(r->err, FV_FORMAT, "line %d: nested more than %d deep", r->line, DEPTH_MAX);
    fvi_message *m = g_new0(fvi_message, 1);
    fv_status st = FV_OK;
    m->fields = g_array_new(FALSE, FALSE, sizeof(fvi_text_field));
    g_array_set_clear_func(m->fields, clear_field);
    int c;
    while (!st && (c = peek(r)) != close)
        st = c < 0 ? bad(r, "a } is missing") : read_field(r, depth, m);
    if (!st && close >= 0) r->at++;
    if (st)
        fvi_message_free(m);
    else
        *out = m;
    return st;
}

fv_status fvi_message_read(const char *text, size_t size, int64_t max_fields, fvi_message **out,
                           fv_error *err) {
    reader r = {.at = text, .end = text + size, .line = 1, .left = max_fields, .err = err};
    return read_message(&r, 0, -1, out);
}

void fvi_message_free(fvi_message *m) {
    if (!m) return;
    g_array_unref(m->fields);
    g_free(m);
}

/* ---- fields --------------------------------------------------------------------------------- */

/* The k-th field of that name, or NULL. */
static const fvi_text_field *find(const fvi_message *m, const char *name, int k) {
    for (guint i = 0; m && i < m->fields->len; i++) {
        const fvi_text_field *f = &g_array_index(m->fields, fvi_text_field, i);
        if (!strcmp(f->name, name) && k-- == 0) return f;
    }
    return NULL;
}

int fvi_message_count(const fvi_message *m, const char *name) {
    int n = 0;
    for (guint i = 0; m && i < m->fields->len; i++)
        n += !strcmp(g_array_index(m->fields, fvi_text_field, i).name, name);
    return n;
}

const fvi_message *fvi_message_in(const fvi_message *m, const char *name, int k) {
    const fvi_text_field *f = find(m, name, k);
    return f ? f->message : NULL;
}

const char *fvi_message_text(const fvi_message *m, const char *name, int k, const char *otherwise) {
    const fvi_text_field *f = find(m, name, k);
    return f && f->text ? f->text : otherwise;
}

double fvi_message_real(const fvi_message *m, const char *name, int k, double otherwise) {
    const char *text = fvi_message_text(m, name, k, NULL);
    if (!text) return otherwise;
    char *end;
    const double x = g_ascii_strtod(text, &end);
    return end == text || (*end && strcmp(end, "f") != 0) ? (double)NAN : x;
}

int64_t fvi_message_int(const fvi_message *m, const char *name, int k, int64_t otherwise) {
    const double x = fvi_message_real(m, name, k, (double)otherwise);
    return x > FVI_MESSAGE_MOST                      ? FVI_MESSAGE_MOST
           : x >= -FVI_MESSAGE_MOST && x == floor(x) ? (int64_t)x
                                                     : -FVI_MESSAGE_MOST;
}

int fvi_message_bool(const fvi_message *m, const char *name, int otherwise) {
    const char *text = fvi_message_text(m, name, 0, NULL);
    if (!text) return otherwise;
    return !strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "t");
}
