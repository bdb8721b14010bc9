/* SPDX-License-Identifier: Apache-2.0 */
/* Which input pixels an element of a value depends on. */
#ifndef FVI_GRAPH_RECEPTIVE_FIELD_H
#define FVI_GRAPH_RECEPTIVE_FIELD_H

#include "graph/graph.h"

/* Along one direction of the picture: the element at position p of `axis` depends on the input's
 * pixels p*jump + first .. p*jump + last, some of which may be outside. axis -1: on all pixels. */
typedef struct fvi_receptive_field {
    int axis;
    double jump, first, last;
} fvi_receptive_field;

/* The receptive field of the elements of value v in the picture `in`, [0] along its height, [1]
 * along its width.  errors  NOMEM */
fv_status fvi_graph_receptive_field(const fvi_graph *g, const fv_input *in, int v,
                                    fvi_receptive_field out[2], fv_error *err);

/* Least common stride of all layers, in input pixels, along both directions. A crop whose offset
 * and change of size are multiples of it gives the same activations, except near its borders. 0:
 * cropping is not safe.  errors  NOMEM */
fv_status fvi_graph_total_stride(const fvi_graph *g, const fv_input *in, int64_t *out,
                                 fv_error *err);

/* Receptive field of every node's output in input pixels, [n_nodes][2] height, width.
 *   input   value index of the picture input, with its two spatial axes */
fv_status fvi_graph_receptive_sizes(const fvi_graph *g, int input, int axis_y, int axis_x,
                                    int64_t (*out)[2], fv_error *err);

#endif
