/* SPDX-License-Identifier: Apache-2.0 */
/* Constants that a TensorFlow Lite file holds sparse. */
#ifndef FVI_MODEL_TFLITE_SPARSE_H
#define FVI_MODEL_TFLITE_SPARSE_H

#include "model/tflite/file.h"

/* All numbers of a sparse tensor.
 *   sparsity  its table SparsityParameters
 *   shape     of the tensor, at most t's limit of elements
 *   each      bytes of a number
 *   values    the numbers that are not left out, in a buffer of bytes
 *   returns   [shape], of the pool of t's list; NULL: *problem says why */
const uint8_t *fvi_tflite_dense(fvi_tflite *t, uint32_t sparsity, const fvi_shape *shape,
                                size_t each, fvi_flat_vector values, const char **problem);

#endif
