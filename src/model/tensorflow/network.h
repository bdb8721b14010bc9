/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a graph. */
#ifndef FVI_MODEL_TENSORFLOW_NETWORK_H
#define FVI_MODEL_TENSORFLOW_NETWORK_H

#include "model/tensorflow/tensorflow.h"

/* Fills t->file.list from t->graph and, of a SavedModel, t->signature and t->variables.
 *   errors  FORMAT; UNSUPPORTED; NOMEM */
fv_status fvi_tf_make_list(fvi_tf *t, fv_error *err);

#endif
