/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a picture that neurons see: nothing else is worth computing for them. */
#ifndef FVI_VIS_RENDER_RECEPTIVE_CROP_H
#define FVI_VIS_RENDER_RECEPTIVE_CROP_H

#include "model/network/network.h"
#include "vis/objective/bind.h"

/* The rectangle at (y, x) of a picture. */
typedef struct fvi_receptive_crop {
    int y, x, h, w;
    int n_values; /* 0: it is the whole picture, and `value` has no meaning */
    fvi_crop_axis value[FVI_MAX_VALUES][2];
} fvi_receptive_crop;

/* Finds the smallest part that gives the objectives the values and gradients the whole gives them:
 * it holds all their neurons see, begins and ends where the layers' windows do, and its size is one
 * the network may be asked for. The whole picture, if an objective looks at more than neurons, or
 * the network tells places apart.
 *   objectives  [n] of the same values
 *   whole       the network's input for the whole picture of h x w
 *   errors      NOMEM */
fv_status fvi_receptive_crop_find(const fv_session *session, const fvi_objective *const *objectives,
                                  int n, const fvi_shape *whole, int h, int w,
                                  fvi_receptive_crop *out, fv_error *err);

/* Copies the part of [channels][h][w], and writes it back with zeros around. */
void fvi_receptive_crop_cut(const fvi_receptive_crop *p, const float *whole, int channels, int h,
                            int w, float *part);
void fvi_receptive_crop_paste(const fvi_receptive_crop *p, const float *part, int channels, int h,
                              int w, float *whole);

#endif
