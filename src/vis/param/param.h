/* SPDX-License-Identifier: Apache-2.0 */
/* Parametrisations: how the picture is written as numbers (param.c has the formulas). One object a
 * picture: it has its own room to work in, so pictures of a batch can be worked on side by side.
 *
 * A "picture" in this folder is planar [channels][h][w] with values in low..high (fv_param_desc).
 */
#ifndef FVI_VIS_PARAM_PARAM_H
#define FVI_VIS_PARAM_PARAM_H

#include "base/random.h"
#include "fovea/fovea.h"

typedef struct fvi_param fvi_param;

/* errors  ARG; NOMEM */
fv_status fvi_param_new(const fv_param_desc *desc, int channels, int h, int w, fvi_param **out,
                        fv_error *err);
void fvi_param_free(fvi_param *p);

/* How many numbers there are. */
int64_t fvi_param_count(const fvi_param *p);

/* Before one is made, at most: how many numbers there will be, and bytes it takes besides them. */
int64_t fvi_param_most_numbers(const fv_param_desc *desc, int channels, int h, int w);
size_t fvi_param_bytes(const fv_param_desc *desc, int channels, int h, int w);

/* The numbers before the first update, for every kind but FV_START_IMAGE (an ARG error).
 *   NORMAL   z[i] = mean + sd * n, n of fvi_random_normals over all numbers in order
 *   UNIFORM  z[i] = mean + sd * (2 u - 1), u of fvi_random_uniform, a draw a number in order
 *   SCALES   the numbers of a picture that fvi_start_all_scales draws with `mean` and `sd`
 *   GREY     the numbers of a picture of `mean` everywhere
 * Order of the numbers: PIXELS [c][h][w]; FOURIER [c][h][w/2+1] of (re, im); LAPLACIAN level 0
 * [c][h][w], then level 1 [c][h/2][w/2], ...; PHASE [c][h][w/2+1].
 *   errors  ARG; NOMEM */
fv_status fvi_param_start(fvi_param *p, const fv_start_desc *desc, fvi_random *r, float *z,
                          fv_error *err);

/* A sigmoid's picture is taken to lie this share of high - low inside low and high: half a level of
 * 8-bit pictures. */
#define FVI_PARAM_EDGE (1.0f / 512)

/* The numbers whose picture is (as near as the kind can: phases keep their magnitudes and their
 * spread, a sigmoid cannot reach low or high) the one given: of a start picture, and of the one
 * carried on from a smaller size.
 *   errors  NOMEM */
fv_status fvi_param_from_picture(fvi_param *p, const float *picture, float *z, fv_error *err);

/* numbers [count] -> picture [channels][h][w]; remembers what the adjoint needs. */
void fvi_param_picture(fvi_param *p, const float *z, float *picture);
/* Gradient at the picture -> gradient at the numbers, around the z of the last fvi_param_picture.
 */
void fvi_param_adjoint(fvi_param *p, const float *z, const float *dpicture, float *dz);

/* After an update: brings the numbers back where their picture lies in low..high, for CLIP; phases
 * stay as they are. Call fvi_param_picture before the next adjoint. */
void fvi_param_constrain(fvi_param *p, float *z);

#endif
