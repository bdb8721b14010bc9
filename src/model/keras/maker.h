/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of operations is made with out of a model's configuration: network.c makes models,
 * layer_calls.c the calls of layers. */
#ifndef FVI_MODEL_KERAS_MAKER_H
#define FVI_MODEL_KERAS_MAKER_H

#include "model/keras/weights.h"

typedef struct fvi_keras_model fvi_keras_model;

typedef struct fvi_keras_maker fvi_keras_maker;
struct fvi_keras_maker {
    fvi_keras *k;
    fv_error *err;
    fv_status status;
    int64_t calls;  /* made so far, against limits.nodes */
    GArray *masked; /* uint8_t by the list's values: steps of it may not count */
    /* makes the operations of a model that is a layer; outputs: int, its values (network.c) */
    void (*make_model)(fvi_keras_maker *m, fvi_keras_model *own, const char *class_name,
                       GArray *outputs);
};

/* One model: the file's, or a layer of another. */
struct fvi_keras_model {
    JsonObject *config;
    const char *prefix; /* of its layers' names: "inner/", "" */
    int depth;
    const GArray *given; /* int: values of its inputs; NULL: it is the file's, and has its own */
    GHashTable *tensors; /* "layer\nnode\ntensor" -> value + 1 */
    fvi_keras_shelf shelf;
};

/* Fails with a format of two texts; only the first failure is kept. */
void fvi_keras_make_fail(fvi_keras_maker *m, fv_status st, const char *format, const char *a,
                         const char *b);

const char *fvi_keras_class_of(JsonObject *layer);
JsonObject *fvi_keras_config_of(JsonObject *layer);
const char *fvi_keras_name_of(JsonObject *layer);
int fvi_keras_is_model(const char *class_name);
/* Gives classes of the author's own the name that they are registered under, "package>Dense", in
 * k->config: nothing takes them for Keras' of the same name then. */
void fvi_keras_rename_own(fvi_keras *k);
/* Whether it is a function of keras.ops, which is no layer: it cannot be trained. */
int fvi_keras_is_function(const fvi_keras_maker *m, JsonObject *layer);

#endif
