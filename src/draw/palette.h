/* SPDX-License-Identifier: Apache-2.0 */
/* Colours for numbers. */
#ifndef FVI_DRAW_PALETTE_H
#define FVI_DRAW_PALETTE_H

#include "fovea/fovea.h"

typedef struct fvi_rgb {
    float v[3]; /* sRGB, 0..1 */
} fvi_rgb;

enum { FVI_PALETTE_SIZE = 256 };

/* Fills the palette's colours from its low end to its high end. DIVERGING has an odd middle:
 * entries 127 and 128 are both its neutral colour. */
void fvi_palette(fv_palette palette, fvi_rgb colors[FVI_PALETTE_SIZE]);

/* The colour of a number's sign in plots, halfway from its end of DIVERGING to the middle of that
 * half: red is positive, blue negative, wherever numbers are drawn. 0 counts as positive. */
fvi_rgb fvi_palette_sign(double value);

/* Checks a desc without default fields.  errors  ARG as fv_paint_scale */
fv_status fvi_paint_check(const fv_paint_desc *desc, fv_error *err);

/* The palette's index for a value, 0..FVI_PALETTE_SIZE - 1; -1: it is not finite. */
int fvi_palette_at(const fv_paint_desc *desc, float value);

#endif
