/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, of a layer of their own or of another one. Each returns the value it made, or -1
 * with the builder's status set. */
#ifndef FVI_MODEL_KERAS_OPERATORS_ACTIVATION_H
#define FVI_MODEL_KERAS_OPERATORS_ACTIVATION_H

#include "model/keras/arguments.h"

/* v through the activation that the configuration names under `key`; none: v. */
int fvi_keras_activate(fvi_site *site, int v, const char *key);
/* v through the function of that name, as in keras.activations. */
int fvi_keras_function(fvi_site *site, const char *name, int v);
/* The same with its parameter, where it has one; NAN: the usual one. */
int fvi_keras_function_of(fvi_site *site, const char *name, double alpha, int v);
/* The function of one number of that name; 0: there is none, and the builder fails. */
int fvi_keras_unary(fvi_site *site, const char *name, fvi_unary *f, float *p, float *q);

#endif
