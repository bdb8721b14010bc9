/* SPDX-License-Identifier: Apache-2.0 */
/* What an exported program does first with an input. */
#ifndef FVI_MODEL_TORCH_USE_H
#define FVI_MODEL_TORCH_USE_H

#include "model/input_use.h"
#include "model/torch/file.h"

/* fvi_reader.input_use. */
fvi_input_use fvi_torch_input_use(const fvi_torch *t, const char *input);

#endif
