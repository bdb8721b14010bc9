/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto -> fvi_const. */
#ifndef FVI_MODEL_ONNX_TENSORS_TENSOR_H
#define FVI_MODEL_ONNX_TENSORS_TENSOR_H

#include "model/onnx/file.h"
#include "model/protobuf/skim.h"

/* fvi_const.quantised of integers of 4 bits, which are read as integers of 8. */
#define FVI_QUANTISED_4_BITS 4

/* Reads a tensor; `payload` replaces the message's own data fields where it is not NULL.
 *   problem  where a type we do not read is explained (then FV_OK and bytes NULL)
 *   errors   FORMAT; IO; NOMEM */
fv_status fvi_onnx_tensor_read(const fvi_onnx *o, const Onnx__TensorProto *t,
                               const fvi_payload *payload, fvi_pool *pool, fvi_const *out,
                               const char **problem, fv_error *err);
/* Reads any TensorProto (an attribute's, a test's) into the pool.  errors  FORMAT; UNSUPPORTED */
fv_status fvi_onnx_tensor(const fvi_onnx *o, const Onnx__TensorProto *t, fvi_pool *pool,
                          const fvi_const **out, fv_error *err);

#endif
