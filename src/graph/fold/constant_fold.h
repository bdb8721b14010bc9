/* SPDX-License-Identifier: Apache-2.0 */
/* Computing nodes whose inputs are constants. */
#ifndef FVI_GRAPH_FOLD_CONSTANT_FOLD_H
#define FVI_GRAPH_FOLD_CONSTANT_FOLD_H

#include "graph/fold/fold_node.h"

/* Whether such a node is computed while the graph is built. */
int fvi_fold_knows(const fvi_fold_node *n);
/* The work of computing a node, as fvi_build_charge counts it. */
int64_t fvi_fold_work(const fvi_fold_node *n);
/* Computes a node that fvi_fold_knows: dst [count of shape] of type dtype. Failures are the
 * builder's status. */
void fvi_constant_fold(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);

#endif
