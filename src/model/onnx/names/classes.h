/* SPDX-License-Identifier: Apache-2.0 */
/* Class names that a file's operators hold. */
#ifndef FVI_MODEL_ONNX_NAMES_CLASSES_H
#define FVI_MODEL_ONNX_NAMES_CLASSES_H

#include "model/labels.h"
#include "model/onnx/file.h"

/* The names, yours to free with fvi_labels_free, or NULL.
 *   are_texts  0: they are integers
 *   from       which node has them, `ZipMap "zip"`; to be freed with g_free */
fvi_labels *fvi_onnx_class_names(const fvi_onnx *o, int *are_texts, char **from);

#endif
