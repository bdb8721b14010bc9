/* SPDX-License-Identifier: Apache-2.0 */
/* pack: a graph of what some values of a builder need; what nothing needs (only its shape was
 * needed) is left out. The finished graph is made so, and the parts of it that are run while it is
 * built.
 *
 * Constants made by this lowering are interned in the network's cache, so that they have the same
 * address in all its graphs. Without a cache, or with a runner, which makes a graph for one run,
 * they stay the graph's own (fvi_graph.own), and whoever frees it tells the device to forget them.
 */
#include "graph/build/pack.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"

/* Marks nodes and values that the outputs need, and every run-time input. */
static void mark(const fvi_builder *b, const int *outputs, int n, char *node_used,
                 char *value_used) {
    for (int i = 0; i < n; i++) value_used[outputs[i]] = 1;
    for (guint i = 0; i < b->inputs->len; i++) value_used[g_array_index(b->inputs, int, i)] = 1;
    for (int i = (int)b->nodes->len - 1; i >= 0; i--) {
        const fvi_node *node = &g_array_index(b->nodes, fvi_node, i);
        node_used[i] = value_used[node->out];
        for (int k = 0; node_used[i] && k < node->n_in; k++)
            if (node->in[k] >= 0) value_used[node->in[k]] = 1;
    }
}

/* Indices of values and nodes in the graph, by their indices in the builder. */
typedef struct numbering {
    int *value, *node;
} numbering;

/* Whether constants made by this lowering die with its graph. */
static int is_own(const fvi_builder *b) { return b->runner || !b->cache; }

/* Copies one value; a constant made by this lowering is interned, or becomes the graph's own.
 * Returns 0 if out of memory. */
static int pack_value(const fvi_builder *b, fvi_pool *pool, fvi_graph *g,
                      const fvi_pending_value *p, const numbering *new) {
    fvi_value *v = &g->values[g->n_values++];
    *v = p->v;
    v->is_integer |= fvi_dtype_is_int(v->constant ? v->constant->dtype : p->dtype);
    if (v->producer >= 0) v->producer = new->node[v->producer];
    if (!v->name) v->name = fvi_pool_printf(pool, "value %d", g->n_values);
    const int made = v->constant && !p->file_constant;
    if (made && is_own(b)) g->own[g->n_own++] = v->constant;
    if (made && !is_own(b)) v->constant = fvi_constant_cache_intern(b->cache, v->constant);
    return v->name && (!p->v.constant || v->constant);
}

static int pack_node(const fvi_builder *b, fvi_pool *pool, fvi_graph *g, guint i) {
    fvi_node *n = &g->nodes[g->n_nodes++];
    *n = g_array_index(b->nodes, fvi_node, i);
    int *in = fvi_pool_array(pool, (size_t)n->n_in + 1, sizeof *in);
    if (in && n->n_in) memcpy(in, n->in, (size_t)n->n_in * sizeof *in);
    if (!n->name) n->name = fvi_pool_printf(pool, "node %d", g->n_nodes);
    n->in = in;
    return in && n->name;
}

static void renumber(fvi_graph *g, const numbering *new) {
    for (int i = 0; i < g->n_nodes; i++) {
        fvi_node *node = &g->nodes[i];
        node->out = new->value[node->out];
        for (int k = 0; k < node->n_in; k++)
            if (node->in[k] >= 0) node->in[k] = new->value[node->in[k]];
    }
    for (int i = 0; i < g->n_inputs; i++) g->inputs[i] = new->value[g->inputs[i]];
    for (int i = 0; i < g->n_outputs; i++) g->outputs[i] = new->value[g->outputs[i]];
}

static int *copy_indices(fvi_pool *pool, const void *from, int count) {
    int *copy = fvi_pool_array(pool, (size_t)count + 1, sizeof *copy);
    if (copy && count) memcpy(copy, from, (size_t)count * sizeof *copy);
    return copy;
}

/* Copies the values and nodes in use to g, renumbered. Returns 0 if out of memory. */
static int pack(fvi_builder *b, fvi_pool *pool, fvi_graph *g, const char *node_used,
                const char *value_used) {
    numbering new = {fvi_pool_array(pool, b->values->len + 1, sizeof(int)),
                     fvi_pool_array(pool, b->nodes->len + 1, sizeof(int))};
    g->values = fvi_pool_array(pool, b->values->len + 1, sizeof *g->values);
    g->nodes = fvi_pool_array(pool, b->nodes->len + 1, sizeof *g->nodes);
    g->own = fvi_pool_array(pool, is_own(b) ? b->values->len + 1 : 1, sizeof *g->own);
    int fits = new.value &&new.node && g->values && g->nodes && g->own;
    for (guint i = 0; i < b->nodes->len && fits; i++) {
        if (!node_used[i]) continue;
        new.node[i] = g->n_nodes;
        fits = pack_node(b, pool, g, i);
    }
    for (guint i = 0; i < b->values->len && fits; i++) {
        if (!value_used[i]) continue;
        new.value[i] = g->n_values;
        fits = pack_value(b, pool, g, fvi_build_value(b, (int)i), &new);
    }
    if (fits) renumber(g, &new);
    return fits;
}

fv_status fvi_build_pack(fvi_builder *b, fvi_pool *pool, const int *outputs, int n, fvi_graph *g) {
    char *used = g_try_malloc0((gsize)b->nodes->len + b->values->len + 1);
    g->n_inputs = (int)b->inputs->len;
    g->n_outputs = n;
    g->inputs = copy_indices(pool, b->inputs->data, g->n_inputs);
    g->outputs = copy_indices(pool, outputs, n);
    g->frozen = b->frozen;
    g->n_filled = (int)b->filled->len;
    g->filled = fvi_pool_array(pool, b->filled->len + 1, sizeof *g->filled);
    int fits = used && g->inputs && g->outputs && g->filled;
    for (int i = 0; fits && i < g->n_filled; i++) g->filled[i] = b->filled->pdata[i];
    if (fits) {
        mark(b, outputs, n, used, used + b->nodes->len);
        fits = pack(b, pool, g, used, used + b->nodes->len);
    }
    g_free(used);
    if (fits) return FV_OK;
    return b->status = fvi_fail(b->err, FV_NOMEM, "the lowered graph needs more than %zu MiB",
                                b->limits.constant_bytes >> 20);
}

fv_status fvi_build_finish(fvi_builder *b, fvi_graph **out) {
    if (b->status) return b->status;
    fvi_graph *g = fvi_pool_alloc(b->pool, sizeof *g);
    if (!g) return b->status = fvi_fail(b->err, FV_NOMEM, "no memory for the graph");
    const int *outputs = (const int *)(const void *)b->outputs->data;
    if (fvi_build_pack(b, b->pool, outputs, (int)b->outputs->len, g)) return b->status;
    g->pool = b->pool;
    b->pool = NULL;
    *out = g;
    return FV_OK;
}
