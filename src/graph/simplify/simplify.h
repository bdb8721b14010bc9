/* SPDX-License-Identifier: Apache-2.0 */
/* Merging nodes of a graph. */
#ifndef FVI_GRAPH_SIMPLIFY_SIMPLIFY_H
#define FVI_GRAPH_SIMPLIFY_SIMPLIFY_H

#include "graph/graph.h"

/* Merges nodes of a graph before it is run. Its outputs stay the same up to rounding; inner values
 * may disappear.  errors  NOMEM */
fv_status fvi_graph_simplify(fvi_graph *g, fv_error *err);

#endif
