/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are known when the file is opened. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_KNOWN_H
#define FVI_MODEL_TENSORFLOW_NODES_KNOWN_H

#include "model/tensorflow/nodes/graph.h"

/* The number that an edge always has, of one element; 0: it is not known. */
int fvi_tf_known(const fvi_tf_graph *g, fvi_tf_edge e, double *out);

#endif
