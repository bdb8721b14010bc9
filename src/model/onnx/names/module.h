/* SPDX-License-Identifier: Apache-2.0 */
/* Which module of the training program a node comes from, where the exporter left traces of it. */
#ifndef FVI_MODEL_ONNX_NAMES_MODULE_H
#define FVI_MODEL_ONNX_NAMES_MODULE_H

#include "model/onnx/file.h"

typedef struct fvi_onnx_module {
    char *path;     /* "layer1.0.conv1"; "": the whole network. NULL: no trace */
    char *part;     /* what the node does in it: "add", "BiasAdd" */
    char separator; /* between the parts of a path: '.' or '/' */
} fvi_onnx_module;

/* Reads the traces in one node. */
fvi_onnx_module fvi_onnx_module_of(const fvi_onnx *o, const Onnx__NodeProto *n);
void fvi_onnx_module_clear(fvi_onnx_module *m);

#endif
