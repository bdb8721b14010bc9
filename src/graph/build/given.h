/* SPDX-License-Identifier: Apache-2.0 */
/* The run-time inputs of a graph that is made by the library itself, with the numbers that each is
 * given: weights of an objective, random choices of an update.
 */
#ifndef FVI_GRAPH_BUILD_GIVEN_H
#define FVI_GRAPH_BUILD_GIVEN_H

#include "graph/build/build.h"

/* When an input gets its numbers. */
typedef enum fvi_given_when {
    FVI_GIVEN_ONCE,       /* before the first run */
    FVI_GIVEN_EACH_UPDATE /* before every run */
} fvi_given_when;

/* One input. */
typedef struct fvi_given {
    fvi_given_when when;
    int value;     /* in the builder; the input's index in the graph is its index in the list */
    int64_t count; /* numbers */
    float *data;   /* [count] */
} fvi_given;

/* The inputs of one graph, in the order in which they were made. */
typedef struct fvi_given_list {
    GArray *list; /* of fvi_given */
} fvi_given_list;

void fvi_given_begin(fvi_given_list *l);
void fvi_given_end(fvi_given_list *l);

/* Appends an input of that shape to the graph and to the list; returns its value, -1 with the
 * builder's status set.
 *   *data  its numbers, [product of the shape], zeros; the list's. Those of FVI_GIVEN_ONCE are to
 *          be filled in by the caller now, the others before every run */
int fvi_given_input(fvi_given_list *l, fvi_builder *b, const fvi_shape *shape, fvi_given_when when,
                    float **data);

#endif
