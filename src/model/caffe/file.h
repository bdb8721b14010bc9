/* SPDX-License-Identifier: Apache-2.0 */
/* An open Caffe network: the .prototxt's layers, with the weights of the .caffemodel. */
#ifndef FVI_MODEL_CAFFE_FILE_H
#define FVI_MODEL_CAFFE_FILE_H

#include "model/caffe/text.h"
#include "model/operations/list.h"

#define FVI_BLOBS_MAX 8 /* of one layer */

/* A layer: the detail of its operation. */
typedef struct fvi_caffe_layer {
    const fvi_message *message;
    const char *type; /* as Caffe calls it since 2014: "Convolution" */
    int n_blobs;      /* -1: the weights have no layer of that name */
    const fvi_const *blobs[FVI_BLOBS_MAX];
} fvi_caffe_layer;

/* What the data layer does to pictures; texts as the file has them, NULL: it does not say. */
typedef struct fvi_caffe_transform {
    int is_read;
    char *mean;          /* numbers, "104,117,123" */
    char *scale;         /* a number */
    char *mean_file;     /* a file's name */
    char *file_mean;     /* the mean of each channel of its picture */
    const char *problem; /* why there is none */
} fvi_caffe_transform;

typedef struct fvi_caffe {
    fvi_model_file file;
    fvi_message *net;
    GHashTable *blobs; /* layer's name -> GPtrArray of fvi_const * */
    fvi_caffe_transform transform;
} fvi_caffe;

#endif
