/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling that operators of several domains share. Each returns the value it made, or -1 with the
 * builder's status set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_POOL_H
#define FVI_MODEL_ONNX_OPERATORS_POOL_H

#include "model/onnx/node.h"

/* FVI_MAX_POOL or FVI_AVERAGE_POOL of x with the node's window. */
int fvi_onnx_pool(fvi_onnx_node *node, int x, fvi_kind kind);

#endif
