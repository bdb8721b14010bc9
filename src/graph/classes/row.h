/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of numbers, one for each sample, and what their numbers are: the scores of classes,
 * probabilities that a softmax or a sigmoid made, or neither. */
#ifndef FVI_GRAPH_CLASSES_ROW_H
#define FVI_GRAPH_CLASSES_ROW_H

#include "graph/graph.h"

typedef enum fvi_row_made {
    FVI_ROW_OF_SCORES,  /* logits, or other numbers */
    FVI_ROW_OF_SOFTMAX, /* probabilities of classes that exclude each other, or some of them */
    FVI_ROW_OF_SIGMOID  /* probabilities, each by itself */
} fvi_row_made;

/* A row, its values by index in the graph; -1: there is none. */
typedef struct fvi_row {
    int value;      /* the row: the value asked for; or the row that this one ranks, rounds or
                       multiplies by a number */
    int64_t length; /* 1 and more */
    int via;        /* node between them */
    fvi_row_made made;
    int end;      /* what a softmax, a log softmax or a sigmoid makes of `logits` */
    int logits;   /* the row of logits that it has number for number */
    int computed; /* the probabilities that its scores are computed from */
} fvi_row;

/* Why a value is none. */
typedef enum fvi_row_fault {
    FVI_ROW_FINE,
    FVI_ROW_OTHER_SHAPE, /* or a shape that is not known */
    FVI_ROW_SEVERAL,     /* rows for a sample */
    FVI_ROW_INTEGERS,    /* indices, counts, ranks */
    FVI_ROW_RANKED       /* numbers in order of size, of more than one row */
} fvi_row_fault;

/* What is known of the values of a graph; borrowed by it. */
typedef struct fvi_rows fvi_rows;
/*   samples  that the graph is for */
fvi_rows *fvi_rows_new(const fvi_graph *g, int64_t samples);
void fvi_rows_free(fvi_rows *rows);

/* Whether a value is a row of numbers for each sample along its channels: [N, C], also
 * [N, C, 1, 1], and [C] of a network that takes one sample and knows no axis of them.
 *   out  set where it is FVI_ROW_FINE */
fvi_row_fault fvi_row_find(const fvi_rows *rows, int v, fvi_row *out);

/* The node that makes the numbers of v, before reshapes and identities; NULL for inputs and
 * constants. */
const fvi_node *fvi_graph_maker(const fvi_graph *g, int v);
/* Whether a node is a sigmoid. */
int fvi_node_is_sigmoid(const fvi_node *n);

#endif
