/* SPDX-License-Identifier: Apache-2.0 */
/* Lowered graphs: lookup, sharing, copying and freeing. A reader's lowering makes them; batch.c may
 * change a graph right after that, and simplify.c changes copies.
 */
#include "graph/graph.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

int fvi_graph_opaque(const fvi_graph *g) {
    for (int i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].kind == FVI_OPAQUE) return i;
    return -1;
}

int fvi_graph_find(const fvi_graph *g, const char *value_name) {
    for (int i = 0; i < g->n_values; i++)
        if (!strcmp(g->values[i].name, value_name)) return i;
    return -1;
}

int fvi_node_has_weights(const fvi_graph *g, int node) {
    const fvi_node *n = &g->nodes[node];
    if (!fvi_kind_has(n->kind, FVI_TRAINED)) return 0;
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && g->values[n->in[i]].constant) return 1;
    return 0;
}

int fvi_node_running_input(const fvi_graph *g, const fvi_node *n) {
    int found = -1;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0 || g->values[n->in[i]].constant) continue;
        if (found >= 0) return -1;
        found = n->in[i];
    }
    return found;
}

fvi_graph *fvi_graph_share(fvi_graph *g) {
    g_atomic_int_inc(&g->shares);
    return g;
}

/* A copy of `n` elements in the pool.  NULL: out of memory */
static void *copy_array(fvi_pool *pool, const void *from, int n, size_t size) {
    void *to = fvi_pool_array(pool, (size_t)n + 1, size);
    if (to && n > 0) memcpy(to, from, (size_t)n * size);
    return to;
}

/* The arrays of a copy, whose counts are set.  returns 0: out of memory */
static int copy_arrays(fvi_graph *c, const fvi_graph *g) {
    c->values = copy_array(c->pool, g->values, g->n_values, sizeof *c->values);
    c->nodes = copy_array(c->pool, g->nodes, g->n_nodes, sizeof *c->nodes);
    c->inputs = copy_array(c->pool, g->inputs, g->n_inputs, sizeof *c->inputs);
    c->outputs = copy_array(c->pool, g->outputs, g->n_outputs, sizeof *c->outputs);
    if (!c->values || !c->nodes || !c->inputs || !c->outputs) return 0;
    for (int k = 0; k < c->n_nodes; k++) {
        fvi_node *n = &c->nodes[k];
        n->in = copy_array(c->pool, n->in, n->n_in, sizeof *n->in);
        if (!n->in) return 0;
    }
    return 1;
}

fv_status fvi_graph_copy(fvi_graph *g, fvi_graph **out, fv_error *err) {
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *c = pool ? fvi_pool_alloc(pool, sizeof *c) : NULL;
    if (c) {
        *c = *g;
        c->pool = pool;
        c->shares = 0;
        c->origin = NULL;
    }
    if (!c || !copy_arrays(c, g)) {
        fvi_pool_free(pool);
        return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    }
    c->origin = fvi_graph_share(g);
    *out = c;
    return FV_OK;
}

void fvi_graph_free(fvi_graph *g) {
    if (!g || g_atomic_int_add(&g->shares, -1) > 0) return;
    fvi_graph *origin = g->origin;
    fvi_pool_free(g->pool);
    fvi_graph_free(origin);
}
