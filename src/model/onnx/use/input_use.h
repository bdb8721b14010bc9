/* SPDX-License-Identifier: Apache-2.0 */
/* What an ONNX file does first with one of its inputs. */
#ifndef FVI_MODEL_ONNX_USE_INPUT_USE_H
#define FVI_MODEL_ONNX_USE_INPUT_USE_H

#include "model/onnx/file.h"

/* fvi_reader.input_use */
fvi_input_use fvi_onnx_input_use(const fvi_onnx *o, const char *input);

#endif
