/* SPDX-License-Identifier: Apache-2.0 */
/* What TensorFlow Lite's metadata writer packs into a file and behind it. */
#ifndef FVI_MODEL_TFLITE_METADATA_H
#define FVI_MODEL_TFLITE_METADATA_H

#include "model/tflite/file.h"

/* Fills t->labels, t->mean and t->std, as far as they are there; `graph`: the table of the first
 * subgraph, whose tensors were read. What is damaged is passed over: a network runs without it. */
void fvi_tflite_read_metadata(fvi_tflite *t, uint32_t graph);
/* Frees them. */
void fvi_tflite_free_metadata(fvi_tflite *t);

#endif
