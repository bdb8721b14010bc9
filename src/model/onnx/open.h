/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an ONNX file. */
#ifndef FVI_MODEL_ONNX_OPEN_H
#define FVI_MODEL_ONNX_OPEN_H

#include "model/onnx/file.h"

#define FVI_OPSET_MIN 7
#define FVI_OPSET_MAX 28

/* Parses and checks: names, references (no cycles, no value made twice), the opset.
 *   errors  as fv_model_load */
fv_status fvi_onnx_open(fvi_model_file *f, fv_error *err);
void fvi_onnx_close(fvi_model_file *f);

#endif
