/* SPDX-License-Identifier: Apache-2.0 */
/* Terms as text: what is written here reads back as the same term (but for layers with both kinds
 * of quotes).
 */
#ifndef FVI_VIS_OBJECTIVE_SPELLING_H
#define FVI_VIS_OBJECTIVE_SPELLING_H

#include "vis/objective/term.h"

/* Whether a quoted name begins at p in `text`. */
int fvi_is_quote(const char *text, const char *p);
/* Reads a number that is the whole text: finite, decimal, at most 1e30 in size; 0 if it is none. */
int fvi_read_number(const char *text, double *out);

/* The same of an argument of a call, which may also be "inf": lp(inf) is a norm. */
int fvi_read_argument(const char *text, double *out);

/* Append a number, so that it reads back as the same float; a layer's name, in quotes where it
 * needs them; a term's LAYER[:C][@y,x]. alone  nothing else stands in the text */
void fvi_append_number(GString *s, float x);
void fvi_append_name(GString *s, const char *name, int alone, int has_channel);
void fvi_append_unit(GString *s, const fvi_objective *o, const fvi_term *t, int alone);
/* Appends NAME(UNIT[, FILE][, NUMBER]), the number where it is not the kind's usual one. */
void fvi_append_call(GString *s, const char *name, const fvi_objective *o, const fvi_term *t);
/* Appends a term without its weight. */
void fvi_append_term(GString *s, const fvi_objective *o, const fvi_term *t, int alone);

/* The objective with layers as people know them in the place of values: what is appended of it is
 * for messages. */
fvi_objective fvi_shown(const fvi_objective *o);

#endif
