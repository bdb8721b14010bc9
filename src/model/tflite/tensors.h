/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a TensorFlow Lite file. */
#ifndef FVI_MODEL_TFLITE_TENSORS_H
#define FVI_MODEL_TFLITE_TENSORS_H

#include "model/tflite/file.h"

/* Reads the tensors of a subgraph's table into t->tensors.
 *   errors  FORMAT, NOMEM */
fv_status fvi_tflite_read_tensors(fvi_tflite *t, uint32_t subgraph, fv_error *err);

#endif
