/* SPDX-License-Identifier: Apache-2.0 */
/* Which axis of a value its channels are on.
 *
 * Convolutions and what works on their results have them on axis 1; matrix products and layer norms
 * (transformers, ConvNeXt) make them on the last axis; what only moves or maps elements keeps them
 * where its input had them. One pass in the graph's order.
 */
#include <stdlib.h>

#include "graph/channel_axis.h"

static int ndim_of(const fvi_graph *g, int v) { return g->values[v].shape.ndim; }

/* The run-time input whose axes are the output's: the first of the same number of axes and, for
 * element-wise ops, the same shape; -1 if there is none. */
static int like_output(const fvi_graph *g, const fvi_node *n, int same_shape) {
    for (int i = 0; i < n->n_in; i++) {
        int v = n->in[i];
        if (v < 0 || g->values[v].constant || ndim_of(g, v) != ndim_of(g, n->out)) continue;
        if (!same_shape || fvi_shape_equal(&g->values[v].shape, &g->values[n->out].shape)) return v;
    }
    return -1;
}

/* A reshape keeps the axis if one of the same size has as many elements before it. */
static int through_reshape(const fvi_shape *from, const fvi_shape *to, int axis, int otherwise) {
    int64_t before = fvi_shape_product(from, 0, axis);
    for (int i = 0; i < to->ndim; i++)
        if (to->dim[i] == from->dim[axis] && fvi_shape_product(to, 0, i) == before) return i;
    return otherwise;
}

static int through_transpose(const fvi_node *n, int ndim, int axis) {
    for (int i = 0; i < ndim; i++)
        if (n->a.transpose.perm[i] == axis) return i;
    return axis;
}

/* The axis of a node's output; `axis` holds those of all values before it. */
static int axis_after(const fvi_graph *g, const fvi_node *n, const int *axis) {
    int ndim = ndim_of(g, n->out), usual = ndim > 1 ? 1 : 0, v;
    switch (n->kind) {
    case FVI_MATMUL:
    case FVI_LAYER_NORM: return ndim > 0 ? ndim - 1 : 0;
    case FVI_UNARY:
    case FVI_BINARY:
    case FVI_WHERE:
    case FVI_SOFTMAX:
    case FVI_IDENTITY: v = like_output(g, n, 1); return v < 0 ? usual : axis[v];
    case FVI_CONCAT:
    case FVI_SLICE:
    case FVI_PAD:
    case FVI_RESIZE:
    case FVI_EXPAND:
    case FVI_REDUCE:
    case FVI_GATHER: v = like_output(g, n, 0); return v < 0 ? usual : axis[v];
    case FVI_TRANSPOSE: return through_transpose(n, ndim, axis[n->in[0]]);
    case FVI_RESHAPE:
        return through_reshape(&g->values[n->in[0]].shape, &g->values[n->out].shape, axis[n->in[0]],
                               usual);
    default: return usual;
    }
}

int fvi_graph_channel_axis(const fvi_graph *g, int v) {
    int *axis = malloc(((size_t)g->n_values + 1) * sizeof *axis);
    int usual = ndim_of(g, v) > 1 ? 1 : 0;
    if (!axis) return usual;
    for (int i = 0; i < g->n_values; i++) axis[i] = ndim_of(g, i) > 1 ? 1 : 0;
    for (int k = 0; k < g->n_nodes && k <= g->values[v].producer; k++)
        axis[g->nodes[k].out] = axis_after(g, &g->nodes[k], axis);
    const int found = axis[v];
    free(axis);
    return found;
}
