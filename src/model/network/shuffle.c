/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a network whose weights in some layers are in another order.
 *
 * The file is not changed. The new network shares the file, its input and its class names with the
 * old one, and replaces constants by ones with the same elements in another order. A
 * layer's weights are the constant inputs of its node (fvi_node_has_weights). A constant that two
 * layers share is shuffled for both.
 *
 * Shuffling keeps the weights' mean, deviation and histogram, as Adebayo et al. 2018
 * (arXiv:1810.03292) ask of random weights. The order is Fisher and Yates's, by a random
 * stream of (seed, node), so that it does not depend on which other layers are shuffled.
 */
#include "model/network/shuffle.h"
#include "model/network/lower.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "graph/const.h"
#include "model/network/network.h"
#include "model/network/network_internal.h"

/* A copy of c's elements in another order; in the pool. NULL: no memory. */
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
    *copy = (fvi_const){c->dtype, c->shape, bytes, c->quantised};
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
        if (!c || !c->bytes || fvi_network_has_substitute(net, c)) continue;
        const fvi_const *other = shuffled(net->pool, c, &r);
        if (!other) return fvi_fail(err, FV_NOMEM, "no memory for shuffled weights");
        fvi_network_substitute(net, c, other);
    }
    return FV_OK;
}

fv_status fvi_network_shuffle(const fvi_network *base, const int *layers, int count, uint64_t seed,
                              fvi_network **out, fv_error *err) {
    const fvi_graph *g = base->graph;
    if (base->substitutes)
        return fvi_fail(err, FV_ARG, "%s: its weights are shuffled already", base->name);
    for (int i = 0; i < count; i++)
        if (layers[i] < 0 || layers[i] >= g->n_nodes)
            return fvi_fail(err, FV_ARG, "layer %d does not exist (0..%d)", layers[i],
                            g->n_nodes - 1);
    fvi_network *net = NULL;
    fv_status st = fvi_network_new_sharing(base, &net, err);
    for (int i = 0; !st && i < count; i++) st = add_layer(net, g, layers[i], seed, err);
    if (!st) st = fvi_network_lower_own(net, err);
    if (st)
        fvi_network_free(net);
    else
        *out = net;
    return st;
}
