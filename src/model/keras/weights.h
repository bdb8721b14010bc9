/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a layer's weights in the HDF5 file. */
#ifndef FVI_MODEL_KERAS_WEIGHTS_H
#define FVI_MODEL_KERAS_WEIGHTS_H

#include "model/keras/file.h"

/* Where the weights of a model's layers are. Keras 3's own files have a group a layer, called after
 * its class: "layers/conv2d_1". HDF5 models have a group a layer of the outermost model, called by
 * its name, and in it the weights of all layers within. */
typedef struct fvi_keras_shelf {
    char *path;           /* Keras 3: of the group that has the layers' groups; else NULL */
    GHashTable *by_name;  /* Keras 3: layer's name -> path of its group */
    GHashTable *counters; /* Keras 3: class in snake case -> how many there were */
    const char *top;      /* HDF5 models: the layer of the outermost model that this one is, or is
                             within; NULL: it is the outermost */
    const char *holder;   /* HDF5 models: the layer that holds this one, whose name may stand in its
                             place in the weights' names; or NULL */
} fvi_keras_shelf;

/* The shelf of the model, or of one that is a layer on `outer`. */
void fvi_keras_shelf_open(fvi_keras *k, const fvi_keras_shelf *outer, const char *path,
                          const char *name, fvi_keras_shelf *out);
/* The shelf of the one layer that a layer on `outer` holds, a TimeDistributed for example; its
 * weights are the holder's to find in Keras 3's own files. */
void fvi_keras_shelf_hold(const fvi_keras_shelf *outer, const char *holder, fvi_keras_shelf *out);
void fvi_keras_shelf_close(fvi_keras_shelf *s);

/* The path of the next layer's group; to be called for every layer of a model, in its order. To be
 * freed with g_free; NULL: not of Keras 3. */
char *fvi_keras_shelf_next(fvi_keras_shelf *s, const char *class_name, const char *name);

/* Reads the weights of a layer into l->weights, or the reason why not into l->problem; the list's
 * pool owns both.
 *   path    of its group (fvi_keras_shelf_next)
 *   errors  NOMEM */
fv_status fvi_keras_read_weights(fvi_keras *k, const fvi_keras_shelf *s, const char *path,
                                 const char *name, fvi_keras_layer *l, fv_error *err);

#endif
