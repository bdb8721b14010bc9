/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a .prototxt. */
#ifndef FVI_MODEL_CAFFE_NETWORK_H
#define FVI_MODEL_CAFFE_NETWORK_H

#include "model/caffe/file.h"

/* Makes c->file.list of c->net.
 *   errors  FORMAT, UNSUPPORTED, NOMEM */
fv_status fvi_caffe_make_list(fvi_caffe *c, fv_error *err);

#endif
