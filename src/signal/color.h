/* SPDX-License-Identifier: Apache-2.0 */
/* Colour maps between decorrelated and RGB colour: linear, three channels. */
#ifndef FVI_SIGNAL_COLOR_H
#define FVI_SIGNAL_COLOR_H

#include <stdint.h>

#include "fovea/fovea.h"

/* In place on the first n pixels of three planes, `plane` numbers apart: decorrelated -> RGB; its
 * adjoint. Nothing happens for FV_COLOR_RGB. */
void fvi_color_apply(fv_color color, int64_t plane, int64_t n, float *pixels);
void fvi_color_adjoint(fv_color color, int64_t plane, int64_t n, float *pixels);
/* The inverse of the first, of whole planes. */
void fvi_color_inverse(fv_color color, int64_t plane, float *pixels);

#endif
