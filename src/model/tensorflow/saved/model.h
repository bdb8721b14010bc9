/* SPDX-License-Identifier: Apache-2.0 */
/* The graph and the signature of a SavedModel. */
#ifndef FVI_MODEL_TENSORFLOW_SAVED_MODEL_H
#define FVI_MODEL_TENSORFLOW_SAVED_MODEL_H

#include "fovea/fovea.h"
#include "model/tensorflow/nodes/message.h"

/* Whether the bytes are of a SavedModel: a version, and graphs with their tags. */
int fvi_tf_is_saved_model(const uint8_t *bytes, size_t size);
/* Finds, in the message of the file, the graph that is for serving and its signature.
 *   errors  FORMAT; UNSUPPORTED */
fv_status fvi_tf_saved_model(fvi_tf_bytes file, fvi_tf_bytes *graph, fvi_tf_bytes *signature,
                             fv_error *err);

#endif
