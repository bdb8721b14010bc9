/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a model: its layers' calls, with those of models within it. */
#ifndef FVI_MODEL_KERAS_NETWORK_H
#define FVI_MODEL_KERAS_NETWORK_H

#include "model/keras/file.h"

/* Fills k->file.list from k->config and k->weights.
 *   errors  FORMAT; UNSUPPORTED; NOMEM */
fv_status fvi_keras_make_list(fvi_keras *k, fv_error *err);

#endif
