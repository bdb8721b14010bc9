/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what a layer's input channels mean: colours of the picture, or channels of a map.
 *
 * Follows the graph from the layer back to the network's input, as long as every node works on each
 * channel by itself (element-wise functions, padding, pooling, resizing, batch normalisation,
 * arithmetic with constants) or only permutes axes. Before a matrix product there may be one
 * flattening: the value before it is the map that the product's weights belong to. The channel axis
 * of a flattened map is known exactly if the map comes from the picture; otherwise it is
 * fvi_graph_channel_axis.
 * What it does not do: follow slices, concatenations or gathers, which may reorder channels.
 */
#include "graph/input_origin.h"
#include "graph/channel_axis.h"

#include <string.h>

/* A position on the way back: axis i of the map it started from is axis[i] of the value there. */
typedef struct position {
    const fvi_graph *g;
    int value;
    int ndim;
    int axis[FV_MAX_DIMS];
} position;

/* Whether a node works on every channel by itself and keeps the axes where they are. */
static int keeps_channels(const fvi_graph *g, const fvi_node *n) {
    if (!fvi_kind_has(n->kind, FVI_BY_CHANNEL)) return 0;
    const int in = fvi_node_running_input(g, n);
    return in >= 0 && g->values[in].shape.ndim == g->values[n->out].shape.ndim;
}

static void start(position *w, const fvi_graph *g, int value) {
    *w = (position){.g = g, .value = value, .ndim = g->values[value].shape.ndim};
    for (int i = 0; i < w->ndim; i++) w->axis[i] = i;
}

/* Goes back one node. Returns 0 if that is not possible. */
static int step(position *w) {
    const int producer = w->g->values[w->value].producer;
    if (producer < 0) return 0;
    const fvi_node *n = &w->g->nodes[producer];
    if (n->kind == FVI_TRANSPOSE) {
        for (int i = 0; i < w->ndim; i++) w->axis[i] = n->a.transpose.perm[w->axis[i]];
        w->value = n->in[0];
        return 1;
    }
    if (!keeps_channels(w->g, n)) return 0;
    w->value = fvi_node_running_input(w->g, n);
    return 1;
}

/* The axis of the map at the start that has the channels of the network's picture, or -1. */
static int picture_axis(position *w, const fv_input *in) {
    while (step(w)) continue;
    const fvi_value *v = &w->g->values[w->value];
    if (!in->is_image || v->producer >= 0 || v->constant || strcmp(v->name, in->name) != 0)
        return -1;
    const int channels = in->channels_last ? v->shape.ndim - 1 : 1;
    for (int i = 0; i < w->ndim; i++)
        if (w->axis[i] == channels) return i;
    return -1;
}

/* The input of the flattening on the way back from `value`, or -1. */
static int flattened(const fvi_graph *g, int value) {
    position w;
    for (start(&w, g, value);;) {
        const int producer = g->values[w.value].producer;
        if (producer >= 0 && g->nodes[producer].kind == FVI_RESHAPE) {
            const fvi_node *n = &g->nodes[producer];
            return g->values[n->in[0]].shape.ndim == 4 ? n->in[0] : -1;
        }
        if (producer < 0 || g->nodes[producer].kind == FVI_TRANSPOSE || !step(&w)) return -1;
    }
}

void fvi_input_origin_find(const fvi_graph *g, const fv_input *in, int node,
                           fvi_input_origin *out) {
    const fvi_node *n = &g->nodes[node];
    int value = fvi_node_running_input(g, n), axis;
    position w;
    *out = (fvi_input_origin){0};
    if (value < 0) return;
    if (n->kind == FVI_MATMUL) {
        value = flattened(g, value);
        if (value < 0) return;
    }
    start(&w, g, value);
    axis = picture_axis(&w, in);
    out->picture = n->kind == FVI_MATMUL ? axis >= 0 : axis == 1;
    if (n->kind != FVI_MATMUL) return;
    const fvi_shape *s = &g->values[value].shape;
    if (axis < 0) axis = fvi_graph_channel_axis(g, value);
    if (axis != 1 && axis != 3) {
        out->picture = 0;
        return;
    }
    out->channels_last = axis == 3;
    out->channels = s->dim[axis];
    out->height = s->dim[axis == 3 ? 1 : 2];
    out->width = s->dim[axis == 3 ? 2 : 3];
}

int fvi_filter_node(const fvi_graph *g, int node) {
    position w;
    start(&w, g, g->nodes[node].out);
    do {
        const int producer = g->values[w.value].producer;
        const fvi_kind kind = producer < 0 ? FVI_KIND_COUNT : g->nodes[producer].kind;
        if (kind == FVI_CONV || kind == FVI_CONV_TRANSPOSE || kind == FVI_MATMUL) {
            const fvi_node *n = &g->nodes[producer];
            return g->values[n->in[1]].constant || g->values[n->in[0]].constant ? producer : -1;
        }
    } while (step(&w));
    return -1;
}
