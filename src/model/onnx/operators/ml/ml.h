/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators of ai.onnx.ml share. Each returns a value, or -1 with the builder's status
 * set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_ML_ML_H
#define FVI_MODEL_ONNX_OPERATORS_ML_ML_H

#include "model/onnx/node.h"

/* ---- features.c ---- */

/* v as f32. */
int fvi_ml_float(fvi_builder *b, int v);
/* Input i, [c] or [n, c], as f32; *columns: c. */
int fvi_ml_features(fvi_onnx_node *node, int i, int64_t *columns);
/* A constant of an attribute's numbers, of which there are 1 or one a feature. */
int fvi_ml_row(fvi_onnx_node *node, const char *attr, int64_t columns);

#endif
