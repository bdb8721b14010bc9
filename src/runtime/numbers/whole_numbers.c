/* SPDX-License-Identifier: Apache-2.0 */
/* whole_numbers: integers at run time are f32 numbers, which hold all whole numbers up to 2^24.
 * Inputs are checked where they are given. What nodes make of them can be larger: sums, products,
 * powers, and what is chosen from a table in the file. These are made targets of a copy of the
 * graph, which needs only the nodes before them, and what they come to is looked at.
 *
 * What it does not do: look at casts of real numbers, which are as exact as those; at minima and
 * choices, where a large number often stands for infinity.
 */
#include "runtime/numbers/whole_numbers.h"

#include <glib.h>

#include "base/abs_max.h"

#define WHOLE_MAX 16777216.0f /* 2^24, which 2^24 + 1 is rounded to */

static int is_growing(const fvi_node *n) {
    const fvi_binary b = n->a.binary.f;
    const fvi_reduce r = n->a.reduce.f;
    switch (n->kind) {
    case FVI_BINARY: return b == FVI_ADD || b == FVI_SUB || b == FVI_MUL || b == FVI_POWER;
    case FVI_UNARY: return n->a.unary.f == FVI_LINEAR || n->a.unary.f == FVI_POW;
    case FVI_REDUCE:
        return r == FVI_REDUCE_SUM || r == FVI_REDUCE_PROD || r == FVI_REDUCE_L1 ||
               r == FVI_REDUCE_SUM_SQUARE;
    case FVI_MATMUL:
    case FVI_CONV: return 1;
    default: return 0;
    }
}

/* Whether all of a node's inputs are integers, and it may make larger ones. */
static int is_suspect(const fvi_graph *g, const fvi_node *n) {
    int integers = 0;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0 || g->values[n->in[i]].constant) continue;
        if (!g->values[n->in[i]].is_integer) return 0;
        integers = 1;
    }
    if (n->kind == FVI_GATHER) {
        const fvi_value *table = &g->values[n->in[0]];
        return integers && table->constant && table->is_integer;
    }
    return integers && is_growing(n);
}

/* Makes what such nodes compute the outputs of a graph; 0: there are none, or no memory. */
static int target_suspects(fvi_graph *g) {
    g->n_outputs = 0;
    g->outputs = fvi_pool_array(g->pool, (size_t)g->n_nodes + 1, sizeof *g->outputs);
    for (int k = 0; g->outputs && k < g->n_nodes; k++)
        if (is_suspect(g, &g->nodes[k])) g->outputs[g->n_outputs++] = g->nodes[k].out;
    return g->n_outputs;
}

char *fvi_inexact_whole(fvi_graph *graph, fvi_device *device, const float *x) {
    fvi_graph *again = NULL;
    fvi_executable *e = NULL;
    char *line = NULL;
    int any = 0;
    for (int k = 0; graph->n_inputs && k < graph->n_nodes && !any; k++)
        any = is_suspect(graph, &graph->nodes[k]);
    if (!any || fvi_graph_copy(graph, &again, NULL)) return NULL;
    if (!target_suspects(again)) {
        fvi_graph_free(again);
        return NULL;
    }
    const int n = again->n_outputs;
    int *targets = g_memdup2(again->outputs, (gsize)n * sizeof *targets);
    const int ran = !fvi_executable_new(device, again, 0, &e, NULL) &&
                    !fvi_executable_set_input(e, 0, x, NULL) && !fvi_executable_forward(e, NULL);
    for (int t = 0; ran && t < n && !line; t++) {
        const fvi_value *v = &graph->values[targets[t]];
        const float *y = NULL;
        if (fvi_executable_view_target(e, t, &y, NULL)) break;
        const float most = fvi_abs_max(y, fvi_shape_count(&v->shape));
        if (most >= WHOLE_MAX)
            line = g_strdup_printf("integers of layer \"%.200s\" (%s) come to %.9g; integers are "
                                   "computed in single precision, which is exact up to 2^24 "
                                   "(16777216): they, and what follows from them, may be rounded",
                                   graph->nodes[v->producer].name,
                                   graph->nodes[v->producer].source_op, (double)most);
    }
    g_free(targets);
    fvi_executable_free(e);
    return line;
}
