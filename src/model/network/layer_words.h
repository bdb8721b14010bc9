/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in words. */
#ifndef FVI_MODEL_NETWORK_LAYER_WORDS_H
#define FVI_MODEL_NETWORK_LAYER_WORDS_H

#include "graph/graph.h"

/* The description of a node, allocated in the pool; NULL when that is exhausted.
 *   kind  its kind in words; static */
const char *fvi_describe(const fvi_graph *g, const fvi_node *n, fvi_pool *pool, const char **kind);

#endif
