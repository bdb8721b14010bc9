/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of layers as operations. */
#ifndef FVI_MODEL_KERAS_LAYER_CALLS_H
#define FVI_MODEL_KERAS_LAYER_CALLS_H

#include "model/keras/maker.h"

/* A layer's place in its model. */
typedef struct fvi_keras_place {
    JsonObject *layer;
    const char *path;            /* of its weights; NULL: not of Keras 3 */
    int outputs;                 /* how many of its outputs are read, at least */
    const fvi_keras_layer *read; /* its weights, once they are read; or NULL */
} fvi_keras_place;

/* Makes one call of a layer: of a model all its operations, else one, or three.
 *   call  or NULL: its only input is in `in`
 *   in    int: the values of the tensors in the call, in their order
 *   out   int: gets its outputs' values */
void fvi_keras_add_layer(fvi_keras_maker *m, const fvi_keras_model *o, fvi_keras_place *p,
                         const fvi_keras_call *call, GArray *in, GArray *out);

#endif
