/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the nodes. */
#ifndef FVI_MODEL_ONNX_SORT_H
#define FVI_MODEL_ONNX_SORT_H

#include "model/onnx/file.h"

/* Checks which node makes and which ones use every value, and sorts the nodes.
 *   errors  FORMAT; NOMEM */
fv_status fvi_onnx_sort(fvi_onnx *o, fv_error *err);

#endif
