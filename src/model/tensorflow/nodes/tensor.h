/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow's tensors and types of elements. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_TENSOR_H
#define FVI_MODEL_TENSORFLOW_NODES_TENSOR_H

#include "graph/graph.h"
#include "model/tensorflow/nodes/message.h"

#define FVI_TF_STRING   7 /* TensorFlow's numbers of types that are no numbers */
#define FVI_TF_RESOURCE 20

/* The fvi_dtype of TensorFlow's type; 0: it is none that is read. */
int fvi_tf_dtype(int type);

/* A tensor message (TensorProto): its numbers stay in the file where they stand there as bytes.
 *   most     elements that may be written where they do not
 *   problem  set, in the pool, where it cannot be read
 *   errors   FORMAT; NOMEM */
fv_status fvi_tf_tensor(fvi_tf_bytes m, fvi_pool *pool, int64_t most, fvi_const *out,
                        const char **problem, fv_error *err);

#endif
