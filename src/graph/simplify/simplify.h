/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer nodes that compute the same. */
#ifndef FVI_GRAPH_SIMPLIFY_SIMPLIFY_H
#define FVI_GRAPH_SIMPLIFY_SIMPLIFY_H

#include "graph/graph.h"

/* Merges nodes of a graph that is about to be run: its outputs stay the same up to rounding, values
 * in between may be gone.
 *   errors  NOMEM */
fv_status fvi_graph_simplify(fvi_graph *g, fv_error *err);

#endif
