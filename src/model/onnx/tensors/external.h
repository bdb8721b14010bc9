/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in files of their own. */
#ifndef FVI_MODEL_ONNX_TENSORS_EXTERNAL_H
#define FVI_MODEL_ONNX_TENSORS_EXTERNAL_H

#include "model/onnx/file.h"

/* A tensor's name in messages; tensors in attributes often have none. */
static inline const char *fvi_tensor_name(const Onnx__TensorProto *t) {
    return t->name ? t->name : "";
}

/* Finds the bytes of an external tensor, mapping its file at the first use.
 *   need    bytes it must have
 *   errors  FORMAT; IO */
fv_status fvi_onnx_external(const fvi_onnx *o, const Onnx__TensorProto *t, uint64_t need,
                            const uint8_t **out, fv_error *err);

#endif
