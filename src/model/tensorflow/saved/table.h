/* SPDX-License-Identifier: Apache-2.0 */
/* LevelDB's table files, of which TensorFlow writes the index of its variables. */
#ifndef FVI_MODEL_TENSORFLOW_SAVED_TABLE_H
#define FVI_MODEL_TENSORFLOW_SAVED_TABLE_H

#include <glib.h>

#include "fovea/fovea.h"
#include "model/tensorflow/nodes/message.h"

/* Reads all entries of a table into `entries`: key -> fvi_tf_bytes, both in the pool, the bytes of
 * the values in the file. Keys of zero bytes are called "".
 *   most    entries that are allowed
 *   errors  FORMAT; UNSUPPORTED: compressed blocks; NOMEM */
fv_status fvi_tf_table_read(fvi_tf_bytes file, fvi_pool *pool, int64_t most, GHashTable *entries,
                            fv_error *err);

#endif
