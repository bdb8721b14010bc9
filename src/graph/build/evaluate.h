/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of run-time values while a graph is built. */
#ifndef FVI_GRAPH_BUILD_EVALUATE_H
#define FVI_GRAPH_BUILD_EVALUATE_H

#include "graph/build/build.h"

/* A constant of the numbers of a run-time value, computed by the runner; at the second call for
 * v the same. Fails with UNSUPPORTED where the builder has none.
 *   what  the value is, for the message: "condition" */
int fvi_build_evaluate(fvi_builder *b, int v, const char *what);

/* Notes that the numbers of v, which were evaluated, are used as they are: the gradient would have
 * to go through them, and does not (fvi_graph.frozen). */
void fvi_build_freeze(fvi_builder *b, int v, const char *what);

#endif
