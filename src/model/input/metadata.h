/* SPDX-License-Identifier: Apache-2.0 */
/* What a model's file says of its input in its metadata. */
#ifndef FVI_MODEL_INPUT_METADATA_H
#define FVI_MODEL_INPUT_METADATA_H

#include "model/input/spec.h"
#include "model/reader.h"

/* Keys fovea.*, and those of other programs.  errors  FORMAT naming a key fovea.* and its value */
fv_status fvi_input_from_metadata(const fvi_model_file *f, fvi_input_spec *out, fv_error *err);

#endif
