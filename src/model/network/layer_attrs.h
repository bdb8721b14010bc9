/* SPDX-License-Identifier: Apache-2.0 */
/* What layers are configured by. */
#ifndef FVI_MODEL_NETWORK_LAYER_ATTRS_H
#define FVI_MODEL_NETWORK_LAYER_ATTRS_H

#include "graph/graph.h"

/* What a node is configured by, as JSON.
 *   sole_reader  the node that alone reads its output, or NULL
 *   errors       NOMEM */
fv_status fvi_layer_attrs(const fvi_graph *g, const fvi_node *n, const fvi_node *sole_reader,
                          fvi_pool *pool, fv_layer *out, fv_error *err);

#endif
