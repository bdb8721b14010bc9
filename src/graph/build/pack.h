/* SPDX-License-Identifier: Apache-2.0 */
/* A graph of what some values under construction need. */
#ifndef FVI_GRAPH_BUILD_PACK_H
#define FVI_GRAPH_BUILD_PACK_H

#include "graph/build/build.h"

/* Copies what some values need, and all inputs, into a graph.
 *   pool     of the graph's arrays
 *   outputs  [n] values, which become the graph's outputs
 *   g        zeroed; its pool is not set */
fv_status fvi_build_pack(fvi_builder *b, fvi_pool *pool, const int *outputs, int n, fvi_graph *g);

/* The graph of everything the outputs need, and all inputs; yours to free with fvi_graph_free. The
 * builder can only be freed afterwards. Fails with the builder's status. */
fv_status fvi_build_finish(fvi_builder *b, fvi_graph **out);

#endif
