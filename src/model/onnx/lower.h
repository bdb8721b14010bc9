/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX -> graph: the part of a file that some values need, for concrete input shapes.
 *
 * Lowering is abstract interpretation: every ONNX value is either a known constant of any type, or
 * a run-time f32 value of known shape. What depends on constants only is computed at once
 * (graph/constant_fold.h); the rest becomes nodes of the small op set.
 */
#ifndef FVI_MODEL_ONNX_LOWER_H
#define FVI_MODEL_ONNX_LOWER_H

#include "model/onnx/node.h"

/* Lowers what is requested into the builder, which has the outputs then.
 *   errors  NOTFOUND; SHAPE; FORMAT; UNSUPPORTED; NOMEM, naming operator and node */
fv_status fvi_onnx_lower(const fvi_onnx *o, fvi_builder *b, const fvi_graph_request *request);

/* Value index of a name visible in a scope; -1 with the builder's status set. */
int fvi_scope_find(fvi_lowering *l, const fvi_scope *scope, const char *name);
/* Lowers the nodes of a subgraph that its outputs need.
 *   in   [n_input] values of its inputs, -1 for none; NULL: it has none
 *   out  [n_output] gets the values of its outputs */
fv_status fvi_lower_subgraph(fvi_onnx_node *node, const Onnx__GraphProto *g, const int *in,
                             int *out);

#endif
