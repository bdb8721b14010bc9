/* SPDX-License-Identifier: Apache-2.0 */
/* work: how much arithmetic a node and a graph are, in multiply-adds of convolutions and matrix
 * products (what everything else costs is bandwidth, not arithmetic).
 */
#include <glib.h>
#include <protobuf-c/protobuf-c.h>

#include "model/graph.h"
#include "model/network.h"

int64_t fvi_node_multiply_adds(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *out = &g->values[n->out].shape, *in = &g->values[n->in[0]].shape;
    if (n->kind == FVI_MATMUL) {
        int k = in->ndim - (n->a.matmul.trans_a ? 2 : 1);
        return k < 0 ? 0 : fvi_shape_product(out, 0, out->ndim) * in->dim[k]; /* both <= 2^31 */
    }
    if (n->kind != FVI_CONV && n->kind != FVI_CONV_TRANSPOSE) return 0;
    const fvi_shape *w = &g->values[n->in[1]].shape; /* [oc][ic/g][k..] or [ic][oc/g][k..] */
    const fvi_shape *per = n->kind == FVI_CONV ? out : in;
    return fvi_shape_product(per, 0, per->ndim) * fvi_shape_product(w, 1, w->ndim);
}

int64_t fvi_graph_multiply_adds(const fvi_graph *g, int backward) {
    int64_t sum = 0;
    char *depends = g_new0(char, (gsize)g->n_values + 1); /* on a run-time input */
    for (int i = 0; i < g->n_inputs; i++) depends[g->inputs[i]] = 1;
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        int64_t work = fvi_node_multiply_adds(g, n);
        sum += work;
        for (int i = 0; i < n->n_in; i++) {
            if (n->in[i] < 0 || !depends[n->in[i]]) continue;
            depends[n->out] = 1;
            if (backward) sum += work; /* a product of two activations counts for each */
        }
    }
    g_free(depends);
    return sum;
}

const char *fvi_network_reader_version(void) {
    static gsize once;
    static char text[64];
    if (g_once_init_enter(&once)) {
        g_snprintf(text, sizeof text, "protobuf-c %s", protobuf_c_version());
        g_once_init_leave(&once, 1);
    }
    return text;
}
