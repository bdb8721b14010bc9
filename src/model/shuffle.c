/* SPDX-License-Identifier: Apache-2.0 */
/* shuffle: a network whose weights in some layers stand in another order (network.h).
 *
 * Nothing of the file is touched. The new network shares the file, its input and its class names
 * with the old one, and has a table: address of a constant's bytes -> a constant with the same
 * numbers in another order. Since a constant has the same address in every graph of a network, the
 * table, made once from the graph at the network's own size, holds for graphs of any size: lowering
 * ends by looking every constant up in it.
 *
 * A layer's weights are the constant inputs of its node, if that has a trained kernel or scale
 * (convolutions, matrix products, normalisations). Constants of other nodes are arithmetic. A
 * constant that two layers share is shuffled for both.
 *
 * Shuffling keeps the numbers' mean, deviation and histogram, which is what Adebayo et al. 2018
 * (arXiv:1810.03292) want of weights drawn again. The order is Fisher and Yates's, by a random
 * stream of (seed, node), so that it does not depend on which other layers are shuffled.
 */
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "graph/const.h"
#include "model/network_internal.h"

/* See network.h. */
int fvi_node_has_weights(const fvi_graph *g, int node) {
    const fvi_node *n = &g->nodes[node];
    switch (n->kind) {
    case FVI_CONV:
    case FVI_CONV_TRANSPOSE:
    case FVI_MATMUL:
    case FVI_BATCH_NORM:
    case FVI_GROUP_NORM:
    case FVI_LAYER_NORM: break;
    default: return 0;
    }
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && g->values[n->in[i]].constant) return 1;
    return 0;
}

/* A copy of c's numbers in another order; in the pool. NULL: no memory. */
static const fvi_const *shuffled(fvi_pool *pool, const fvi_const *c, fvi_random *r) {
    const size_t size = fvi_dtype_size(c->dtype);
    const int64_t n = fvi_shape_count(&c->shape);
    fvi_const *copy = fvi_pool_alloc(pool, sizeof *copy);
    uint8_t *bytes = fvi_pool_array(pool, (size_t)(n > 0 ? n : 1), size), keep[16];
    if (!copy || !bytes) return NULL;
    if (n > 0) memcpy(bytes, c->bytes, (size_t)n * size);
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = fvi_random_int(r, 0, (int)i);
        memcpy(keep, bytes + (size_t)i * size, size);
        memcpy(bytes + (size_t)i * size, bytes + (size_t)j * size, size);
        memcpy(bytes + (size_t)j * size, keep, size);
    }
    *copy = (fvi_const){c->dtype, c->shape, bytes};
    return copy;
}

/* Enters the constants of one layer into the table. */
static fv_status add_layer(fvi_network *net, const fvi_graph *g, int node, uint64_t seed,
                           fv_error *err) {
    const fvi_node *n = &g->nodes[node];
    if (!fvi_node_has_weights(g, node)) return FV_OK;
    fvi_random r = fvi_random_stream(seed, (uint64_t)node, 0, FVI_DRAW_SHUFFLE);
    for (int i = 0; i < n->n_in; i++) {
        const fvi_const *c = n->in[i] >= 0 ? g->values[n->in[i]].constant : NULL;
        if (!c || !c->bytes || g_hash_table_contains(net->shuffled, c->bytes)) continue;
        const fvi_const *other = shuffled(net->pool, c, &r);
        if (!other) return fvi_fail(err, FV_NOMEM, "no memory for shuffled weights");
        g_hash_table_insert(net->shuffled, (void *)(uintptr_t)c->bytes, (void *)(uintptr_t)other);
    }
    return FV_OK;
}

void fvi_shuffle_apply(const fvi_network *net, fvi_graph *g) {
    if (!net->shuffled) return;
    for (int v = 0; v < g->n_values; v++) {
        const fvi_const *c = g->values[v].constant;
        const fvi_const *other = c ? g_hash_table_lookup(net->shuffled, c->bytes) : NULL;
        if (other && fvi_shape_equal(&other->shape, &c->shape)) g->values[v].constant = other;
    }
}

/* See network.h. */
fv_status fvi_network_shuffle(const fvi_network *base, const int *layers, int count, uint64_t seed,
                              fvi_network **out, fv_error *err) {
    const fvi_graph *g = base->graph;
    if (base->shuffled)
        return fvi_fail(err, FV_ARG, "%s: its weights are shuffled already", base->name);
    for (int i = 0; i < count; i++)
        if (layers[i] < 0 || layers[i] >= g->n_nodes)
            return fvi_fail(err, FV_ARG, "layer %d does not exist (0..%d)", layers[i],
                            g->n_nodes - 1);
    fvi_network *net = g_new0(fvi_network, 1);
    g_mutex_init(&net->lock);
    net->base = base;
    net->file = base->file;
    net->constants = base->constants;
    net->input = base->input;
    net->layers = base->layers;
    net->name = g_strdup(base->name);
    net->pool = fvi_pool_new(0);
    net->shuffled = g_hash_table_new(NULL, NULL);
    fv_status st = net->pool ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for a model");
    for (int i = 0; !st && i < count; i++) st = add_layer(net, g, layers[i], seed, err);
    fvi_binding own = {net->input.in.name, fvi_network_input_shape(net, 1, 0, 0), NULL};
    if (!st) st = fvi_network_lower(net, &own, own.name[0] ? 1 : 0, NULL, 0, &net->graph, err);
    if (st)
        fvi_network_free(net);
    else
        *out = net;
    return st;
}
