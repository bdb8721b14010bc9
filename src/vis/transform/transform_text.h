/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms as text. */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_TEXT_H
#define FVI_VIS_TRANSFORM_TRANSFORM_TEXT_H

#include "vis/transform/transform.h"

/* Reads "pad(12) jitter(8) scale(.9,1.1,.02) rotate(-10,10,5) crop(.5,1.1;reflect)": names of
 * fvi_transform_kind in lower case with their arguments, in the order of v[] or by name
 * ("crop(0.5,1,flip=0.5)", "scale(0.9,1.1,compat=lucid)"), then perhaps `;` and an edge (zero,
 * grey, reflect, wrap, repeat), which can also be an argument `edge`. Arguments at the end may be
 * left out where fvi_transform_kind says so; they are then 0 (of crop's second window: the first).
 * "" or "none" is an empty list.
 *   errors  ARG names the word, the number of numbers it takes, or the range */
fv_status fvi_transforms_parse(const char *text, fvi_transforms *out, fv_error *err);
/* The same text in one spelling ("none" for an empty list), cut to size. */
void fvi_transforms_text(const fvi_transforms *t, char *text, size_t size);

/* Checks a list: how many, their kinds, edges and arguments.  errors  ARG */
fv_status fvi_transforms_check(const fvi_transforms *t, fv_error *err);

#endif
