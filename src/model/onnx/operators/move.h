/* SPDX-License-Identifier: Apache-2.0 */
/* Selection that operators of several domains share. */
#ifndef FVI_MODEL_ONNX_OPERATORS_MOVE_H
#define FVI_MODEL_ONNX_OPERATORS_MOVE_H

#include "model/onnx/node.h"

/* The elements of x at the indices along an axis, as Gather; -1 with the builder's status set. */
int fvi_onnx_gather(fvi_onnx_node *node, int x, int indices, int64_t axis);

#endif
