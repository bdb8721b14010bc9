/* SPDX-License-Identifier: Apache-2.0 */
/* fv_tensor: functions inside the library. */
#ifndef FVI_BASE_TENSOR_H
#define FVI_BASE_TENSOR_H

#include "base/shape.h"

fvi_shape fvi_tensor_shape(const fv_tensor *t);
/* Checks a caller's tensor: 0..8 sizes, none below 0, at most FVI_MAX_ELEMENTS, data not NULL.
 *   what    "the input"    errors  ARG */
fv_status fvi_tensor_check(const fv_tensor *t, const char *what, fv_error *err);
fv_status fvi_tensor_new(const fvi_shape *shape, fv_tensor **out, fv_error *err);
/* Copies a tensor.  errors  NOMEM */
fv_status fvi_tensor_copy(const fv_tensor *from, fv_tensor **out, fv_error *err);

/* The value of an IEEE half. */
float fvi_half_to_float(uint16_t half);

#endif
