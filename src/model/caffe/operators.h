/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering Caffe's layers: one function a row of layers.def names. */
#ifndef FVI_MODEL_CAFFE_OPERATORS_H
#define FVI_MODEL_CAFFE_OPERATORS_H

#include "model/caffe/file.h"
#include "model/operations/layers.h"

#define FVI_CAFFE_LAYER(type, old, lower, param) void fvi_caffe_lower_##lower(fvi_site *);
#include "model/caffe/layers.def"
#undef FVI_CAFFE_LAYER

#endif
