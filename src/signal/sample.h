/* SPDX-License-Identifier: Apache-2.0 */
/* Resampling a picture through an affine map, with the exact adjoint. */
#ifndef FVI_SIGNAL_SAMPLE_H
#define FVI_SIGNAL_SAMPLE_H

#include "base/planes.h"
#include "fovea/fovea.h"

/* The pixels outside a picture. */
typedef enum fvi_edge {
    FVI_EDGE_ZERO = 0, /* 0 in the picture's values */
    FVI_EDGE_GREY,     /* the middle of low and high */
    FVI_EDGE_REFLECT,  /* a mirror on the border: 1 0 | 0 1 2 */
    FVI_EDGE_WRAP,
    FVI_EDGE_REPEAT /* the nearest pixel */
} fvi_edge;

/* Maps output pixels to input positions: y_in = m[0]*y + m[1]*x + m[2], x_in = m[3]*y + m[4]*x +
 * m[5]. Pixel centres are whole numbers. */
typedef struct fvi_affine {
    float m[6];
} fvi_affine;

/* How a picture is sampled. */
typedef struct fvi_sampler {
    fvi_affine map;
    fvi_edge edge; /* the pixels outside the input */
    float grey;    /* the value outside, for FVI_EDGE_GREY */
    int side;      /* 1: one bilinear sample a pixel. More: the mean of side x side samples spread
                      evenly over the output pixel's square, for maps that shrink a lot */
} fvi_sampler;

/* The pixel at position i of a line of n: i itself inside, elsewhere by `edge`; -1 for a constant
 * edge (ZERO, GREY). REFLECT mirrors at the border: 1 0 | 0 1 2. */
int fvi_edge_index(int64_t i, int n, fvi_edge edge);

/* Writes `out`, bilinear samples of `in`. `edge` applies to each of the four corners separately. */
void fvi_sample(fvi_planes in, const fvi_sampler *s, fvi_planes out);
/* Its adjoint: writes `din`, the gradient at the input. */
void fvi_sample_adjoint(fvi_planes dout, const fvi_sampler *s, fvi_planes din);

/* The nearest pixel instead (halves away from 0, as in TensorFlow); `side` is not used. */
void fvi_sample_nearest(fvi_planes in, const fvi_sampler *s, fvi_planes out);

#endif
