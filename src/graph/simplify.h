/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of fvi_graph_simplify: each looks at one node and, if it fits, changes it so that it
 * does what nodes before it do; those may then be read by nobody. They return whether it did.
 *   readers  [n_values] how many nodes and outputs read each value, before any rule */
#ifndef FVI_GRAPH_SIMPLIFY_H
#define FVI_GRAPH_SIMPLIFY_H

#include "graph/graph.h"

/* The node that makes value v, or NULL. */
static inline const fvi_node *fvi_producer(const fvi_graph *g, int v) {
    const int k = v >= 0 ? g->values[v].producer : -1;
    return k >= 0 ? &g->nodes[k] : NULL;
}

/* A padding before a convolution or pooling (simplify_pads.c). */
int fvi_simplify_pad(fvi_graph *g, fvi_node *n, const int *readers);
/* GELU written as five nodes (simplify_gelu.c). */
int fvi_simplify_gelu(fvi_graph *g, fvi_node *n, const int *readers);

/* Makes fewer nodes of it that compute the same, as it is to be run: what was asked for keeps its
 * numbers to rounding, values between may be gone.
 *   errors  NOMEM */
fv_status fvi_graph_simplify(fvi_graph *g, fv_error *err);

#endif
