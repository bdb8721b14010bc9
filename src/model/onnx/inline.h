/* SPDX-License-Identifier: Apache-2.0 */
/* Model-local functions. */
#ifndef FVI_MODEL_ONNX_INLINE_H
#define FVI_MODEL_ONNX_INLINE_H

#include "model/onnx/file.h"

/* Replaces nodes that call the file's own functions by these functions' bodies.
 *   errors  FORMAT; NOMEM */
fv_status fvi_onnx_inline(fvi_onnx *o, fv_error *err);

#endif
