/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind network.h share. */
#ifndef FVI_MODEL_NETWORK_INTERNAL_H
#define FVI_MODEL_NETWORK_INTERNAL_H

#include <glib.h>

#include "model/input.h"
#include "model/network.h"

struct fvi_network {
    char *name; /* "googlenet" */
    fvi_model_file *file;
    fvi_constant_cache *constants; /* shared by all lowerings */
    fvi_input_info input;
    fvi_graph *graph; /* at its own size, batch 1 */
    fvi_pool *pool;   /* of the layer table */
    fv_layer *layers; /* [graph->n_nodes] */
    gint lowerings;   /* calls of fvi_network_lower, for tests */
    GMutex lock;      /* of sha256 */
    char *sha256;
    GThread *hasher; /* computes it beforehand; NULL: nobody does */
    /* Of a network with shuffled weights (shuffle.c); NULL in others. */
    const fvi_network *base; /* whose file, constants, input and layers it shares */
    GHashTable *shuffled;    /* bytes of a constant -> the fvi_const that takes its place */
};

/* shuffle.c: puts shuffled constants in the place of a fresh graph's own. */
void fvi_shuffle_apply(const fvi_network *net, fvi_graph *g);

/* Makes the layer table of a graph.
 *   in      the picture input, for receptive fields
 *   pool    owns the table's texts
 *   errors  NOMEM */
fv_status fvi_layers_make(const fvi_graph *g, const fv_input *in, fvi_pool *pool, fv_layer **out,
                          fv_error *err);

/* describe.c: the words of one node, allocated in the pool; NULL when it is exhausted. */
const char *fvi_describe_kind(const fvi_graph *g, const fvi_node *n);
const char *fvi_describe(const fvi_graph *g, const fvi_node *n, fvi_pool *pool);

/* layer_attrs.c: what a node is configured by, as JSON. `sole_reader`: the node that alone reads
 * its output, or NULL.  errors  NOMEM */
fv_status fvi_layer_attrs(const fvi_graph *g, const fvi_node *n, const fvi_node *sole_reader,
                          fvi_pool *pool, fv_layer *out, fv_error *err);

#endif
