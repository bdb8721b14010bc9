/* SPDX-License-Identifier: Apache-2.0 */
/* An open TensorFlow Lite file: its first subgraph's tensors and operators. */
#ifndef FVI_MODEL_TFLITE_FILE_H
#define FVI_MODEL_TFLITE_FILE_H

#include "model/operations/list.h"
#include "model/tflite/flat.h"

/* How a tensor's whole numbers stand for real ones: scale (q - zero). */
typedef struct fvi_quantum {
    int is_set;
    double scale, zero;
    double least, most; /* of its type, as real numbers */
} fvi_quantum;

/* A tensor. */
typedef struct fvi_tflite_tensor {
    char *name;
    fvi_shape shape; /* free sizes -1; ndim -1: damaged */
    fvi_dtype type;  /* 0: none that is read */
    fvi_quantum quantum;
    const fvi_const *constant; /* real numbers where it is quantised; NULL: it is computed */
    const char *problem;       /* why a constant cannot be read, or NULL */
    int value;                 /* of the list; -1: a constant */
} fvi_tflite_tensor;

/* An operator: the detail of an operation. */
typedef struct fvi_tflite_op {
    const struct fvi_tflite *file;
    uint32_t options; /* its table of options, or 0 */
    int n_in, *in;    /* tensors; -1: absent */
    int out;          /* the first output's tensor, or -1 */
} fvi_tflite_op;

typedef struct fvi_tflite {
    fvi_model_file file;
    fvi_flat flat;
    uint32_t n_tensors;
    fvi_tflite_tensor *tensors; /* in the list's pool */
    char *labels;               /* text of the class names packed behind it, or NULL */
    char *mean, *std;           /* NormalizationOptions of the input, "127.5", or NULL */
} fvi_tflite;

#endif
