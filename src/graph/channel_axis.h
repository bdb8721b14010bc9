/* SPDX-License-Identifier: Apache-2.0 */
/* Which axis of a value its channels are on. */
#ifndef FVI_GRAPH_CHANNEL_AXIS_H
#define FVI_GRAPH_CHANNEL_AXIS_H

#include "graph/graph.h"

/* The axis a value's channels are on; 0 for a value of one axis. */
int fvi_graph_channel_axis(const fvi_graph *g, int value);
/* The same of all values at once.  axis  [n_values] */
void fvi_graph_channel_axes(const fvi_graph *g, int *axis);

#endif
