/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and their edges, once they are read (read.h). */
#include "model/tensorflow/nodes/graph.h"

fvi_tf_node *fvi_tf_node_at(const fvi_tf_graph *g, int node) {
    return &g_array_index(g->nodes, fvi_tf_node, node);
}

void fvi_tf_graph_clear(fvi_tf_graph *g) {
    if (g->nodes) g_array_unref(g->nodes);
    if (g->names) g_hash_table_unref(g->names);
    if (g->functions) g_hash_table_unref(g->functions);
    *g = (fvi_tf_graph){0};
}

fvi_tf_edge fvi_tf_follow(const fvi_tf_graph *g, fvi_tf_edge e) {
    for (guint hops = 0; e.node >= 0; hops++) {
        const fvi_tf_node *n = fvi_tf_node_at(g, e.node);
        if (!n->forward) return e;
        if (e.out >= n->n_forward || hops > g->nodes->len) return (fvi_tf_edge){-1, 0};
        e = n->forward[e.out];
    }
    return e;
}

fvi_tf_edge fvi_tf_input(const fvi_tf_graph *g, const fvi_tf_node *n, int i) {
    return i >= 0 && i < n->n_in ? fvi_tf_follow(g, n->in[i]) : (fvi_tf_edge){-1, 0};
}
