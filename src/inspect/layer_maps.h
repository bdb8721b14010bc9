/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's maps over the picture. */
#ifndef FVI_INSPECT_LAYER_MAPS_H
#define FVI_INSPECT_LAYER_MAPS_H

#include "graph/positions/token_grid.h"
#include "model/network/network.h"
#include "vis/objective/extent.h"

/* Where a value's maps are among its elements. */
typedef struct fvi_layer_maps {
    fvi_extent extent;
    fvi_sample_axes sample;
    fvi_token_grid grid;
} fvi_layer_maps;

/* Finds them.
 *   v        a value of a graph that is run for `samples` samples
 *   name     for messages
 *   errors   as fvi_extent_find; NOMEM */
fv_status fvi_layer_maps_find(const fvi_network *net, const fvi_graph *g, int v, int64_t samples,
                              const char *name, fvi_layer_maps *out, fv_error *err);

/* Copies the values of sample n, channels first.
 *   over_picture  1: the cells of the grid, which is a map; 0: positions in the value's order
 *   plane         how many of them there are
 *   out           [channels][plane] */
void fvi_layer_maps_copy(const fvi_layer_maps *m, int over_picture, int64_t n, int64_t plane,
                         const float *x, float *out);

/* Fails because a layer has no maps, naming the nearest one that has.
 *   name    of a layer or value of the network */
fv_status fvi_layer_maps_refuse(const fvi_network *net, const char *name, const fvi_layer_maps *m,
                                fv_error *err);

#endif
