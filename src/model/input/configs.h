/* SPDX-License-Identifier: Apache-2.0 */
/* What files of other programs beside a model's file say of its input. */
#ifndef FVI_MODEL_INPUT_CONFIGS_H
#define FVI_MODEL_INPUT_CONFIGS_H

#include "model/input/spec.h"
#include "model/model_file.h"

/* Hugging Face's preprocessor_config.json and config.json, timm's config.json, in the model's
 * folder, or in the one above where its folder is called "onnx"; and class names in
 * lists beside the model (configs.c has their names). Files that are no JSON object, and values
 * that are not understood, are passed over: they were not written for us. */
void fvi_input_from_configs(const fvi_model_file *f, fvi_input_spec *out);

#endif
