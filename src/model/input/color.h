/* SPDX-License-Identifier: Apache-2.0 */
/* Colours as people write them. */
#ifndef FVI_MODEL_INPUT_COLOR_H
#define FVI_MODEL_INPUT_COLOR_H

#include "fovea/fovea.h"

/* Reads a colour: a name (black, white, grey, ...), `#rrggbb`, `#rgb`, a grey from 0 to 255, or
 * `R,G,B`, each from 0 to 255.
 *   rgb     [3] in 0..1
 *   errors  ARG what it is, and what is allowed */
fv_status fvi_color_parse(const char *text, float *rgb, fv_error *err);

#endif
