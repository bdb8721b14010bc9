/* SPDX-License-Identifier: Apache-2.0 */
/* An open Keras file: its configuration, its weights, and the list of operations made of both. */
#ifndef FVI_MODEL_KERAS_FILE_H
#define FVI_MODEL_KERAS_FILE_H

#include <json-glib/json-glib.h>

#include "model/hdf5/hdf5.h"
#include "model/keras/calls.h"
#include "model/operations/list.h"

/* A weight of a layer. */
typedef struct fvi_keras_weight {
    const char *name; /* as Keras 2 names it within the layer: "kernel", "lstm_cell/bias" */
    fvi_const numbers;
} fvi_keras_weight;

/* What a layer's class says about it: a row of classes.def. */
typedef struct fvi_keras_class fvi_keras_class;

/* One call of a layer: the detail of its operation. */
typedef struct fvi_keras_layer {
    const char *class_name;
    JsonObject *config;
    int version;   /* of Keras: 1, 2, 3 */
    int backwards; /* of a Bidirectional layer, the one that begins at the end */
    int masked;    /* an input of it has a mask, or may have: steps that do not count */
    fvi_keras_call call;
    const JsonArray *const *tensors; /* where the operation's inputs are written in the call */
    int n_weights;
    const fvi_keras_weight *weights;
    const char *problem; /* why its weights could not be read; NULL: they could */
} fvi_keras_layer;

typedef struct fvi_keras {
    fvi_model_file file;
    JsonNode *config;  /* of the model */
    int is_archive;    /* a .keras file */
    uint8_t *unpacked; /* the weights' file, where the archive has it packed; or NULL */
    fvi_hdf5 *weights;
    int version;        /* of Keras: 1, 2, 3 */
    int is_turned;      /* it is of Theano, whose kernels are turned round */
    const char *family; /* of keras.applications: family.h; NULL: none */
    char *family_how;
    JsonNode *made; /* a configuration that was made of it; or NULL */
} fvi_keras;

#endif
