/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in words. */
#ifndef FVI_MODEL_NETWORK_LAYER_WORDS_H
#define FVI_MODEL_NETWORK_LAYER_WORDS_H

#include "graph/graph.h"

/* The words of one node, allocated in the pool; NULL when it is exhausted. */
const char *fvi_describe_kind(const fvi_graph *g, const fvi_node *n);
const char *fvi_describe(const fvi_graph *g, const fvi_node *n, fvi_pool *pool);

#endif
