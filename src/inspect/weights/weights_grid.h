/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's weights as outputs x inputs x height x width, whatever their order in memory. */
#ifndef FVI_INSPECT_WEIGHTS_WEIGHTS_GRID_H
#define FVI_INSPECT_WEIGHTS_WEIGHTS_GRID_H

#include "fovea/fovea.h"

typedef enum fvi_weights_grid_kind {
    FVI_WEIGHTS_GRID_KERNELS, /* height and width: convolutions, and dense layers that read a
                                 feature map */
    FVI_WEIGHTS_GRID_LINES,   /* 1-D kernels, vectors: only a width */
    FVI_WEIGHTS_GRID_NUMBERS  /* one number for each output and input */
} fvi_weights_grid_kind;

typedef struct fvi_weights_grid {
    const fv_model *model;
    const fv_layer *layer;
    fv_tensor *weights;
    fvi_weights_grid_kind kind;
    int outputs, inputs, height, width;
    int64_t stride[4]; /* in elements: of the output, the input, y, x */
    int picture;       /* the inputs are the colours of a picture: 3 RGB, 1 grey; 0 they are not */
    int bgr;           /* input 0 is blue */
    int channels_last, found;
} fvi_weights_grid;

/* Reads a layer's weights and finds their sizes and strides; free with
 * fvi_weights_grid_clear.  errors  as fv_weights_render, for the layer and the shape */
fv_status fvi_weights_grid_read(const fv_model *model, int layer, const fv_weights_desc *desc,
                                fvi_weights_grid *out, fv_error *err);
void fvi_weights_grid_clear(fvi_weights_grid *grid);

/* The first number of a kernel. */
static inline const float *fvi_weights_grid_at(const fvi_weights_grid *g, int output, int input) {
    return g->weights->data + output * g->stride[0] + input * g->stride[1];
}

#endif
