/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind network.h share. */
#ifndef FVI_MODEL_NETWORK_NETWORK_INTERNAL_H
#define FVI_MODEL_NETWORK_NETWORK_INTERNAL_H

#include <glib.h>

#include "model/input/input.h"
#include "model/network/lower.h"
#include "model/network/other_inputs.h"

struct fvi_network {
    char *name; /* "googlenet" */
    fvi_model_file *file;
    fvi_constant_cache *constants; /* shared by all lowerings */
    fvi_input_info input;
    fvi_given_inputs given; /* for the other inputs */
    fvi_graph *graph; /* at its own size, batch 1 */
    char *output_wanted; /* option output, or NULL */
    fvi_pool *pool;   /* of the layer table */
    fv_layer *layers; /* [graph->n_nodes] */
    gint lowerings;   /* calls of fvi_network_lower, for tests */
    GMutex lock;      /* of sha256 */
    char *sha256;
    GThread *hasher; /* computes it beforehand; or NULL */
    /* Of a network that shares another's file; NULL in others. */
    const fvi_network *base; /* whose file, constants, input and layers it shares */
    GHashTable *substitutes; /* bytes of a constant -> the fvi_const that replaces it */
};

/* ---- network.c ---- */

/* A network that shares another one's file, constants, input and layers, has a table of
 * substitutes, and is not lowered yet.
 *   base    borrowed: must outlive *out
 *   errors  NOMEM */
fv_status fvi_network_new_sharing(const fvi_network *base, fvi_network **out, fv_error *err);
/* Replaces constant c by `by`, of the same shape, in every graph from now on. */
void fvi_network_substitute(fvi_network *net, const fvi_const *c, const fvi_const *by);
int fvi_network_has_substitute(const fvi_network *net, const fvi_const *c);
#endif
