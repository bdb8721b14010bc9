/* SPDX-License-Identifier: Apache-2.0 */
/* Checking the nodes of a file. */
#ifndef FVI_MODEL_ONNX_NORMALIZE_H
#define FVI_MODEL_ONNX_NORMALIZE_H

#include "graph/build/build.h"
#include "model/onnx/file.h"

/* Fills what may be absent, in all graphs.  errors  FORMAT */
fv_status fvi_onnx_normalize(fvi_onnx *o, fv_error *err);

/* Fails where a well-known attribute of a node is not of the type that the operators of its domain
 * give it.  errors  UNSUPPORTED */
void fvi_onnx_check_attributes(fvi_builder *b, const Onnx__NodeProto *n);

#endif
