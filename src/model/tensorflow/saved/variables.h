/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a SavedModel: variables/variables.index says where each is in
 * variables/variables.data-00000-of-00001. */
#ifndef FVI_MODEL_TENSORFLOW_SAVED_VARIABLES_H
#define FVI_MODEL_TENSORFLOW_SAVED_VARIABLES_H

#include "model/tensorflow/tensorflow.h"

/* Reads the index, where the folder has one, and finds which of the graph's variables is kept under
 * which name: by the nodes that restore them.
 *   errors  FORMAT; UNSUPPORTED; IO; NOMEM */
fv_status fvi_tf_variables_open(fvi_tf *t, fv_error *err);
/* NULL allowed. */
void fvi_tf_variables_close(fvi_tf_variables *v);

/* The numbers of the variable that a node makes.
 *   problem  set, in the list's pool, where it has none */
fv_status fvi_tf_variable(const fvi_tf *t, int node, fvi_const *out, const char **problem,
                          fv_error *err);

#endif
