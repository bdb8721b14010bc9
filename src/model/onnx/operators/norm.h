/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation and softmax that operators of several domains share. */
#ifndef FVI_MODEL_ONNX_OPERATORS_NORM_H
#define FVI_MODEL_ONNX_OPERATORS_NORM_H

#include "model/onnx/node.h"

/* LayerNormalization of x with the node's axis. scale, shift: -1 for none. The value, or -1 with
 * the builder's status set. */
int fvi_onnx_layer_norm(fvi_onnx_node *node, int x, int scale, int shift, float epsilon);
/* Makes outputs 1 and 2 where they are used: mean and 1 / sqrt(variance + epsilon) of x. */
void fvi_onnx_layer_statistics(fvi_onnx_node *node, int x, float epsilon);
/* Softmax of x along the node's axis; flattens: all axes from there on are one. -1 with the
 * builder's status set. */
int fvi_onnx_softmax(fvi_onnx_node *node, int x, int flattens, int logarithm);

#endif
