/* SPDX-License-Identifier: Apache-2.0 */
/* B-trees of version 1: of the members of old groups, and of chunks. */
#ifndef FVI_MODEL_HDF5_BLOCKS_BTREE1_H
#define FVI_MODEL_HDF5_BLOCKS_BTREE1_H

#include "model/hdf5/blocks/file.h"

enum { FVI_H5_TREE_OF_GROUP = 0, FVI_H5_TREE_OF_CHUNKS = 1 };

/* Called with each child of the leaves and the key before it. It sets *stop to end the walk. */
typedef fv_status (*fvi_h5_child_visit)(void *user, fvi_h5_cursor key, uint64_t child, int *stop,
                                        fv_error *err);

typedef struct fvi_h5_tree {
    const fvi_hdf5 *f;
    int type;     /* TREE_OF_GROUP, TREE_OF_CHUNKS */
    int key_size; /* bytes */
    fvi_h5_child_visit visit;
    void *user;
} fvi_h5_tree;

/* Visits the children of all leaves, in order. */
fv_status fvi_h5_tree_walk(const fvi_h5_tree *tree, uint64_t root, fv_error *err);

#endif
