/* SPDX-License-Identifier: Apache-2.0 */
/* What a Caffe network's data layer does to pictures before the network sees them. */
#ifndef FVI_MODEL_CAFFE_TRANSFORM_H
#define FVI_MODEL_CAFFE_TRANSFORM_H

#include "model/caffe/file.h"

/* Where a layer that feeds the network has its transformation, or NULL: in transform_param, in
 * files of before 2014 beside its source. */
const fvi_message *fvi_caffe_transform_of(const fvi_message *layer);
/* Keeps in c->transform what the first such layer says. */
void fvi_caffe_read_transform(fvi_caffe *c, const fvi_message *transform);
/* Frees it. */
void fvi_caffe_free_transform(fvi_caffe_transform *t);

#endif
