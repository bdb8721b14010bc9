/* SPDX-License-Identifier: Apache-2.0 */
/* The batch of a lowered graph: which axes hold it, and how it is changed. */
#ifndef FVI_GRAPH_BATCH_H
#define FVI_GRAPH_BATCH_H

#include "graph/graph.h"

/* Finds the batch axis of a value: it is outer x batch x inner, and element (o, b, i) of it belongs
 * to sample b. A batch of 1 is the whole value, as axis 0.
 *   errors  UNSUPPORTED the graph mixes samples, or the value does not depend on them */
fv_status fvi_graph_batch_axis(const fvi_graph *g, int64_t batch, int value, int *axis,
                               int64_t *outer, fv_error *err);

/* Changes the batch of a lowered graph from `from` to `to`: axis 0 of every run-time input, and
 * whatever comes of it. On failure the graph may be half changed: free it.
 *   errors  UNSUPPORTED the file computes with its batch in a way that cannot be widened; SHAPE an
 *           input's axis 0 is not `from`
 */
fv_status fvi_graph_set_batch(fvi_graph *g, int64_t from, int64_t to, fv_error *err);

#endif
