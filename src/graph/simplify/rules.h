/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of fvi_graph_simplify. If a rule matches a node, it changes the node to include the
 * work of nodes before it, which may then have no reader. Returns whether it did.
 *   readers  [n_values] how many nodes and outputs read each value, before any rule */
#ifndef FVI_GRAPH_SIMPLIFY_RULES_H
#define FVI_GRAPH_SIMPLIFY_RULES_H

#include "graph/graph.h"

/* The node that computes value v, or NULL. */
static inline const fvi_node *fvi_producer(const fvi_graph *g, int v) {
    const int k = v >= 0 ? g->values[v].producer : -1;
    return k >= 0 ? &g->nodes[k] : NULL;
}

/* ---- pads.c: a padding before a convolution or pooling ---- */

int fvi_simplify_pad(fvi_graph *g, fvi_node *n, const int *readers);

/* ---- gelu.c: GELU written as five nodes ---- */

int fvi_simplify_gelu(fvi_graph *g, fvi_node *n, const int *readers);

#endif
