/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised inputs and outputs that operators of several domains share. An input number of -1 means
 * that there is no such scale or zero point. */
#ifndef FVI_MODEL_ONNX_OPERATORS_QUANTIZE_H
#define FVI_MODEL_ONNX_OPERATORS_QUANTIZE_H

#include "model/onnx/node.h"

/* Input i as real numbers, with its scales and zero points, which are several along `axis` only;
 * -1 with the builder's status set. */
int fvi_onnx_real_input(fvi_onnx_node *node, int i, int scale, int zero, int64_t axis);
/* Makes v output 0, quantised as inputs scale and zero say. */
fv_status fvi_onnx_quantised_output(fvi_onnx_node *node, int v, int scale, int zero);

#endif
