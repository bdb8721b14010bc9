/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of resolving an input, once there is a graph. */
#ifndef FVI_MODEL_INPUT_VALUES_H
#define FVI_MODEL_INPUT_VALUES_H

#include "graph/graph.h"
#include "model/input/input.h"

/* Resolves the rest (range, mean, scale, order), with what the graph does to the input.
 *   errors  FORMAT a list of another length than there are channels */
fv_status fvi_input_complete(const fvi_model_file *f, const fvi_graph *g, fvi_input_info *i,
                             fv_error *err);

#endif
