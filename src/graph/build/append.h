/* SPDX-License-Identifier: Apache-2.0 */
/* A finished graph as a part of one under construction. */
#ifndef FVI_GRAPH_BUILD_APPEND_H
#define FVI_GRAPH_BUILD_APPEND_H

#include "graph/build/build.h"

/* Appends the nodes of a finished graph. Its constants stay its own: it must live as long as the
 * graph under construction (fvi_graph.origin).
 *   in       [inputs of g] values that replace its inputs, of the same shapes
 *   out      [outputs of g] written: the values of its outputs
 *   returns  the builder's status */
fv_status fvi_build_append_graph(fvi_builder *b, const fvi_graph *g, const int *in, int *out);

#endif
