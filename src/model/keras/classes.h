/* SPDX-License-Identifier: Apache-2.0 */
/* Keras' layers: which weights a class has, and how it is lowered. */
#ifndef FVI_MODEL_KERAS_CLASSES_H
#define FVI_MODEL_KERAS_CLASSES_H

#include "model/keras/config.h"
#include "model/keras/file.h"
#include "model/operations/layers.h"

/* By operations' types, which are the names of classes; ended by one without a type. */
extern const fvi_op_kind fvi_keras_kinds[];

/* Whether a class is a layer's in the table, and no function of keras.ops is called so: both are
 * written alike in HDF5 files. */
int fvi_keras_is_only_layer(const char *class_name);

/* Names of the weights that a layer of that class and configuration has, in the order in which
 * Keras 3 numbers them, separated by blanks; of those it keeps in a part ("cell", "query_dense")
 * where `part` is one. To be freed with g_free; NULL: the class is not known. */
char *fvi_keras_weight_names(const char *class_name, JsonObject *config, const char *part);

/* The arguments of a function, in their order ("x axis keepdims"); "" for a layer. */
const char *fvi_keras_signature(const char *type);

/* ---- for the handlers (operators/) ---- */

const fvi_keras_layer *fvi_keras_of(const fvi_site *site);
/* The weight whose name is, or ends in "/NAME"; -1: it has none, where it is not `needed`. */
int fvi_keras_weight_value(fvi_site *site, const char *name, int needed);
const fvi_const *fvi_keras_weight_numbers(fvi_site *site, const char *name);
/* Whether the layer keeps channels last; then the site does. */
void fvi_keras_data_format(fvi_site *site);
/* The padding that "padding" names: valid, same, causal. */
fvi_padding fvi_keras_padding(fvi_site *site);
/* x / sqrt(max(sum of squares over the axes, epsilon)). */
int fvi_keras_unit(fvi_site *site, int x, unsigned axes, double epsilon);
/* Fails where a mask says which steps count: they are not left out here. */
void fvi_keras_no_mask(fvi_site *site);
/* Fails: a value of the configuration is not supported. */
void fvi_keras_refuse(fvi_site *site, const char *key, const char *value);

#define FVI_KERAS_LAYER(class_name, handler, ...) void fvi_keras_##handler(fvi_site *site);
#include "model/keras/classes.def"
#undef FVI_KERAS_LAYER
#define FVI_KERAS_FUNCTION(name, handler, ...) void fvi_keras_##handler(fvi_site *site);
#include "model/keras/functions.def"
#undef FVI_KERAS_FUNCTION

#endif
