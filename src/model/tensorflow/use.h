/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph does first with its inputs. */
#ifndef FVI_MODEL_TENSORFLOW_USE_H
#define FVI_MODEL_TENSORFLOW_USE_H

#include "model/tensorflow/tensorflow.h"

/* fvi_reader.input_use. */
fvi_input_use fvi_tf_input_use(const fvi_tf *t, const char *input);

/* Completes the inputs' shapes by the convolution that reads them first: old files say none. Sets
 * their layout. */
void fvi_tf_describe_inputs(fvi_tf *t);

/* Whether the graph itself multiplies the input, or adds something, before its first convolution or
 * product. */
int fvi_tf_input_is_scaled(const fvi_tf *t, const char *input);

#endif
