/* SPDX-License-Identifier: Apache-2.0 */
/* Which axis of a value its channels are on.
 *
 * Convolutions, pooling and normalizations by channel have them on axis 1; matrix products and
 * layer norms (transformers, ConvNeXt) on the last axis; ops that only move or map elements keep
 * their input's. A network's input has them where its description says. One pass in the graph's
 * order.
 */
#include <glib.h>
#include <stdlib.h>

#include "graph/channel_axis.h"

static int ndim_of(const fvi_graph *g, int v) { return g->values[v].shape.ndim; }

/* The channel axis unless a rule gives another. */
static int usual_axis(const fvi_graph *g, int v) { return ndim_of(g, v) > 1 ? 1 : 0; }

/* The channel axis of the first run-time input that has as many axes as the output and, with
 * `same_shape`, the same shape. */
static int axis_of_input(const fvi_graph *g, const fvi_node *n, const int *axis, int same_shape) {
    for (int i = 0; i < n->n_in; i++) {
        const int v = n->in[i];
        if (v < 0 || g->values[v].constant || ndim_of(g, v) != ndim_of(g, n->out)) continue;
        if (!same_shape || fvi_shape_equal(&g->values[v].shape, &g->values[n->out].shape))
            return axis[v];
    }
    return usual_axis(g, n->out);
}

/* ---- the rules of kinds.def: the channel axis of a node's output; `axis` has those of all inputs
 * ---- */

typedef int (*rule)(const fvi_graph *g, const fvi_node *n, const int *axis);

static int rule_second(const fvi_graph *g, const fvi_node *n, const int *axis) {
    (void)axis;
    return usual_axis(g, n->out);
}

static int rule_last(const fvi_graph *g, const fvi_node *n, const int *axis) {
    (void)axis;
    return MAX(ndim_of(g, n->out) - 1, 0);
}

static int rule_same_shape(const fvi_graph *g, const fvi_node *n, const int *axis) {
    return axis_of_input(g, n, axis, 1);
}

static int rule_same_rank(const fvi_graph *g, const fvi_node *n, const int *axis) {
    return axis_of_input(g, n, axis, 0);
}

/* What is summed over leaves the axis where it is, among fewer; the usual one where it is gone. */
static int rule_reduce(const fvi_graph *g, const fvi_node *n, const int *axis) {
    const int old = axis[n->in[0]];
    int before = 0;
    if (n->a.reduce.keepdims) return old;
    if (n->a.reduce.axes >> old & 1) return usual_axis(g, n->out);
    for (int i = 0; i < old; i++) before += n->a.reduce.axes >> i & 1;
    return old - before;
}

/* A reshape keeps the axis if one of the same size has as many elements before it. Channels that
 * come last, behind positions, stay last when they are split into heads or joined again. */
static int rule_reshape(const fvi_graph *g, const fvi_node *n, const int *axis) {
    const fvi_shape *from = &g->values[n->in[0]].shape, *to = &g->values[n->out].shape;
    const int old = axis[n->in[0]];
    const int64_t before = fvi_shape_product(from, 0, old);
    for (int i = 0; i < to->ndim; i++)
        if (to->dim[i] == from->dim[old] && fvi_shape_product(to, 0, i) == before) return i;
    return from->ndim > 2 && old == from->ndim - 1 ? MAX(to->ndim - 1, 0) : usual_axis(g, n->out);
}

/* Of a table that is looked up (an embedding) the numbers of each entry. */
static int rule_gather(const fvi_graph *g, const fvi_node *n, const int *axis) {
    if (g->values[n->in[0]].constant) return MAX(ndim_of(g, n->out) - 1, 0);
    return axis_of_input(g, n, axis, 0);
}

static int rule_transpose(const fvi_graph *g, const fvi_node *n, const int *axis) {
    for (int i = 0; i < ndim_of(g, n->out); i++)
        if (n->a.transpose.perm[i] == axis[n->in[0]]) return i;
    return axis[n->in[0]];
}

static const rule rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, traits, fold, channels, ...) [FVI_##NAME] = rule_##channels,
#include "graph/kinds.def"
#undef FVI_KIND
};

/* Those of the inputs and the first n nodes; of all other values the usual ones. */
static void find_axes(const fvi_graph *g, int n, int *axis) {
    for (int i = 0; i < g->n_values; i++)
        axis[i] = g->values[i].channels ? g->values[i].channels : usual_axis(g, i);
    for (int k = 0; k < n; k++)
        axis[g->nodes[k].out] = rules[g->nodes[k].kind](g, &g->nodes[k], axis);
}

void fvi_graph_channel_axes(const fvi_graph *g, int *axis) { find_axes(g, g->n_nodes, axis); }

int fvi_graph_channel_axis(const fvi_graph *g, int v) {
    int *axis = malloc(((size_t)g->n_values + 1) * sizeof *axis);
    if (!axis) return usual_axis(g, v);
    find_axes(g, g->values[v].producer + 1, axis);
    const int found = axis[v];
    free(axis);
    return found;
}
