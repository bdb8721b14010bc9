/* SPDX-License-Identifier: Apache-2.0 */
/* B-trees of version 2, walked in order: n records stand between n + 1 children; all leaves are on
 * one level. How wide a child's counts are follows from how many records a node of its level may
 * hold. The walk ends for any bytes: the depth falls, and nodes cost work. Nothing is searched.
 * Source: HDF5 File Format Specification, section III.A.2. */
#include "model/hdf5/blocks/btree2.h"

#include <inttypes.h>

#include "base/error.h"

#define MOST_DEPTH 16
#define AROUND     10 /* bytes of a node besides its records: signature, version, type, sum */

typedef struct tree {
    const fvi_hdf5 *f;
    int type, depth;
    uint64_t node_size, record_size;
    int count_width;                 /* of a child's number of records */
    int total_width[MOST_DEPTH + 1]; /* of the number of those below it, by its level */
    fvi_h5_record_visit visit;
    void *user;
    int stop;
} tree;

/* The widths of counts.  Records of a node on level u: as many as fit with u > 0 pointers. */
static fv_status widths(tree *t, fv_error *err) {
    if (t->depth > MOST_DEPTH)
        return fvi_fail(err, FV_UNSUPPORTED, "has a B-tree of depth %d; at most %d are read",
                        t->depth, MOST_DEPTH);
    if (t->record_size == 0 || t->node_size < AROUND + t->record_size)
        return fvi_fail(err, FV_FORMAT,
                        "has a B-tree with nodes of %" PRIu64 " and records of %" PRIu64 " bytes",
                        t->node_size, t->record_size);
    uint64_t all = (t->node_size - AROUND) / t->record_size;
    t->count_width = fvi_h5_width(all);
    for (int u = 1; u <= t->depth; u++) {
        uint64_t pointer = (uint64_t)(t->f->offset_size + t->count_width + t->total_width[u - 1]);
        if (t->node_size < AROUND + pointer + t->record_size + pointer)
            return fvi_fail(err, FV_FORMAT, "has a B-tree with nodes of %" PRIu64 " bytes",
                            t->node_size);
        uint64_t most = (t->node_size - AROUND - pointer) / (t->record_size + pointer);
        if (__builtin_mul_overflow(most + 1, all, &all) || __builtin_add_overflow(all, most, &all))
            all = UINT64_MAX;
        t->total_width[u] = fvi_h5_width(all);
    }
    return FV_OK;
}

static fv_status node_walk(tree *t, uint64_t address, uint64_t count, int level, fv_error *err);

/* The child that a node's pointers are at. */
static fv_status child_walk(tree *t, fvi_h5_cursor *pointers, int level, fv_error *err) {
    uint64_t child = fvi_h5_address(t->f, pointers);
    uint64_t records = fvi_h5_take(pointers, t->count_width);
    fvi_h5_skip(pointers, (uint64_t)t->total_width[level - 1]);
    if (pointers->bad) return fvi_fail(err, FV_FORMAT, "an inner node of a B-tree is cut short");
    return node_walk(t, child, records, level - 1, err);
}

/* The records of a node, which the cursor is at, and its children, each before its record. */
static fv_status records_walk(tree *t, fvi_h5_cursor c, uint64_t count, int level, fv_error *err) {
    fvi_h5_cursor pointers = c;
    fv_status st = FV_OK;
    fvi_h5_skip(&pointers, count * t->record_size);
    for (uint64_t i = 0; !st && !t->stop; i++) {
        if (level) st = child_walk(t, &pointers, level, err);
        if (st || i == count || t->stop) break;
        const uint8_t *record = fvi_h5_skip(&c, t->record_size);
        if (!record) return fvi_fail(err, FV_FORMAT, "a node of a B-tree is cut short");
        st = t->visit(t->user, (fvi_h5_cursor){record, record + t->record_size, 0}, &t->stop, err);
    }
    return st;
}

static fv_status node_walk(tree *t, uint64_t address, uint64_t count, int level, fv_error *err) {
    fvi_h5_cursor c;
    const char *what = level ? "inner node of a B-tree" : "leaf of a B-tree";
    fv_status st = fvi_h5_block(t->f, address, level ? "BTIN" : "BTLF", what, &c, err);
    if (!st && count > t->f->size / t->record_size) /* count has up to 8 bytes */
        st = fvi_fail(err, FV_FORMAT, "the %s at byte %" PRIu64 " has %" PRIu64 " records", what,
                      address, count);
    if (!st) st = fvi_h5_spend(t->f, AROUND + count * t->record_size, "B-tree", err);
    if (st) return st;
    fvi_h5_skip(&c, 1);
    int type = (int)fvi_h5_take(&c, 1);
    if (c.bad) return fvi_h5_short(what, address, err);
    if (type != t->type)
        return fvi_fail(err, FV_FORMAT, "the %s at byte %" PRIu64 " is of type %d, not %d", what,
                        address, type, t->type);
    return records_walk(t, c, count, level, err);
}

fv_status fvi_h5_records(const fvi_hdf5 *f, uint64_t address, int type, fvi_h5_record_visit visit,
                         void *user, fv_error *err) {
    tree t = {.f = f, .type = type, .visit = visit, .user = user};
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(f, address, "BTHD", "B-tree", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 1);
    int found = (int)fvi_h5_take(&c, 1);
    t.node_size = fvi_h5_take(&c, 4);
    t.record_size = fvi_h5_take(&c, 2);
    t.depth = (int)fvi_h5_take(&c, 2);
    fvi_h5_skip(&c, 2);
    uint64_t root = fvi_h5_address(f, &c), count = fvi_h5_take(&c, 2);
    if (c.bad) return fvi_h5_short("B-tree", address, err);
    if (found != type)
        return fvi_fail(err, FV_FORMAT, "the B-tree at byte %" PRIu64 " is of type %d, not %d",
                        address, found, type);
    st = widths(&t, err);
    if (st || root == FVI_HDF5_NOWHERE) return st;
    return node_walk(&t, root, count, t.depth, err);
}
