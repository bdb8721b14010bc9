/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of a node, looked up in its message (NodeDef). Files leave out those that have
 * their usual value. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_ATTR_H
#define FVI_MODEL_TENSORFLOW_NODES_ATTR_H

#include "base/shape.h"
#include "model/tensorflow/nodes/message.h"

/* Its message (AttrValue); not there: bytes NULL. */
fvi_tf_bytes fvi_tf_attr(fvi_tf_bytes node, const char *name);
int64_t fvi_tf_attr_int(fvi_tf_bytes node, const char *name, int64_t usual);
int fvi_tf_attr_bool(fvi_tf_bytes node, const char *name, int usual);
float fvi_tf_attr_float(fvi_tf_bytes node, const char *name, float usual);
/* A text; not there: bytes NULL. */
fvi_tf_bytes fvi_tf_attr_text(fvi_tf_bytes node, const char *name);
/* TensorFlow's number of a type. */
int fvi_tf_attr_type(fvi_tf_bytes node, const char *name, int usual);
/* The name of a function; not there: bytes NULL. */
fvi_tf_bytes fvi_tf_attr_function(fvi_tf_bytes node, const char *name);
/* A list of whole numbers into out [max]: how many it has, which may be more; -1: it is not there.
 */
int fvi_tf_attr_ints(fvi_tf_bytes node, const char *name, int64_t *out, int max);
/* Text i of a list; not there: bytes NULL. */
fvi_tf_bytes fvi_tf_attr_list_text(fvi_tf_bytes node, const char *name, int i);

/* A shape message (TensorShapeProto): ndim -1 where its rank is not known or more than
 * FVI_MAX_DIMS, dim -1 where a size is not. */
void fvi_tf_shape(fvi_tf_bytes m, fvi_shape *out);

#endif
