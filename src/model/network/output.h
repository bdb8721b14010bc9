/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a network's outputs its classes are read from, and what its row of numbers is. */
#ifndef FVI_MODEL_NETWORK_OUTPUT_H
#define FVI_MODEL_NETWORK_OUTPUT_H

#include "model/network/network.h"

/* Whether a value of a graph is one row of numbers for each sample, along its channels: [N, C],
 * also [N, C, 1, 1].
 *   length  how many numbers: 1 and more */
int fvi_graph_is_row(const fvi_graph *g, int v, int64_t *length);

/* The value before one that only moves its elements (reshape, identity); -1 where there is none. */
int fvi_graph_moved_from(const fvi_graph *g, int v);

/* The node that makes the numbers of v, before it moves them; NULL for inputs and constants. */
const fvi_node *fvi_graph_maker(const fvi_graph *g, int v);
/* Whether a node is a sigmoid. */
int fvi_node_is_sigmoid(const fvi_node *n);

/* The value the network's classes are read from: the one that was asked for (option output); else
 * of several outputs the first row that is as long as there are class names, else the last row,
 * else the first output. NULL: the network has no output. */
const char *fvi_network_output(const fvi_network *net);
/* What is chosen among several outputs, in one sentence; NULL: there is nothing to choose. Caller
 * frees with g_free. */
char *fvi_network_output_note(const fvi_network *net);
/* Checks the name that option output gives.  errors  NOTFOUND */
fv_status fvi_network_check_output(const fvi_network *net, fv_error *err);

/* Checks that the classes' value is a row of numbers.
 *   v       its index in the network's graph
 *   length  of the row
 *   errors  SHAPE it is none, with the shape found and the options; UNSUPPORTED, SHAPE it cannot be
 *           computed */
fv_status fvi_network_class_row(const fvi_network *net, int *v, int64_t *length, fv_error *err);

#endif
