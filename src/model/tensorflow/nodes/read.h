/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a graph's nodes. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_READ_H
#define FVI_MODEL_TENSORFLOW_NODES_READ_H

#include "model/tensorflow/nodes/graph.h"

/* Reads the nodes of a graph and inlines what it calls. Zeroed before; to be cleared also on
 * failure.
 *   graph   its message (GraphDef)
 *   errors  FORMAT; UNSUPPORTED; NOMEM */
fv_status fvi_tf_graph_read(fvi_tf_graph *g, fvi_tf_bytes graph, fvi_pool *pool, int64_t max_nodes,
                            fv_error *err);
/* The edge of "name" or "name:1" among the graph's own nodes; node -1: there is none. */
fvi_tf_edge fvi_tf_named(const fvi_tf_graph *g, const char *name);

#endif
