/* SPDX-License-Identifier: Apache-2.0 */
/* Checking the nodes of a file. */
#ifndef FVI_MODEL_ONNX_NORMALIZE_H
#define FVI_MODEL_ONNX_NORMALIZE_H

#include "model/onnx/file.h"

/* Fills what may be absent, checks the attributes' types, in all graphs.  errors  FORMAT */
fv_status fvi_onnx_normalize(fvi_onnx *o, fv_error *err);

#endif
