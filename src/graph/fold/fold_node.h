/* SPDX-License-Identifier: Apache-2.0 */
/* What is folded: a node, with its inputs as constants. */
#ifndef FVI_GRAPH_FOLD_FOLD_NODE_H
#define FVI_GRAPH_FOLD_FOLD_NODE_H

#include "graph/build/build.h"

/* A node whose inputs are constants. */
typedef struct fvi_fold_node {
    fvi_kind kind;
    const fvi_node_attr *attr;
    const fvi_const *const *in; /* NULL for an optional input that is absent */
    int n_in;
    const fvi_shape *shape; /* of the result */
    fvi_dtype dtype;
} fvi_fold_node;

#endif
