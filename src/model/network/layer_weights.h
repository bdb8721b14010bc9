/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of layers. */
#ifndef FVI_MODEL_NETWORK_LAYER_WEIGHTS_H
#define FVI_MODEL_NETWORK_LAYER_WEIGHTS_H

#include "model/network/network.h"

/* The constants of a node that are its kernel and its bias; NULL where it has none. */
void fvi_node_weights(const fvi_graph *g, const fvi_node *n, const fvi_const **kernel,
                      const fvi_const **bias);

/* A layer's weights, a unit a row: fv_model_weights has the shapes.
 *   bias    NULL: not wanted
 *   errors  ARG no such index; NOTFOUND it has none; NOMEM */
fv_status fvi_network_weights(const fvi_network *net, int layer, fv_tensor **weights,
                              fv_tensor **bias, fv_error *err);

#endif
