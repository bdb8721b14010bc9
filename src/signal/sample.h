/* SPDX-License-Identifier: Apache-2.0 */
/* Resampling pictures by an affine map, bilinear, with the exact adjoint; resizing; blurring. */
#ifndef FVI_SIGNAL_SAMPLE_H
#define FVI_SIGNAL_SAMPLE_H

#include "fovea/fovea.h"

/* Where an output pixel looks: y_in = m[0]*y + m[1]*x + m[2], x_in = m[3]*y + m[4]*x + m[5], pixel
 * centres at whole numbers. */
typedef struct fvi_affine {
    float m[6];
} fvi_affine;

/* Which pixel of a line of n stands at place i: i itself inside, elsewhere as `edge` says; -1 where
 * that is a constant (ZERO, GREY). REFLECT is a mirror on the border: 1 0 | 0 1 2. */
int fvi_edge_index(int64_t i, int n, fv_edge edge);

/* out [channels][oh][ow] from in [channels][h][w]; outside `in` as `edge` says (GREY is `grey`).
 * Each of the four pixels around a place is looked up by itself. */
void fvi_sample(const float *in, int channels, int h, int w, const fvi_affine *map, fv_edge edge,
                float grey, float *out, int oh, int ow);
/* Its adjoint: din [channels][h][w] is written. */
void fvi_sample_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                        fv_edge edge, float *din, int h, int w);

/* The same, but each output pixel is the mean of side x side samples spread evenly over its square:
 * for maps that make pictures much smaller.  side  >= 1; 1 is fvi_sample */
void fvi_sample_mean(const float *in, int channels, int h, int w, const fvi_affine *map, int side,
                     fv_edge edge, float grey, float *out, int oh, int ow);
void fvi_sample_mean_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                             int side, fv_edge edge, float *din, int h, int w);

/* The nearest pixel instead (halves away from 0, as TensorFlow). */
void fvi_sample_nearest(const float *in, int channels, int h, int w, const fvi_affine *map,
                        fv_edge edge, float grey, float *out, int oh, int ow);

/* Bilinear resize as PyTorch's interpolate(align_corners=False) without antialiasing; its adjoint.
 */
void fvi_resize(const float *in, int channels, int h, int w, float *out, int oh, int ow);
void fvi_resize_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h, int w);

/* How the pixels of a resized picture lie over those of the first, along one side of n -> m. */
typedef enum fvi_sample_grid {
    FVI_GRID_CENTRES = 0, /* borders on borders: (i + 0.5) n/m - 0.5 (PyTorch) */
    FVI_GRID_CORNER,      /* first pixel on first pixel: i n/m (TensorFlow 1) */
    FVI_GRID_ENDS         /* and last on last: i (n-1)/(m-1) (align_corners=True, Darknet) */
} fvi_sample_grid;
void fvi_resize_grid(const float *in, int channels, int h, int w, float *out, int oh, int ow,
                     fvi_sample_grid grid);
void fvi_resize_grid_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h,
                             int w, fvi_sample_grid grid);

/* Gaussian blur, separable, cut off at 3 sigma, edges repeated, in place; `work` [h*w]. Its
 * adjoint. The kernel has the places -r..r, r = ceil(3 sigma), and sums to 1; sigma <= 0 does
 * nothing. sigma  at most FVI_BLUR_MAX */
#define FVI_BLUR_MAX 100
void fvi_blur(float *p, int channels, int h, int w, float sigma, float *work);
void fvi_blur_adjoint(float *dp, int channels, int h, int w, float sigma, float *work);

#endif
