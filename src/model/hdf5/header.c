/* SPDX-License-Identifier: Apache-2.0 */
/* Object headers of versions 1 and 2. A header is a list of messages, which goes on in further
 * blocks where a message says so; those wait in a queue. Blocks that name each other end with the
 * call's work.
 * Source: HDF5 File Format Specification, section IV.A. */
#include "model/hdf5/header.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

#define HAS_TIMES  0x20
#define HAS_PHASES 0x10 /* numbers of attributes at which their form changes */
#define HAS_ORDER  0x04

static fv_status begin_v2(fvi_h5_messages *m, fvi_h5_cursor *c, fv_error *err) {
    int version = (int)fvi_h5_take(c, 1);
    m->flags = (int)fvi_h5_take(c, 1);
    if (!c->bad && version != 2)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "the object header at byte %" PRIu64 " is of version %d; 1 and 2 are read",
                        m->address, version);
    m->version = 2;
    if (m->flags & HAS_TIMES) fvi_h5_skip(c, 16);
    if (m->flags & HAS_PHASES) fvi_h5_skip(c, 4);
    uint64_t size = fvi_h5_take(c, 1 << (m->flags & 3));
    const uint8_t *at = fvi_h5_skip(c, size);
    if (!at) return fvi_h5_short("object header", m->address, err);
    m->block = (fvi_h5_cursor){at, at + size, 0};
    return fvi_h5_spend(m->f, size, "object header", err);
}

static fv_status begin_v1(fvi_h5_messages *m, fvi_h5_cursor *c, fv_error *err) {
    int version = (int)fvi_h5_take(c, 1);
    if (!c->bad && version != 1)
        return fvi_fail(err, FV_FORMAT, "there is no object header at byte %" PRIu64, m->address);
    m->version = 1;
    fvi_h5_skip(c, 7);
    uint64_t size = fvi_h5_take(c, 4);
    fvi_h5_skip(c, 4);
    const uint8_t *at = fvi_h5_skip(c, size);
    if (!at) return fvi_h5_short("object header", m->address, err);
    m->block = (fvi_h5_cursor){at, at + size, 0};
    return fvi_h5_spend(m->f, size, "object header", err);
}

fv_status fvi_h5_messages_begin(const fvi_hdf5 *f, uint64_t address, fvi_h5_messages *out,
                                fv_error *err) {
    fvi_h5_cursor c;
    *out = (fvi_h5_messages){.f = f, .address = address};
    fv_status st = fvi_h5_range(f, address, 4, "object header", &c, err);
    if (st) return st;
    c.end = f->bytes + f->size;
    if (memcmp(c.at, "OHDR", 4) != 0) return begin_v1(out, &c, err);
    c.at += 4;
    return begin_v2(out, &c, err);
}

/* Goes on with the block that waits longest. */
static fv_status block_next(fvi_h5_messages *m, fv_error *err) {
    uint64_t address = m->next[0].address, size = m->next[0].size;
    memmove(m->next, m->next + 1, (size_t)--m->waiting * sizeof *m->next);
    fvi_h5_cursor c;
    fv_status st = fvi_h5_range(m->f, address, size, "continuation of an object header", &c, err);
    if (!st) st = fvi_h5_spend(m->f, size, "object header", err);
    if (st) return st;
    if (m->version == 2) {
        if (size < 8 || memcmp(c.at, "OCHK", 4) != 0)
            return fvi_fail(err, FV_FORMAT,
                            "the continuation of an object header at byte %" PRIu64
                            " does not begin with \"OCHK\"",
                            address);
        c.at += 4;
        c.end -= 4; /* a sum */
    }
    m->block = c;
    return FV_OK;
}

static fv_status continuation_add(fvi_h5_messages *m, fvi_h5_cursor *body, fv_error *err) {
    uint64_t address = fvi_h5_address(m->f, body), size = fvi_h5_length(m->f, body);
    if (body->bad) return fvi_h5_short("object header", m->address, err);
    if (m->waiting == FVI_H5_WAITING)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "the object header at byte %" PRIu64 " has more than %d continuations",
                        m->address, FVI_H5_WAITING);
    m->next[m->waiting].address = address;
    m->next[m->waiting++].size = size;
    return FV_OK;
}

/* Reads the message at the cursor. */
static fv_status message_read(fvi_h5_messages *m, fvi_h5_message *out, fv_error *err) {
    fvi_h5_cursor *c = &m->block;
    int type = (int)fvi_h5_take(c, m->version == 1 ? 2 : 1);
    uint64_t size = fvi_h5_take(c, 2);
    int flags = (int)fvi_h5_take(c, 1);
    if (m->version == 1) fvi_h5_skip(c, 3);
    if (m->version == 2 && m->flags & HAS_ORDER) fvi_h5_skip(c, 2);
    const uint8_t *at = fvi_h5_skip(c, size);
    if (!at) return fvi_h5_short("object header", m->address, err);
    *out = (fvi_h5_message){type, !!(flags & 2), {at, at + size, 0}};
    return FV_OK;
}

fv_status fvi_h5_messages_next(fvi_h5_messages *m, fvi_h5_message *out, fv_error *err) {
    uint64_t least = m->version == 1        ? 8
                     : m->flags & HAS_ORDER ? 6
                                            : 4; /* of a message; else gap */
    for (;;) {
        fv_status st = FV_OK;
        fvi_h5_message message = {.type = -1};
        if (fvi_h5_left(&m->block) >= least)
            st = message_read(m, &message, err);
        else if (m->waiting)
            st = block_next(m, err);
        else {
            *out = message;
            return FV_OK;
        }
        if (!st && message.type == FVI_H5_CONTINUATION) {
            st = continuation_add(m, &message.body, err);
        } else if (!st && message.type > 0) {
            *out = message;
            return FV_OK;
        }
        if (st) return st;
    }
}

fv_status fvi_h5_message_find(const fvi_hdf5 *f, uint64_t header, int type, fvi_h5_message *out,
                              fv_error *err) {
    fvi_h5_messages walk;
    fvi_h5_message m = {0};
    fv_status st = fvi_h5_messages_begin(f, header, &walk, err);
    while (!st && m.type >= 0 && m.type != type) st = fvi_h5_messages_next(&walk, &m, err);
    if (st) return st;
    if (m.type >= 0 && m.shared)
        return fvi_fail(err, FV_UNSUPPORTED,
                        type == FVI_H5_DATATYPE
                            ? "has a committed datatype, which is not read"
                            : "has a header message (%d) that is shared, which is not read",
                        type);
    *out = m;
    return FV_OK;
}

fv_status fvi_h5_kind(const fvi_hdf5 *f, uint64_t header, fvi_hdf5_kind *out, fv_error *err) {
    fvi_h5_messages walk;
    fvi_h5_message m = {0};
    fv_status st = fvi_h5_messages_begin(f, header, &walk, err);
    *out = FVI_HDF5_OTHER;
    while (!st && m.type >= 0) {
        st = fvi_h5_messages_next(&walk, &m, err);
        if (st) return st;
        switch (m.type) {
        case FVI_H5_LAYOUT: *out = FVI_HDF5_DATASET; return FV_OK;
        case FVI_H5_SYMBOL_TABLE:
        case FVI_H5_LINK_INFO: *out = FVI_HDF5_GROUP; return FV_OK;
        default: break;
        }
    }
    return st;
}
