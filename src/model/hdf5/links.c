/* SPDX-License-Identifier: Apache-2.0 */
/* The links of a group. In the old form they are in a symbol table (symbol_table.c), in the new one
 * they are messages: in the object header while they are few, else in a heap (items.c).
 * Source: HDF5 File Format Specification, section IV.A.2.g. */
#include "model/hdf5/links.h"

#include "base/error.h"
#include "model/hdf5/header.h"
#include "model/hdf5/items.h"
#include "model/hdf5/symbol_table.h"

#define HAS_ORDER   0x04
#define HAS_TYPE    0x08
#define HAS_CHARSET 0x10

typedef struct reading {
    const fvi_hdf5 *f;
    fvi_h5_link_visit visit;
    void *user;
} reading;

/* A link message. */
static fv_status link_visit(void *user, fvi_h5_cursor c, int *stop, fv_error *err) {
    const reading *r = user;
    int version = (int)fvi_h5_take(&c, 1), flags = (int)fvi_h5_take(&c, 1);
    if (!c.bad && version != 1)
        return fvi_fail(err, FV_UNSUPPORTED, "has a link message of version %d; 1 is read",
                        version);
    fvi_h5_link link = {.type = FVI_H5_HARD, .order = -1};
    if (flags & HAS_TYPE) link.type = (int)fvi_h5_take(&c, 1);
    if (flags & HAS_ORDER) link.order = (int64_t)fvi_h5_take(&c, 8);
    if (flags & HAS_CHARSET) fvi_h5_skip(&c, 1);
    uint64_t size = fvi_h5_take(&c, 1 << (flags & 3));
    link.name = (const char *)fvi_h5_skip(&c, size);
    link.name_size = link.name ? (size_t)size : 0;
    if (link.type == FVI_H5_HARD) {
        link.header = fvi_h5_address(r->f, &c);
    } else if (link.type == FVI_H5_SOFT) {
        size = fvi_h5_take(&c, 2);
        link.target = (const char *)fvi_h5_skip(&c, size);
        link.target_size = link.target ? (size_t)size : 0;
    }
    if (c.bad) return fvi_fail(err, FV_FORMAT, "one of its link messages is cut short");
    return r->visit(r->user, &link, stop, err);
}

fv_status fvi_h5_links(const fvi_hdf5 *f, uint64_t header, fvi_h5_link_visit visit, void *user,
                       fv_error *err) {
    fvi_h5_message old;
    fv_status st = fvi_h5_message_find(f, header, FVI_H5_SYMBOL_TABLE, &old, err);
    if (st) return st;
    if (old.type >= 0) return fvi_h5_symbol_table_links(f, old.body, visit, user, err);
    reading r = {f, visit, user};
    return fvi_h5_items(f, header, FVI_H5_LINK, link_visit, &r, err);
}
