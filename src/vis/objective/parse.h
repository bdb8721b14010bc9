/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read an objective share: objective.c the sum, objective_unit.c names of
 * units, objective_call.c NAME(argument, ...).
 */
#ifndef FVI_VIS_OBJECTIVE_PARSE_H
#define FVI_VIS_OBJECTIVE_PARSE_H

#include "vis/objective/bind.h"

/* An objective being read. */
typedef struct fvi_reader {
    const fvi_network *net;
    fv_reduction reading;
    float weight; /* of the term being read */
    int literal;  /* a softmax's channel is itself, not the logit before it */
    fvi_objective *o;
} fvi_reader;

/* A LAYER, LAYER:C, LAYER@y,x, LAYER:C@y,x or class:C. */
typedef struct fvi_unit {
    const char *value; /* borrowed from the network */
    int64_t channel;   /* -1: none given */
    int is_class;      /* class:C */
    int n_position;
    int64_t position[FVI_MAX_POSITION];
} fvi_unit;

/* Reads a whole text as a unit.  errors  ARG; NOTFOUND; SHAPE no classes */
fv_status fvi_unit_read(fvi_reader *r, const char *text, fvi_unit *out, fv_error *err);
/* Puts the numbers before a softmax in the place of its own, with a note, if the unit is a channel
 * of one. `text`: the unit as it was written. */
void fvi_unit_before_softmax(fvi_reader *r, const char *text, fvi_unit *u);
/* Appends a term of that unit with the reader's weight; *out is it.  errors  ARG too many */
fv_status fvi_reader_add(fvi_reader *r, fvi_term_kind kind, const fvi_unit *u, fvi_term **out,
                         fv_error *err);
/* Index of a value among the objective's, appended if it is new.  errors  ARG too many */
fv_status fvi_reader_value(fvi_reader *r, const char *value, int *index, fv_error *err);

/* Reads NAME(argument, ...), or the NAME of a picture term alone, and appends its term.
 *   known   0 if the NAME is none of the terms; nothing is done then
 *   errors  as fvi_objective_parse */
fv_status fvi_call_read(fvi_reader *r, const char *text, int *known, fv_error *err);
/* "LAYER, LAYER:C, ..., tv, l1, ...": what a term may be. */
const char *fvi_call_names(void);

/* Whether a quoted name begins at p, a place in `text`. */
int fvi_is_quote(const char *text, const char *p);

#endif
