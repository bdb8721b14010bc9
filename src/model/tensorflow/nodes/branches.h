/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that are known when the file is opened: is_training is false. */
#ifndef FVI_MODEL_TENSORFLOW_NODES_BRANCHES_H
#define FVI_MODEL_TENSORFLOW_NODES_BRANCHES_H

#include "model/tensorflow/nodes/graph.h"

/* Lets Switch and Merge forward what the branch that is taken gives, where the condition is a
 * constant or a placeholder's default; marks nodes of the other branch dead.
 *   errors  FORMAT: a circle */
fv_status fvi_tf_take_branches(fvi_tf_graph *g, fv_error *err);

#endif
