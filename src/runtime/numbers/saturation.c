/* SPDX-License-Identifier: Apache-2.0 */
/* saturation: after a run whose gradient is zero, finds a layer that is quantised to a range which
 * none of its numbers is in. The same graph is run again, with what goes into each quantiser as a
 * target.
 */
#include "runtime/numbers/saturation.h"

#include <glib.h>
#include <math.h>

/* Whether a node is a quantiser of numbers that depend on the input. */
static int is_quantiser(const fvi_graph *g, const fvi_node *n) {
    return n->kind == FVI_UNARY && n->a.unary.f == FVI_SATURATE &&
           g->values[n->in[0]].producer >= 0;
}

/* The target that has a value; -1: none yet. */
static int target_of(const fvi_graph *g, int value) {
    for (int t = 0; t < g->n_outputs; t++)
        if (g->outputs[t] == value) return t;
    return -1;
}

/* Makes what goes into the quantisers the outputs of a graph; 0: there is none, or no memory. */
static int target_quantisers(fvi_graph *g) {
    g->n_outputs = 0;
    g->outputs = fvi_pool_array(g->pool, (size_t)g->n_nodes + 1, sizeof *g->outputs);
    for (int k = 0; g->outputs && k < g->n_nodes; k++) {
        const int v = is_quantiser(g, &g->nodes[k]) ? g->nodes[k].in[0] : -1;
        if (v >= 0 && target_of(g, v) < 0) g->outputs[g->n_outputs++] = v;
    }
    return g->n_outputs;
}

/* Whether all of n numbers round to beyond a quantiser's range. */
static int is_outside(const fvi_node *q, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (rintf(x[i]) >= q->a.unary.p && rintf(x[i]) <= q->a.unary.q) return 0;
    return n > 0;
}

/* The first quantiser of g that saturates in a run of e, or NULL.
 *   targets  a copy of g with e's targets */
static const fvi_node *search(fvi_executable *e, const fvi_graph *g, const int *targets, int n) {
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *q = &g->nodes[k];
        const float *x = NULL;
        for (int t = 0; t < n && is_quantiser(g, q); t++)
            if (targets[t] == q->in[0] && !fvi_executable_view_target(e, t, &x, NULL) &&
                is_outside(q, x, fvi_shape_count(&g->values[q->in[0]].shape)))
                return q;
    }
    return NULL;
}

char *fvi_saturated_layer(fvi_graph *graph, fvi_device *device, const float *x) {
    fvi_graph *again = NULL;
    fvi_executable *e = NULL;
    char *line = NULL;
    if (!graph->n_inputs || fvi_graph_copy(graph, &again, NULL)) return NULL;
    if (!target_quantisers(again)) {
        fvi_graph_free(again);
        return NULL;
    }
    const int n = again->n_outputs;
    int *targets = g_memdup2(again->outputs, (gsize)n * sizeof *targets);
    if (!fvi_executable_new(device, again, 0, &e, NULL) &&
        !fvi_executable_set_input(e, 0, x, NULL) && !fvi_executable_forward(e, NULL)) {
        const fvi_node *q = search(e, graph, targets, n);
        if (q)
            line = g_strdup_printf("the gradient is zero: layer \"%.200s\" (%s) is saturated; all "
                                   "its numbers are outside the range that it is quantised to",
                                   q->name, q->source_op);
    }
    g_free(targets);
    fvi_executable_free(e);
    return line;
}
