/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer's inputs are: the picture's colours, or a map that was flattened. */
#ifndef FVI_GRAPH_INPUT_ORIGIN_H
#define FVI_GRAPH_INPUT_ORIGIN_H

#include "graph/graph.h"

typedef struct fvi_input_origin {
    int picture;                     /* the channels are those of the network's picture */
    int64_t channels, height, width; /* of the map that was flattened; 0: there was none */
    int channels_last;               /* it is stored as [height][width][channels] */
} fvi_input_origin;

/* Looks back from a convolution or a matrix product through nodes that do not mix channels.
 *   in     the description of the network's picture input */
void fvi_input_origin_find(const fvi_graph *g, const fv_input *in, int node, fvi_input_origin *out);

/* The convolution or matrix product whose outputs are a layer's channels: the layer itself, or one
 * before it with only nodes between that do not mix channels; -1: there is none. */
int fvi_filter_node(const fvi_graph *g, int node);

#endif
