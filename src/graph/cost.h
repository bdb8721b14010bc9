/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of a node and of a graph, and an estimate of their run time. */
#ifndef FVI_GRAPH_COST_H
#define FVI_GRAPH_COST_H

#include "graph/graph.h"

/* Multiply-adds of a node's forward pass: CONV, CONV_TRANSPOSE, MATMUL; 0 for others. */
int64_t fvi_node_multiply_adds(const fvi_graph *g, const fvi_node *n);

/* Of the whole graph; `backward`: including the backward passes to the run-time inputs. */
int64_t fvi_graph_multiply_adds(const fvi_graph *g, int backward);

/* Estimated run time of a node's forward pass, and of a graph, in multiply-adds of a large
 * convolution. */
double fvi_node_cost(const fvi_graph *g, const fvi_node *n);
double fvi_graph_cost(const fvi_graph *g, int backward);

#endif
