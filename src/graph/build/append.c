/* SPDX-License-Identifier: Apache-2.0 */
/* append: copies a graph's nodes and values, renumbered, with their names. */
#include "graph/build/append.h"

/* A node of g with its inputs renumbered by `new`; returns its output's value. */
static int append_node(fvi_builder *b, const fvi_graph *g, const fvi_node *n, const int *new) {
    const fvi_value *out = &g->values[n->out];
    int *in = g_new(int, (gsize)n->n_in + 1);
    for (int i = 0; i < n->n_in; i++) in[i] = n->in[i] >= 0 ? new[n->in[i]] : -1;
    const int v = fvi_build_append_node(b, n->kind, &n->a, &out->shape, FVI_F32, n->n_in, in);
    g_free(in);
    if (v < 0) return v;
    fvi_value *value = &fvi_build_value(b, v)->v;
    fvi_node *made = &g_array_index(b->nodes, fvi_node, value->producer);
    made->name = n->name;
    made->source_op = n->source_op;
    made->source_name = n->source_name;
    value->name = out->name;
    value->is_integer = out->is_integer;
    return v;
}

static int append_constant(fvi_builder *b, const fvi_value *c) {
    const int v = fvi_build_append_value(b, &c->shape, FVI_F32, c->constant, -1);
    fvi_pending_value *p = fvi_build_value(b, v);
    p->dtype = c->constant->dtype;
    p->file_constant = 1;
    p->v.name = c->name;
    return v;
}

fv_status fvi_build_append_graph(fvi_builder *b, const fvi_graph *g, const int *in, int *out) {
    int *new = g_new(int, (gsize)g->n_values + 1);
    for (int v = 0; v < g->n_values; v++) new[v] = -1;
    for (int i = 0; i < g->n_inputs; i++) new[g->inputs[i]] = in[i];
    for (int v = 0; v < g->n_values; v++)
        if (g->values[v].constant && new[v] < 0) new[v] = append_constant(b, &g->values[v]);
    for (int k = 0; k < g->n_nodes && !b->status; k++)
        new[g->nodes[k].out] = append_node(b, g, &g->nodes[k], new);
    for (int i = 0; i < g->n_outputs && !b->status; i++) out[i] = new[g->outputs[i]];
    g_free(new);
    return b->status;
}
