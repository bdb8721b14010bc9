/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow's protobuf messages, read in place: no message is copied, so that weights stay in the
 * file and a hostile file costs no memory. Field numbers are those of graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto, function.proto, saved_model.proto and meta_graph.proto. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_MESSAGE_H
#define FVI_MODEL_TENSORFLOW_NODES_MESSAGE_H

#include "base/pool.h"
#include "model/protobuf/wire.h"

/* A message, or a text, in the file; bytes NULL: it is not there. */
typedef struct fvi_tf_bytes {
    const uint8_t *bytes;
    size_t size;
} fvi_tf_bytes;

fvi_wire fvi_tf_wire(fvi_tf_bytes m);
/* Whether all its fields can be read. */
int fvi_tf_is_sound(fvi_tf_bytes m);
/* The last field of that number and type; 0: there is none. */
int fvi_tf_find(fvi_tf_bytes m, uint32_t number, int type, fvi_wire_field *out);
/* The message or text in it of that number. */
fvi_tf_bytes fvi_tf_part(fvi_tf_bytes m, uint32_t number);
/* The whole number in it, or `usual`. */
int64_t fvi_tf_number(fvi_tf_bytes m, uint32_t number, int64_t usual);
/* The value of a map that is field `number` of m. */
fvi_tf_bytes fvi_tf_entry(fvi_tf_bytes m, uint32_t number, const char *key);

int fvi_tf_is(fvi_tf_bytes text, const char *word);
/* A copy of a text; NULL: no memory, or it is not there or has a zero byte. */
const char *fvi_tf_text(fvi_pool *pool, fvi_tf_bytes text);

#endif
