/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and matrix products that other operators are made of. Each returns the value it
 * made, or -1 with the builder's status set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_CONV_H
#define FVI_MODEL_ONNX_OPERATORS_CONV_H

#include "model/onnx/node.h"

/* The convolution of the node's inputs 0 (x), 1 (weights) and 2 (bias), with its attributes. */
int fvi_onnx_conv(fvi_onnx_node *node);
/* numpy's matmul of two values. */
int fvi_onnx_matmul(fvi_onnx_node *node, int a, int b);

#endif
