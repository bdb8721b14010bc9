/* SPDX-License-Identifier: Apache-2.0 */
/* The table of Caffe's layers. */
#ifndef FVI_MODEL_CAFFE_TYPES_H
#define FVI_MODEL_CAFFE_TYPES_H

#include "model/operations/site.h"

/* A layer's type as it is called since 2014: "CONVOLUTION" as "Convolution". Others as they are. */
const char *fvi_caffe_type(const char *type);
/* For lowering; ended by one without a type. */
extern const fvi_op_kind fvi_caffe_kinds[];

#endif
