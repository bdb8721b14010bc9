/* SPDX-License-Identifier: Apache-2.0 */
/* What the terms of the picture alone, regularisers, have in common: their arguments are numbers.
 * Each term is a number, and what is unwanted gets a negative weight. They are computed from the
 * picture's own values (low..high of the recipe), before display.
 */
#ifndef FVI_VIS_OBJECTIVE_TERMS_PICTURE_H
#define FVI_VIS_OBJECTIVE_TERMS_PICTURE_H

#include "vis/objective/reader.h"
#include "vis/objective/term_graph.h"

#define FVI_PICTURE_ANY 1e9 /* largest argument of terms that take any number */

/* `read` of a picture term: NAME or NAME(number, ...), of which the last may be left out.
 *   errors  ARG no number, a wrong number of arguments, or one out of range */
fv_status fvi_picture_read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c,
                           fv_error *err);
/* `text` of a picture term: "tv", "lp(6)", with the arguments also where they are the usual ones.
 */
void fvi_picture_text(const fvi_objective *o, const fvi_term *t, int alone, GString *s);

/* A reduction over all elements of each picture, x [pictures][channels][h][w]: [pictures]. */
int fvi_picture_reduce(const fvi_term_graph *g, fvi_reduce f, int x);
/* Elements of a picture. */
int64_t fvi_picture_count(const fvi_term_graph *g);

/* -1, 0 or 1. */
static inline float fvi_picture_sign(float x) { return (float)((x > 0) - (x < 0)); }

#endif
