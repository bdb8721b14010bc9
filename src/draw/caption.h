/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of several lines. */
#ifndef FVI_DRAW_CAPTION_H
#define FVI_DRAW_CAPTION_H

#include "fovea/fovea.h"

/* A text, broken into lines where its width asks for it. Only one of more than 1000 characters is
 * shortened. */
typedef struct fvi_caption fvi_caption;

/* Measures a text.
 *   pixels  height of a line, as fvi_image_from_text's
 *   out     to be freed with fvi_caption_free
 *   errors  NOMEM */
fv_status fvi_caption_new(const char *utf8, int pixels, fvi_caption **out, fv_error *err);
void fvi_caption_free(fvi_caption *caption);

/* The least width, `least` or more, at which the text has one line or is at most half as high as
 * it is wide. */
int fvi_caption_width(const fvi_caption *caption, int least);

/* The number of lines of that width. */
int fvi_caption_lines(const fvi_caption *caption, int width);

/* Draws the text, its lines centred.
 *   width  of lines, where no word is wider
 *   out    [1][lines * pixels][width of the widest line]; fv_image_free it
 *   errors NOMEM */
fv_status fvi_caption_draw(const fvi_caption *caption, int width, fv_image **out, fv_error *err);

#endif
