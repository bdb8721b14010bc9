/* SPDX-License-Identifier: Apache-2.0 */
/* aten.as_strided, which says where in memory each element of its result lies. */
#ifndef FVI_MODEL_TORCH_STRIDED_H
#define FVI_MODEL_TORCH_STRIDED_H

#include "model/torch/file.h"

/* Why a call cannot be read: NULL where its result lies in memory as its input does, but for sizes
 * of 1, so that it is the input in another shape.
 *   input  what the file says of the input: sizes, strides; or NULL */
const char *fvi_torch_strided_problem(const fvi_torch_call *call, JsonObject *input);

#endif
