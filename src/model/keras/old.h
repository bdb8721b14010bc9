/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Keras 1, and those that Keras wrote on Theano, as Keras 2 would have written them. */
#ifndef FVI_MODEL_KERAS_OLD_H
#define FVI_MODEL_KERAS_OLD_H

#include "model/keras/file.h"

/* Gives layers of Keras 1 and their arguments the names that they have since, in k->config. What
 * computes something that Keras 2 does not have keeps a class that is not known. */
void fvi_keras_rename_old(fvi_keras *k);

/* Brings a layer's kernel into the order of Keras 2 on TensorFlow: Keras 1 had filters first where
 * channels are first, and Theano turned kernels round.
 *   pool    for the copy
 *   errors  UNSUPPORTED such a layer's order is not known; NOMEM */
fv_status fvi_keras_turn_old(const fvi_keras *k, const fvi_keras_layer *l, fvi_keras_weight *w,
                             fvi_pool *pool, fv_error *err);

#endif
