/* SPDX-License-Identifier: Apache-2.0 */
/* B-trees of version 1, walked in order. A node has n children between n + 1 keys; a child is one
 * level below its parent. The walk ends for any bytes: levels fall, and nodes cost work. Nothing is
 * searched: a walk sees all.
 * Source: HDF5 File Format Specification, section III.A.1. */
#include "model/hdf5/blocks/btree1.h"

#include <inttypes.h>

#include "base/error.h"

#define MOST_LEVELS 32
#define ANY_LEVEL   (-1)

typedef struct walk {
    const fvi_h5_tree *tree;
    int stop;
} walk;

static fv_status node_walk(walk *w, uint64_t address, int level, fv_error *err);

/* The children of a node, which the cursor is at the first key of. */
static fv_status children_walk(walk *w, fvi_h5_cursor c, int count, int level, fv_error *err) {
    const fvi_h5_tree *t = w->tree;
    fv_status st = FV_OK;
    for (int i = 0; i < count && !st && !w->stop; i++) {
        const uint8_t *key = fvi_h5_skip(&c, (uint64_t)t->key_size);
        uint64_t child = fvi_h5_address(t->f, &c);
        if (c.bad) return fvi_fail(err, FV_FORMAT, "a node of a B-tree is cut short");
        if (level > 0)
            st = node_walk(w, child, level - 1, err);
        else
            st =
                t->visit(t->user, (fvi_h5_cursor){key, key + t->key_size, 0}, child, &w->stop, err);
    }
    return st;
}

static fv_status node_walk(walk *w, uint64_t address, int level, fv_error *err) {
    const fvi_h5_tree *t = w->tree;
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(t->f, address, "TREE", "node of a B-tree", &c, err);
    if (st) return st;
    int type = (int)fvi_h5_take(&c, 1), found = (int)fvi_h5_take(&c, 1);
    int count = (int)fvi_h5_take(&c, 2);
    fvi_h5_skip(&c, 2 * (uint64_t)t->f->offset_size); /* siblings */
    if (c.bad) return fvi_h5_short("node of a B-tree", address, err);
    if (type != t->type || (level == ANY_LEVEL ? found >= MOST_LEVELS : found != level))
        return fvi_fail(err, FV_FORMAT,
                        "the node of a B-tree at byte %" PRIu64 " is of type %d and level %d, which"
                        " does not fit",
                        address, type, found);
    uint64_t size = 8 + 2 * (uint64_t)t->f->offset_size +
                    (uint64_t)count * (uint64_t)(t->key_size + t->f->offset_size);
    st = fvi_h5_spend(t->f, size, "B-tree", err);
    return st ? st : children_walk(w, c, count, found, err);
}

fv_status fvi_h5_tree_walk(const fvi_h5_tree *tree, uint64_t root, fv_error *err) {
    walk w = {tree, 0};
    return node_walk(&w, root, ANY_LEVEL, err);
}
