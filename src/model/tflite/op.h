/* SPDX-License-Identifier: Apache-2.0 */
/* One operator of TensorFlow Lite while it is lowered. */
#ifndef FVI_MODEL_TFLITE_OP_H
#define FVI_MODEL_TFLITE_OP_H

#include "model/operations/layers.h"
#include "model/tflite/file.h"

/* Input i: what an operation made, or a constant. -1: absent, which fvi_tflite_need fails for. */
int fvi_tflite_in(fvi_site *site, int i);
int fvi_tflite_need(fvi_site *site, int i);
/* The tensor of input i, or NULL. */
const fvi_tflite_tensor *fvi_tflite_tensor_in(const fvi_site *site, int i);
/* Whole numbers of input i, which must be known when the graph is made; returns how many, -1: it
 * failed. */
int fvi_tflite_ints(fvi_site *site, int i, int64_t *out, int max);
/* A whole number of the options, of 1 or 4 bytes, and a real one. */
int64_t fvi_tflite_option(const fvi_site *site, int field, int bytes, int64_t otherwise);
double fvi_tflite_real(const fvi_site *site, int field, double otherwise);
/* Makes v the output: through the activation of that number first (0: none), and where the tensor
 * is quantised, within what its type holds. */
void fvi_tflite_out(fvi_site *site, int v, int64_t activation);

#define FVI_TFLITE_OP(code, name, lower, param) void fvi_tflite_lower_##lower(fvi_site *);
#include "model/tflite/operators.def"
#undef FVI_TFLITE_OP

#endif
