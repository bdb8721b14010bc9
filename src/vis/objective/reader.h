/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one term: the units it names, and the arguments of its call. */
#ifndef FVI_VIS_OBJECTIVE_READER_H
#define FVI_VIS_OBJECTIVE_READER_H

#include "vis/objective/term.h"

/* An objective being read. */
typedef struct fvi_reader {
    const fvi_network *net;
    float weight; /* of the term being read */
    const fv_attachment *attachments;
    int n_attachments;
    int *n_terms; /* of `terms` [FVI_MAX_TERMS] */
    fvi_term *terms;
    char *note;   /* [FVI_NOTE_BYTES] */
    int *is_told; /* set where the note is one that no command may leave out */
} fvi_reader;

/* A LAYER, LAYER:C, LAYER@y,x, LAYER:C@y,x or class:C. */
typedef struct fvi_unit {
    const char *value;  /* borrowed from the network */
    const char *logits; /* if it is a softmax over classes: its input; or NULL */
    int64_t channel;    /* -1: none given */
    int is_class;       /* class:C */
    int is_negative;    /* the logit of 1 - p */
    int n_position;
    int64_t position[FVI_MAX_POSITION];
} fvi_unit;

#define FVI_NOTE_BYTES    256
#define FVI_MAX_ARGUMENTS 8

/* A term written as NAME(argument, ...). */
typedef struct fvi_call {
    const char *text; /* the whole term */
    char *name;
    int n;
    char *arg[FVI_MAX_ARGUMENTS];
} fvi_call;

/* Reads a whole text as a unit.  errors  ARG; NOTFOUND; SHAPE no classes */
fv_status fvi_unit_read(fvi_reader *r, const char *text, fvi_unit *out, fv_error *err);
/* Finds the logits of a unit that is a channel of a softmax, with a note that they are optimised.
 *   text  the unit as it was written */
void fvi_unit_find_logits(fvi_reader *r, const char *text, fvi_unit *u);
/* Appends a term of that unit with the reader's weight; *out is it.  errors  ARG too many */
fv_status fvi_reader_add(fvi_reader *r, const fvi_term_kind *kind, const fvi_unit *u,
                         fvi_term **out, fv_error *err);

/* Reads the argument of that index as a number low..high; left as it is if it is not given.
 *   what  "threshold"    errors  ARG */
fv_status fvi_read_parameter(const fvi_call *c, int i, const char *what, double low, double high,
                             float *out, fv_error *err);
#define FVI_PARAMETER_MAX 1000.0 /* of power, threshold, decay */
/* Fails with what the kind allows. */
fv_status fvi_call_wrong(const fvi_term_kind *kind, const fvi_call *c, fv_error *err);
/* Takes the quotes off a path; *out to be freed with g_free, also on failure.
 *   errors  ARG it has both kinds of quotes: it could not be written as it is read */
fv_status fvi_read_path(const char *path, char **out, fv_error *err);
/* What the caller has attached under that name, or NULL. */
const fv_attachment *fvi_reader_attachment(const fvi_reader *r, const char *name);

/* Gives a term a vector, which it then owns, and its name. */
void fvi_term_own(fvi_term *t, const char *name, fv_tensor *vector);
/* Gives a term the vector of another. */
void fvi_term_share(fvi_term *t, const fvi_term *with);
void fvi_term_clear(fvi_term *t);

#endif
