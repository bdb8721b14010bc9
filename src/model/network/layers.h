/* SPDX-License-Identifier: Apache-2.0 */
/* The layer table of a graph. */
#ifndef FVI_MODEL_NETWORK_LAYERS_H
#define FVI_MODEL_NETWORK_LAYERS_H

#include "fovea/fovea.h"
#include "graph/graph.h"

/* Makes the layer table of a graph.
 *   in      the picture input, for receptive fields
 *   pool    owns the table's texts
 *   errors  NOMEM */
fv_status fvi_layers_make(const fvi_graph *g, const fv_input *in, fvi_pool *pool, fv_layer **out,
                          fv_error *err);

#endif
