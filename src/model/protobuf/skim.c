/* SPDX-License-Identifier: Apache-2.0 */
/* Skimming: a copy of a model's message without the weights, which stay in the mapped file.
 *
 * protobuf-c copies every byte of a message it unpacks. So the messages that hold weights are read
 * first: the fields with the weights are noted and left out of the copy; all other fields that the
 * format's table knows are copied as they are, with adjusted lengths around them. The same pass
 * bounds the nesting of messages, as protobuf-c unpacks them by recursion.
 *
 * What it does not do: leave out weights in messages that are only checked.
 */
#include "model/protobuf/skim.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/protobuf/wire.h"

#define NESTING_MAX 64                  /* of messages that are counted as they nest */
#define SLIM_MAX    ((size_t)256 << 20) /* bytes of a model that are not weights */

/* A buffer that grows. */
typedef struct buffer {
    uint8_t *bytes;
    size_t size, room;
} buffer;

typedef struct skimmer {
    const fvi_skim_format *format;
    const uint8_t *file; /* for the offsets in messages */
    fvi_payload *payloads;
    size_t count, room;
    int64_t nodes, max_nodes; /* of all counted messages */
    fv_error *err;
} skimmer;

static fv_status damaged(skimmer *s, const uint8_t *at, const char *where) {
    return fvi_fail(s->err, FV_FORMAT, "not %s, or damaged: %s at byte %zu", s->format->name, where,
                    (size_t)(at - s->file));
}

static fv_status buffer_add(skimmer *s, buffer *b, const void *bytes, size_t size) {
    if (size > SLIM_MAX || b->size + size > SLIM_MAX)
        return fvi_fail(s->err, FV_NOMEM, "more than %zu MiB without the weights", SLIM_MAX >> 20);
    if (b->size + size > b->room) {
        size_t room = (b->size + size) * 2;
        uint8_t *p = realloc(b->bytes, room);
        if (!p) return fvi_fail(s->err, FV_NOMEM, "no memory for %zu bytes of the model", room);
        b->bytes = p;
        b->room = room;
    }
    if (size) memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return FV_OK;
}

/* Tag and length of a field of bytes. */
static fv_status buffer_add_head(skimmer *s, buffer *b, uint32_t number, size_t length) {
    uint8_t head[20];
    size_t n = fvi_wire_varint((uint64_t)number << 3 | FVI_WIRE_BYTES, head);
    n += fvi_wire_varint(length, head + n);
    return buffer_add(s, b, head, n);
}

/* The row of a field, or NULL. */
static const fvi_skim_field *row_of(const fvi_skim_format *t, int message, uint32_t number) {
    for (size_t i = 0; i < t->n_fields; i++) {
        const fvi_skim_field *r = &t->fields[i];
        if (r->message == message && number >= r->first && number <= r->last) return r;
    }
    return NULL;
}

static int is_payload(const fvi_skim_field *r) {
    return r->action == FVI_SKIM_PAYLOAD || r->action == FVI_SKIM_PAYLOAD_SOLE;
}

/* Checks a message and all those in it that are to be checked. `depth`: of those that nest. */
static fv_status check(skimmer *s, int message, const uint8_t *bytes, size_t size, int depth) {
    const fvi_skim_message *m = &s->format->messages[message];
    if (m->deep && depth++ == NESTING_MAX)
        return fvi_fail(s->err, FV_FORMAT, "%s nested more than %d deep", m->deep, NESTING_MAX);
    fvi_wire w = {bytes, bytes + size};
    fvi_wire_field f;
    int got;
    while ((got = fvi_wire_next(&w, &f)) > 0) {
        const fvi_skim_field *r = row_of(s->format, message, f.number);
        if (!r || r->action != FVI_SKIM_CHECK) continue;
        if (f.type != FVI_WIRE_BYTES) return damaged(s, f.start, m->name);
        const char *most = s->format->messages[r->to].most;
        if (most && s->nodes++ >= s->max_nodes)
            return fvi_fail(s->err, FV_NOMEM, "more than %lld %s " FVI_LIMIT("nodes"),
                            (long long)s->max_nodes, most);
        fv_status st = check(s, r->to, f.bytes, f.size, depth);
        if (st) return st;
    }
    return got ? damaged(s, w.at, m->name) : FV_OK;
}

/* A network has a few payloads a node. */
static fv_status payload_add(skimmer *s, fvi_payload p) {
    const char *what = s->format->payloads;
    if ((int64_t)s->count >= 4 * s->max_nodes)
        return fvi_fail(s->err, FV_NOMEM,
                        "more than %lld %s, 4 times the nodes " FVI_LIMIT("nodes"),
                        (long long)(4 * s->max_nodes), what);
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 256;
        fvi_payload *grown = realloc(s->payloads, room * sizeof *grown);
        if (!grown) return fvi_fail(s->err, FV_NOMEM, "no memory for %zu %s", room, what);
        s->payloads = grown;
        s->room = room;
    }
    s->payloads[s->count++] = p;
    return FV_OK;
}

/* Whether the payload of row r is to stay in the file; *p is it then. */
static int payload_fits(const fvi_skim_field *r, fvi_wire w, fvi_payload *p) {
    fvi_wire_field f, last = {0};
    int n = 0;
    while (fvi_wire_next(&w, &f) > 0) {
        if (f.number < r->first || f.number > r->last) continue;
        n += f.type == FVI_WIRE_BYTES ? 1 : 2; /* unpacked: never the only piece */
        last = f;
    }
    if (!n || last.type != FVI_WIRE_BYTES) return 0;
    if (r->action == FVI_SKIM_PAYLOAD_SOLE && n != 1) return 0;
    *p = (fvi_payload){last.bytes, last.size};
    return 1;
}

/* Notes the payload of a message, if rows of the table describe one. *left: the row of the field
 * that is left out of the copy, or NULL. */
static fv_status payload_note(skimmer *s, int message, fvi_wire w, const fvi_skim_field **left) {
    int has_rows = 0;
    fvi_payload p = {0};
    *left = NULL;
    for (size_t i = 0; i < s->format->n_fields && !*left; i++) {
        const fvi_skim_field *r = &s->format->fields[i];
        if (r->message != message || !is_payload(r)) continue;
        has_rows = 1;
        if (payload_fits(r, w, &p)) *left = r;
    }
    return has_rows ? payload_add(s, p) : FV_OK;
}

static fv_status skim(skimmer *s, int message, fvi_wire w, int checked, buffer *to);

static fv_status descend(skimmer *s, const fvi_skim_field *r, const fvi_wire_field *f, size_t *made,
                         buffer *to) {
    buffer inner = {0};
    if (f->type != FVI_WIRE_BYTES) return damaged(s, f->start, r->what);
    if (r->twice && *made) return fvi_fail(s->err, FV_FORMAT, "%s", r->twice);
    fv_status st = check(s, r->to, f->bytes, f->size, 0);
    if (!st) st = skim(s, r->to, (fvi_wire){f->bytes, f->bytes + f->size}, 1, &inner);
    if (!st) st = buffer_add_head(s, to, f->number, inner.size);
    if (!st) st = buffer_add(s, to, inner.bytes, inner.size);
    if (r->twice) *made = inner.size;
    free(inner.bytes);
    return st;
}

/* Appends the skimmed copy of a message. `checked`: what is in it was checked before. */
static fv_status skim(skimmer *s, int message, fvi_wire w, int checked, buffer *to) {
    const fvi_skim_message *m = &s->format->messages[message];
    const fvi_skim_field *left;
    fvi_wire_field f;
    size_t made = 0; /* bytes of the one there may be once */
    int got = 0;
    fv_status st = payload_note(s, message, w, &left);
    while (!st && (got = fvi_wire_next(&w, &f)) > 0) {
        const fvi_skim_field *r = row_of(s->format, message, f.number);
        if (r ? r == left : !m->keep_others) continue;
        if (r && r->action == FVI_SKIM_DESCEND) {
            st = descend(s, r, &f, &made, to);
            continue;
        }
        if (r && r->action == FVI_SKIM_CHECK && !checked) {
            if (f.type != FVI_WIRE_BYTES) return damaged(s, f.start, r->what);
            st = check(s, r->to, f.bytes, f.size, 0);
        }
        if (!st) st = buffer_add(s, to, f.start, f.whole);
    }
    return !st && got ? damaged(s, w.at, m->name) : st;
}

fv_status fvi_skim_make(const fvi_skim_format *format, const uint8_t *bytes, size_t size,
                        int64_t max_nodes, fvi_skim *out, fv_error *err) {
    skimmer s = {.format = format, .file = bytes, .max_nodes = max_nodes, .err = err};
    buffer model = {0};
    const fv_status st = skim(&s, 0, (fvi_wire){bytes, bytes + size}, 0, &model);
    if (st) {
        free(model.bytes);
        free(s.payloads);
        return st;
    }
    *out = (fvi_skim){model.bytes, model.size, s.payloads, s.count};
    return FV_OK;
}

void fvi_skim_free(fvi_skim *s) {
    free(s->slim);
    free(s->payloads);
    *s = (fvi_skim){0};
}
