/* SPDX-License-Identifier: Apache-2.0 */
/* Links and attributes as messages: in the object header while they are few ("compact"), else in a
 * fractal heap, listed by a B-tree of version 2 ("dense"). An info message says where those are.
 * Source: HDF5 File Format Specification, sections IV.A.2.c, IV.A.2.v. */
#include "model/hdf5/items.h"

#include "base/error.h"
#include "model/hdf5/blocks/btree2.h"
#include "model/hdf5/blocks/fractal_heap.h"
#include "model/hdf5/header.h"

#define TRACKS_ORDER 0x01

enum { RECORDS_OF_LINKS = 5, RECORDS_OF_ATTRIBUTES = 8 }; /* by name */

/* What the B-tree's records lead to. */
typedef struct dense {
    const fvi_hdf5 *f;
    fvi_h5_heap heap;
    int id_at; /* where in a record the heap's ID is */
    fvi_h5_item_visit visit;
    void *user;
} dense;

static fv_status record_visit(void *user, fvi_h5_cursor record, int *stop, fv_error *err) {
    dense *d = user;
    fvi_h5_cursor body;
    fvi_h5_skip(&record, (uint64_t)d->id_at);
    fv_status st = fvi_h5_heap_object(d->f, &d->heap, record, &body, err);
    return st ? st : d->visit(d->user, body, stop, err);
}

static fv_status dense_items(const fvi_hdf5 *f, fvi_h5_cursor info, int type,
                             fvi_h5_item_visit visit, void *user, fv_error *err) {
    dense d = {.f = f, .visit = visit, .user = user};
    fvi_h5_skip(&info, 1);
    int flags = (int)fvi_h5_take(&info, 1);
    if (flags & TRACKS_ORDER) fvi_h5_skip(&info, type == FVI_H5_LINK ? 8 : 2);
    uint64_t heap = fvi_h5_address(f, &info), tree = fvi_h5_address(f, &info);
    if (info.bad) return fvi_fail(err, FV_FORMAT, "an info message in its header is cut short");
    if (heap == FVI_HDF5_NOWHERE) return FV_OK;
    fv_status st = fvi_h5_heap_open(f, heap, &d.heap, err);
    if (st) return st;
    d.id_at = type == FVI_H5_LINK ? 4 : 0; /* behind the sum of a link's name */
    return fvi_h5_records(f, tree, type == FVI_H5_LINK ? RECORDS_OF_LINKS : RECORDS_OF_ATTRIBUTES,
                          record_visit, &d, err);
}

fv_status fvi_h5_items(const fvi_hdf5 *f, uint64_t header, int type, fvi_h5_item_visit visit,
                       void *user, fv_error *err) {
    const int info_type = type == FVI_H5_LINK ? FVI_H5_LINK_INFO : FVI_H5_ATTRIBUTE_INFO;
    fvi_h5_messages walk;
    fvi_h5_message m = {0}, info = {.type = -1};
    int stop = 0;
    fv_status st = fvi_h5_messages_begin(f, header, &walk, err);
    while (!st && !stop && m.type >= 0) {
        st = fvi_h5_messages_next(&walk, &m, err);
        if (st) break;
        if (m.type == info_type) info = m;
        if (m.type == type && m.shared)
            st = fvi_fail(err, FV_UNSUPPORTED, "has a shared %s, which is not read",
                          type == FVI_H5_LINK ? "link" : "attribute");
        else if (m.type == type)
            st = visit(user, m.body, &stop, err);
    }
    if (st || stop || info.type < 0) return st;
    return dense_items(f, info.body, type, visit, user, err);
}
