/* SPDX-License-Identifier: Apache-2.0 */
/* simplify: merges nodes of graphs that will be run.
 *
 * A file may write one of our kinds as several nodes, because its framework has no operator for it.
 * Each rule (rules.h) changes one node; then nodes without a reader are removed. Outputs count as
 * readers. Graphs that are only listed keep the file's nodes.
 */
#include "graph/simplify/simplify.h"

#include "base/error.h"
#include "graph/simplify/rules.h"

static int (*const rules[])(fvi_graph *, fvi_node *, const int *) = {fvi_simplify_pad,
                                                                     fvi_simplify_gelu};

static void count_readers(const fvi_graph *g, int *readers) {
    for (int i = 0; i < g->n_outputs; i++) readers[g->outputs[i]]++;
    for (int k = 0; k < g->n_nodes; k++)
        for (int i = 0; i < g->nodes[k].n_in; i++)
            if (g->nodes[k].in[i] >= 0) readers[g->nodes[k].in[i]]++;
}

/* Removes nodes that no output depends on.
 *   read  [n_values] zeros */
static void drop_unread(fvi_graph *g, char *read) {
    int kept = 0;
    for (int i = 0; i < g->n_outputs; i++) read[g->outputs[i]] = 1;
    for (int k = g->n_nodes - 1; k >= 0; k--)
        for (int i = 0; read[g->nodes[k].out] && i < g->nodes[k].n_in; i++)
            if (g->nodes[k].in[i] >= 0) read[g->nodes[k].in[i]] = 1;
    for (int k = 0; k < g->n_nodes; k++) {
        const int out = g->nodes[k].out;
        g->values[out].producer = read[out] ? kept : -1;
        if (read[out]) g->nodes[kept++] = g->nodes[k];
    }
    g->n_nodes = kept;
}

fv_status fvi_graph_simplify(fvi_graph *g, fv_error *err) {
    const size_t n = (size_t)g->n_values + 1;
    int *readers = fvi_pool_array(g->pool, n, sizeof *readers);
    char *read = fvi_pool_array(g->pool, n, 1);
    if (!readers || !read) return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    count_readers(g, readers);
    for (int k = g->n_nodes - 1; k >= 0; k--)
        for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
            while (rules[r](g, &g->nodes[k], readers)) continue;
    drop_unread(g, read);
    return FV_OK;
}
