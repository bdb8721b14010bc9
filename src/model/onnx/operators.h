/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of the ONNX operators, one prototype a handler named in operators.def. They are in
 * operators/, by subject. */
#ifndef FVI_MODEL_ONNX_OPERATORS_H
#define FVI_MODEL_ONNX_OPERATORS_H

#include "model/onnx/node.h"

/* Why an operator of the table is not computed. */
enum { FVI_OF_TEXTS, FVI_OF_FILES, FVI_OF_STEPS, FVI_OF_NEITHER };

#define FVI_ONNX_OP(NAME, first, last, handler, param) \
    fv_status fvi_lower_##handler(fvi_onnx_node *node);
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP

#endif
