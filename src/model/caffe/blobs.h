/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a .caffemodel. */
#ifndef FVI_MODEL_CAFFE_BLOBS_H
#define FVI_MODEL_CAFFE_BLOBS_H

#include "model/caffe/file.h"

/* Reads the blobs of all layers from c->file.weights into c->blobs.
 *   errors  FORMAT; NOMEM */
fv_status fvi_caffe_read_blobs(fvi_caffe *c, fv_error *err);

/* A BlobProto by itself; its numbers stay where the bytes are. NULL: damaged, or no memory. */
const fvi_const *fvi_caffe_read_blob(fvi_caffe *c, const uint8_t *bytes, size_t size);

#endif
