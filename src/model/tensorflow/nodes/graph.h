/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a graph (GraphDef) with those of the functions that it calls, and what each reads.
 */
#ifndef FVI_MODEL_TENSORFLOW_NODES_GRAPH_H
#define FVI_MODEL_TENSORFLOW_NODES_GRAPH_H

#include <glib.h>

#include "fovea/fovea.h"
#include "model/tensorflow/nodes/message.h"

/* Output `out` of a node; node -1: of none. */
typedef struct fvi_tf_edge {
    int node, out;
} fvi_tf_edge;

typedef struct fvi_tf_node {
    const char *name; /* of one that a function has: "call/inner" */
    const char *op;
    fvi_tf_bytes def; /* its message (NodeDef) */
    int n_in, n_control;
    fvi_tf_edge *in; /* [n_in] what it reads, then [n_control] what is run before it */
    int n_forward;
    fvi_tf_edge *forward; /* its outputs are those of others: of calls, arguments, branches */
    int dead;             /* of a branch that is not taken */
} fvi_tf_node;

typedef struct fvi_tf_graph {
    fvi_pool *pool;
    GArray *nodes; /* fvi_tf_node */
    int n_own;     /* the first ones are the graph's own, the others are of functions */
    int64_t max_nodes;
    GHashTable *names;     /* of the graph's own nodes -> index + 1 */
    GHashTable *functions; /* name -> its message (FunctionDef), as an fvi_tf_bytes */
} fvi_tf_graph;

/* Frees what read.h made. */
void fvi_tf_graph_clear(fvi_tf_graph *g);

fvi_tf_node *fvi_tf_node_at(const fvi_tf_graph *g, int node);
/* Its input i, with what it forwards followed; node -1: it has none. */
fvi_tf_edge fvi_tf_input(const fvi_tf_graph *g, const fvi_tf_node *n, int i);
/* What an edge stands for. */
fvi_tf_edge fvi_tf_follow(const fvi_tf_graph *g, fvi_tf_edge e);

#endif
