/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: what the public functions on fv_tensor do not show. */
#ifndef FVI_BASE_TENSOR_H
#define FVI_BASE_TENSOR_H

#include "base/shape.h"

fvi_shape fvi_tensor_shape(const fv_tensor *t);
/* Fails unless a caller's tensor is one: 0..8 sizes, none below 0, at most FVI_MAX_ELEMENTS, data.
 *   what    "the input"    errors  ARG */
fv_status fvi_tensor_check(const fv_tensor *t, const char *what, fv_error *err);
fv_status fvi_tensor_new(const fvi_shape *shape, fv_tensor **out, fv_error *err);

/* The value of an IEEE half. */
float fvi_half_to_float(uint16_t half);

#endif
