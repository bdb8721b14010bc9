/* SPDX-License-Identifier: Apache-2.0 */
/* SparseTensorProto -> fvi_const. */
#ifndef FVI_MODEL_ONNX_TENSORS_SPARSE_H
#define FVI_MODEL_ONNX_TENSORS_SPARSE_H

#include "model/onnx/file.h"

/* The name of a sparse initialiser: that of its values; "" where it has none. */
const char *fvi_onnx_sparse_name(const Onnx__SparseTensorProto *s);

/* Reads a sparse tensor as a dense one.
 *   problem, errors  as fvi_onnx_tensor_read */
fv_status fvi_onnx_sparse_read(const fvi_onnx *o, const Onnx__SparseTensorProto *s, fvi_pool *pool,
                               fvi_const *out, const char **problem, fv_error *err);

#endif
