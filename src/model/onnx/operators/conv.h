/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and products that operators of several domains share. Each returns the value it made,
 * or -1 with the builder's status set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_CONV_H
#define FVI_MODEL_ONNX_OPERATORS_CONV_H

#include "model/onnx/node.h"

/* Conv of x, with the node's weights (input 1), bias (input 2) and attributes. */
int fvi_onnx_convolve(fvi_onnx_node *node, int x);
/* The same of its input 0. */
int fvi_onnx_conv(fvi_onnx_node *node);
/* Gemm of the node's inputs. */
int fvi_onnx_gemm(fvi_onnx_node *node);
/* numpy's matmul with attr->matmul. A 1-D operand is a row (a) or a column (b), which is not
 * transposed, and whose axis goes again. */
int fvi_onnx_multiply(fvi_onnx_node *node, int a, int b, const fvi_node_attr *attr);
/* Moves the channels, the last axis, behind the first (to_last 0), or back. */
int fvi_onnx_move_channels(fvi_onnx_node *node, int v, int to_last);
/* numpy's matmul of two values. */
int fvi_onnx_matmul(fvi_onnx_node *node, int a, int b);

#endif
