/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, of a layer of their own or of another one. Each returns the value it made, or -1
 * with the builder's status set. */
#ifndef FVI_MODEL_KERAS_OPERATORS_ACTIVATION_H
#define FVI_MODEL_KERAS_OPERATORS_ACTIVATION_H

#include "model/keras/classes.h"

/* v through the activation that the configuration names under `key`; none: v. */
int fvi_keras_activate(fvi_site *site, int v, const char *key);
/* v through the function of that name, as in keras.activations. */
int fvi_keras_function(fvi_site *site, const char *name, int v);

#endif
