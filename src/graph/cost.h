/* SPDX-License-Identifier: Apache-2.0 */
/* How much arithmetic a node and a graph are, and what running them costs. */
#ifndef FVI_GRAPH_COST_H
#define FVI_GRAPH_COST_H

#include "graph/graph.h"

/* Multiply-adds of a node's forward pass: CONV, CONV_TRANSPOSE, MATMUL; 0 for others. */
int64_t fvi_node_multiply_adds(const fvi_graph *g, const fvi_node *n);

/* Of the whole graph; `backward`: also of the passes of a gradient to the run-time inputs. */
int64_t fvi_graph_multiply_adds(const fvi_graph *g, int backward);

/* Estimates what running a node forward, or a graph, takes: in multiply-adds of a large convolution
 *. */
double fvi_node_cost(const fvi_graph *g, const fvi_node *n);
double fvi_graph_cost(const fvi_graph *g, int backward);

#endif
