/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a call while it is lowered: tensors and numbers, by name or position.
 *
 * They stand in the call, in Keras 3 by position ("args") or name ("kwargs"), in Keras 2 all but
 * the first by name; and what a class of keras.ops was made with stands in its configuration. The
 * names and their order are the signature of a function, in functions.def. */
#ifndef FVI_MODEL_KERAS_ARGUMENTS_H
#define FVI_MODEL_KERAS_ARGUMENTS_H

#include "model/keras/classes.h"

/* The argument, or NULL: not given, or None. */
JsonNode *fvi_keras_argument(const fvi_site *site, const char *name);
/* The same of a layer's call, by name and position. */
JsonNode *fvi_keras_layer_argument(const fvi_site *site, int position, const char *name);

/* An argument as a value: a tensor, or a constant of numbers. -1: it is neither; then, where it is
 * `needed` or given, the builder fails. */
int fvi_keras_operand(fvi_site *site, const char *name, int needed);
int fvi_keras_layer_operand(fvi_site *site, int position, const char *name, int needed);
/* The elements of a list of tensors, in a new GArray of int. */
GArray *fvi_keras_operands(fvi_site *site, const char *name);

/* A number, truth value or text of the file, or `otherwise`. */
int64_t fvi_keras_argument_int(const fvi_site *site, const char *name, int64_t otherwise);
double fvi_keras_argument_real(const fvi_site *site, const char *name, double otherwise);
int fvi_keras_argument_bool(const fvi_site *site, const char *name, int otherwise);
const char *fvi_keras_argument_text(const fvi_site *site, const char *name, const char *otherwise);
/* Whole numbers: a list, or one, of the file or of constants. Returns how many, at most `max`; -1:
 * it is not given. Anything else fails, and is -1 too. */
int fvi_keras_argument_ints(fvi_site *site, const char *name, int64_t *out, int max);
/* Axes 0..ndim-1 of a value, as bits; all of them where none is given. */
unsigned fvi_keras_argument_axes(fvi_site *site, const char *name, int ndim);

#endif
