/* SPDX-License-Identifier: Apache-2.0 */
/* The names of layers: those of the modules that the nodes come from, where the file knows them. */
#ifndef FVI_MODEL_ONNX_NAMES_NAMES_H
#define FVI_MODEL_ONNX_NAMES_NAMES_H

#include "model/onnx/file.h"

/* Fills o->layer_names. The nodes must be sorted and the initialisers read.
 *   errors  NOMEM */
fv_status fvi_onnx_name_layers(fvi_onnx *o, fv_error *err);
/* The name of the layer that a node becomes: its module's, else its own, which may be "". */
const char *fvi_onnx_layer_name(const fvi_onnx *o, const Onnx__NodeProto *n);

#endif
