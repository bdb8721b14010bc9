/* SPDX-License-Identifier: Apache-2.0 */
/* Magnitude spectra of photographs, for the phase parametrisation. */
#ifndef FVI_VIS_PARAM_SPECTRUM_H
#define FVI_VIS_PARAM_SPECTRUM_H

#include "fovea/fovea.h"

#define FVI_SPECTRUM_DECAY 1.3f /* the power of 1/f measured for lightness */

/* Fills magnitudes [channels][h][w/2+1] at this size from a formula fitted to photographs. Random
 * phases with them make a picture of deviation about 1.
 *   color     three channels: its decorrelated colours (RGB: red, green and blue); other numbers of
 *             channels all have the spectrum of grey
 *   decay     the power of 1/f of lightness (FVI_SPECTRUM_DECAY: as measured); the other channels
 *             keep their distance to it */
void fvi_spectrum_builtin(fv_color color, float decay, int channels, int h, int w,
                          float *magnitude);

/* Checks measured magnitudes for a picture of so many channels.
 *   errors  SHAPE they are not [channels][h][w/2+1] with sizes of 1..2^20; ARG a negative
 * magnitude, or one that is not finite */
fv_status fvi_spectrum_check(const fv_tensor *spectrum, int channels, fv_error *err);

/* Resamples measured magnitudes [channels][h0][w0/2+1] to [channels][h][w/2+1] by frequency in
 * cycles a pixel, bilinear; below the lowest frequency measured they stay as they are there.
 * Strengths are kept: those of pictures of equal deviation and mean. w0 is h0 if that has so many
 * columns, else even.
 *   errors  as fvi_spectrum_check */
fv_status fvi_spectrum_resample(const fv_tensor *spectrum, int channels, int h, int w,
                                float *magnitude, fv_error *err);

#endif
