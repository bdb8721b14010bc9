/* SPDX-License-Identifier: Apache-2.0 */
/* What the file MODEL.fovea.json next to a model's file says of its input. */
#ifndef FVI_MODEL_INPUT_SIDECAR_H
#define FVI_MODEL_INPUT_SIDECAR_H

#include "model/input/spec.h"
#include "model/model_file.h"

/* Leaves *out as it is where there is no such file.  errors  IO, FORMAT, naming file and key */
fv_status fvi_input_from_sidecar(const fvi_model_file *f, fvi_input_spec *out, fv_error *err);

#endif
