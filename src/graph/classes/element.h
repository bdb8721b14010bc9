/* SPDX-License-Identifier: Apache-2.0 */
/* One number of a row of probabilities, followed back to the number it is the probability of. */
#ifndef FVI_GRAPH_CLASSES_ELEMENT_H
#define FVI_GRAPH_CLASSES_ELEMENT_H

#include "graph/graph.h"

/* An element of a value, by its place in memory. */
typedef struct fvi_element {
    int value;
    int64_t at;
    int is_rest; /* 1 - p, of the probability p of one number */
} fvi_element;

/* Finds the element that a softmax or a sigmoid reads to make element *e, which nodes may have
 * moved, chosen or joined since. Returns 0 where something else makes it, or is computed with it.
 *   end  the softmax's or sigmoid's value; is_rest is set only of a sigmoid, whose 1 - p is that of
 *        the negative logit */
int fvi_element_logit(const fvi_graph *g, fvi_element *e, int *end);

#endif
