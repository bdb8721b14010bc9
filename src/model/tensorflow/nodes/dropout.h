/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout in graphs that were made for training. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_DROPOUT_H
#define FVI_MODEL_TENSORFLOW_NODES_DROPOUT_H

#include "model/tensorflow/nodes/graph.h"

/* Lets the mask of dropout that is off be 1: where the share that is kept is known to be 1, or is
 * a placeholder, which outside of training is 1. Such nodes get the operator "_One". */
void fvi_tf_drop_dropout(fvi_tf_graph *g);

#endif
