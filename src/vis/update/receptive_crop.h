/* SPDX-License-Identifier: Apache-2.0 */
/* The crop of a picture that neurons depend on: only that needs to be computed. */
#ifndef FVI_VIS_UPDATE_RECEPTIVE_CROP_H
#define FVI_VIS_UPDATE_RECEPTIVE_CROP_H

#include "model/network/network.h"
#include "vis/objective/bind.h"

/* A rectangle of a picture, its first pixel at (y, x). */
typedef struct fvi_receptive_crop {
    int y, x, h, w;
    int n_values; /* 0: it is the whole picture, and `value` has no meaning */
    fvi_crop_axis value[FVI_MAX_VALUES][2];
} fvi_receptive_crop;

/* Finds the smallest crop with which the objectives have the values and gradients that they have
 * with the whole picture: it contains the receptive fields of all their neurons, its edges are
 * multiples of the layers' total stride, and the network accepts its size. It is the whole picture
 * if an objective depends on more than neurons, or the network on absolute positions.
 *   whole   the network's input for the whole picture of h x w
 *   errors  NOMEM */
fv_status fvi_receptive_crop_find(const fv_session *session, const fvi_objective_list *objectives,
                                  const fvi_shape *whole, int h, int w, fvi_receptive_crop *out,
                                  fv_error *err);

/* Copies the crop out of [channels][h][w]; writes it back, with zeros around it. */
void fvi_receptive_crop_cut(const fvi_receptive_crop *p, const float *whole, int channels, int h,
                            int w, float *crop);
void fvi_receptive_crop_paste(const fvi_receptive_crop *p, const float *crop, int channels, int h,
                              int w, float *whole);

#endif
