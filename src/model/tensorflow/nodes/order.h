/* SPDX-License-Identifier: Apache-2.0 */
/* Putting nodes after those that they depend on. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_ORDER_H
#define FVI_MODEL_TENSORFLOW_NODES_ORDER_H

#include "model/tensorflow/nodes/graph.h"

/* Appends to `order` (int) the nodes that the roots depend on, and the roots, each after what it
 * reads. What a loop hands from one turn to the next (NextIteration) is not followed.
 *   resolved  1: edges are those that fvi_tf_input gives, and nothing else; 0: as the file has
 *             them, with what is run before a node and what it forwards
 *   errors    FORMAT: a circle */
fv_status fvi_tf_order(const fvi_tf_graph *g, const int *roots, int n_roots, int resolved,
                       GArray *order, fv_error *err);

#endif
