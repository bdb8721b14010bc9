/* SPDX-License-Identifier: Apache-2.0 */
/* What other programs write into a model's file about its input. */
#ifndef FVI_MODEL_INPUT_EXPORTERS_H
#define FVI_MODEL_INPUT_EXPORTERS_H

#include "model/input/spec.h"

/* A text by its key, NULL where there is none; and what they are called in remarks. */
typedef struct fvi_texts {
    const char *(*find)(const void *from, const char *key);
    const void *from;
    const char *source; /* "metadata", or a file's name */
} fvi_texts;

/* Keys of Ultralytics, PaddleX and PaddleOCR, QGIS Deepness, Azure Custom Vision, timm, and ONNX's
 * own Image.*. What is there and cannot be read is a remark of `out`. */
void fvi_input_from_exporters(const fvi_texts *t, fvi_input_spec *out);

#endif
