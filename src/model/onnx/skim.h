/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file's message without the weights. */
#ifndef FVI_MODEL_ONNX_SKIM_H
#define FVI_MODEL_ONNX_SKIM_H

#include "model/protobuf/skim.h"

/* Skims a ModelProto; one payload an initialiser of the main graph, in the file's order.
 *   max_nodes  of all graphs and functions together
 *   errors     FORMAT; NOMEM */
fv_status fvi_onnx_skim(const uint8_t *bytes, size_t size, int64_t max_nodes, fvi_skim *out,
                        fv_error *err);

#endif
