/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the old form: a B-tree of version 1 whose leaves are symbol table nodes; names and the
 * paths of soft links are in a local heap, one stretch of bytes.
 * Source: HDF5 File Format Specification, sections III.A.1, III.B to III.D. */
#include "model/hdf5/symbol_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "model/hdf5/blocks/btree1.h"

#define ENTRY_IS_SOFT_LINK 2 /* cache type */

typedef struct group {
    const fvi_hdf5 *f;
    fvi_h5_cursor heap; /* the local heap's bytes */
    fvi_h5_link_visit visit;
    void *user;
} group;

static fv_status heap_open(const fvi_hdf5 *f, uint64_t address, fvi_h5_cursor *out, fv_error *err) {
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(f, address, "HEAP", "local heap", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 4);
    uint64_t size = fvi_h5_length(f, &c);
    fvi_h5_length(f, &c);
    uint64_t data = fvi_h5_address(f, &c);
    if (c.bad) return fvi_h5_short("local heap", address, err);
    return fvi_h5_range(f, data, size, "data of a local heap", out, err);
}

/* The text at an offset of the heap. */
static fv_status heap_text(const group *g, uint64_t offset, const char **text, size_t *size,
                           fv_error *err) {
    uint64_t all = fvi_h5_left(&g->heap);
    const uint8_t *at = g->heap.at + (offset < all ? offset : 0);
    const uint8_t *end = offset < all ? memchr(at, 0, (size_t)(all - offset)) : NULL;
    if (!end)
        return fvi_fail(err, FV_FORMAT,
                        "a name at byte %" PRIu64 " of a local heap of %" PRIu64
                        " bytes does not end in it",
                        offset, all);
    *text = (const char *)at;
    *size = (size_t)(end - at);
    return fvi_h5_spend(g->f, *size + 1, "names", err);
}

static fv_status entry_visit(const group *g, fvi_h5_cursor *c, int *stop, fv_error *err) {
    fvi_h5_link link = {.type = FVI_H5_HARD, .order = -1};
    uint64_t name = fvi_h5_address(g->f, c);
    link.header = fvi_h5_address(g->f, c);
    int cached = (int)fvi_h5_take(c, 4);
    fvi_h5_skip(c, 4);
    uint64_t target = fvi_h5_take(c, 4);
    fvi_h5_skip(c, 12);
    if (c->bad) return fvi_fail(err, FV_FORMAT, "a symbol table node is cut short");
    fv_status st = heap_text(g, name, &link.name, &link.name_size, err);
    if (!st && cached == ENTRY_IS_SOFT_LINK) {
        link.type = FVI_H5_SOFT;
        st = heap_text(g, target, &link.target, &link.target_size, err);
    }
    return st ? st : g->visit(g->user, &link, stop, err);
}

/* A symbol table node, child of a leaf. */
static fv_status node_visit(void *user, fvi_h5_cursor key, uint64_t address, int *stop,
                            fv_error *err) {
    const group *g = user;
    fvi_h5_cursor c;
    (void)key;
    fv_status st = fvi_h5_block(g->f, address, "SNOD", "symbol table node", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 2);
    int count = (int)fvi_h5_take(&c, 2);
    st = fvi_h5_spend(g->f, 8 + (uint64_t)count * (24 + 2 * (uint64_t)g->f->offset_size),
                      "symbol table", err);
    for (int i = 0; i < count && !st && !*stop; i++) st = entry_visit(g, &c, stop, err);
    return st;
}

fv_status fvi_h5_symbol_table_links(const fvi_hdf5 *f, fvi_h5_cursor message,
                                    fvi_h5_link_visit visit, void *user, fv_error *err) {
    group g = {.f = f, .visit = visit, .user = user};
    uint64_t tree = fvi_h5_address(f, &message), heap = fvi_h5_address(f, &message);
    if (message.bad) return fvi_fail(err, FV_FORMAT, "its symbol table message is cut short");
    fv_status st = heap_open(f, heap, &g.heap, err);
    if (st) return st;
    fvi_h5_tree walk = {f, FVI_H5_TREE_OF_GROUP, f->length_size, node_visit, &g};
    return fvi_h5_tree_walk(&walk, tree, err);
}
