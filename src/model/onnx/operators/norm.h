/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation that operators of several domains share. */
#ifndef FVI_MODEL_ONNX_OPERATORS_NORM_H
#define FVI_MODEL_ONNX_OPERATORS_NORM_H

#include "model/onnx/node.h"

/* LayerNormalization of x with the node's axis and epsilon: makes output 0, and 1 and 2 where they
 * are used. scale, shift: -1 for none. */
fv_status fvi_onnx_layer_norm(fvi_onnx_node *node, int x, int scale, int shift);

#endif
