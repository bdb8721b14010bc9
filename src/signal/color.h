/* SPDX-License-Identifier: Apache-2.0 */
/* Colour maps between decorrelated and RGB colour: linear, three channels. */
#ifndef FVI_SIGNAL_COLOR_H
#define FVI_SIGNAL_COLOR_H

#include <stdint.h>

#include "fovea/fovea.h"

/* Decorrelated colour to RGB, and its adjoint, in place on the first n pixels of three planes that
 * are `plane` numbers apart. FV_COLOR_RGB changes nothing. */
void fvi_color_apply(fv_color color, int64_t plane, int64_t n, float *pixels);
void fvi_color_adjoint(fv_color color, int64_t plane, int64_t n, float *pixels);
/* RGB to decorrelated colour, for whole planes; of FV_COLOR_GREY, which has no inverse, the mean of
 * the colours. */
void fvi_color_inverse(fv_color color, int64_t plane, float *pixels);

#endif
