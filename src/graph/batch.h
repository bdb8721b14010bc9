/* SPDX-License-Identifier: Apache-2.0 */
/* The batch of a lowered graph: its axis in each value, and changing its size. */
#ifndef FVI_GRAPH_BATCH_H
#define FVI_GRAPH_BATCH_H

#include "graph/graph.h"

/* Finds the batch axis of a value: it is outer x batch x inner, and element (o, b, i) of it belongs
 * to sample b. A batch of 1 is the whole value, as axis 0.
 *   errors  UNSUPPORTED the graph mixes samples, or the value does not depend on them */
fv_status fvi_graph_batch_axis(const fvi_graph *g, int64_t batch, int value, int *axis,
                               int64_t *outer, fv_error *err);

/* Changes the batch of a lowered graph from `from` to `to`: axis 0 of every run-time input, and
 * everything computed from it. On failure the graph may be partly changed and must be freed.
 *   errors  UNSUPPORTED the file mixes samples, or uses its batch size as a number; SHAPE axis 0 of
 *           an input is not `from`
 */
fv_status fvi_graph_set_batch(fvi_graph *g, int64_t from, int64_t to, fv_error *err);

#endif
