/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read an objective share: parse.c the sum, parse_unit.c names of units,
 * parse_call.c NAME(argument, ...).
 */
#ifndef FVI_VIS_OBJECTIVE_PARSE_H
#define FVI_VIS_OBJECTIVE_PARSE_H

#include "vis/objective/bind.h"

/* An objective being read. */
typedef struct fvi_reader {
    const fvi_network *net;
    float weight; /* of the term being read */
    const fv_attachment *attachments;
    int n_attachments;
    fv_objective *o;
} fvi_reader;

/* A LAYER, LAYER:C, LAYER@y,x, LAYER:C@y,x or class:C. */
typedef struct fvi_unit {
    const char *value;  /* borrowed from the network */
    const char *logits; /* what goes into the softmax that it is; or NULL */
    int64_t channel;    /* -1: none given */
    int is_class;       /* class:C */
    int n_position;
    int64_t position[FVI_MAX_POSITION];
} fvi_unit;

/* Reads an expression into r->o.  errors  as fv_objective_new */
fv_status fvi_parse(fvi_reader *r, const char *text, fv_error *err);

/* Reads a whole text as a unit.  errors  ARG; NOTFOUND; SHAPE no classes */
fv_status fvi_unit_read(fvi_reader *r, const char *text, fvi_unit *out, fv_error *err);
/* Finds the logits of a unit that is a channel of a softmax, with a note that they are optimised.
 *   text  the unit as it was written */
void fvi_unit_find_logits(fvi_reader *r, const char *text, fvi_unit *u);
/* Appends a term of that unit with the reader's weight; *out is it.  errors  ARG too many */
fv_status fvi_reader_add(fvi_reader *r, fvi_term_kind kind, const fvi_unit *u, fvi_term **out,
                         fv_error *err);
/* Reads NAME(argument, ...), or the NAME of a picture term alone, and appends its term.
 *   known   0 if the NAME is none of the terms; nothing is done then
 *   errors  as fv_objective_new */
fv_status fvi_call_read(fvi_reader *r, const char *text, int *known, fv_error *err);
/* "LAYER, LAYER:C, ..., tv, l1, ...": what a term may be. */
const char *fvi_call_names(void);

/* Whether a quoted name begins at p, a place in `text`. */
int fvi_is_quote(const char *text, const char *p);

#endif
