/* SPDX-License-Identifier: Apache-2.0 */
/* An open TensorFlow file: its graph's nodes and the list of operations made of them. */
#ifndef FVI_MODEL_TENSORFLOW_TENSORFLOW_H
#define FVI_MODEL_TENSORFLOW_TENSORFLOW_H

#include "model/operations/list.h"
#include "model/tensorflow/nodes/graph.h"

/* The detail of an operation: a node. */
typedef struct fvi_tf_op {
    fvi_tf_bytes def;          /* its message (NodeDef) */
    const fvi_const *constant; /* Const, and what reads a variable */
    const char *problem;       /* why that cannot be read */
    const fvi_tf_node *conv;   /* BatchToSpaceND: the convolution between it and SpaceToBatchND,
                                  which with it is a dilated one */
} fvi_tf_op;

typedef struct fvi_tf_variables fvi_tf_variables; /* variables.h */

typedef struct fvi_tf {
    fvi_model_file file;
    fvi_tf_graph graph;
    int *readers;                /* [values of the list] how many operations read it */
    fvi_tf_bytes signature;      /* of a SavedModel, its message (SignatureDef); else bytes NULL */
    fvi_tf_variables *variables; /* of a SavedModel; else NULL */
} fvi_tf;

static inline const fvi_tf *fvi_tf_of(const fvi_model_file *f) {
    return (const fvi_tf *)(const void *)f;
}

#endif
