/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a .caffemodel. */
#ifndef FVI_MODEL_CAFFE_BLOBS_H
#define FVI_MODEL_CAFFE_BLOBS_H

#include "model/caffe/file.h"

/* Reads the blobs of all layers from c->file.weights into c->blobs.
 *   errors  FORMAT; NOMEM */
fv_status fvi_caffe_read_blobs(fvi_caffe *c, fv_error *err);

#endif
