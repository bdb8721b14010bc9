/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in protobuf's text form, as Caffe's .prototxt files are. */
#ifndef FVI_MODEL_CAFFE_TEXT_H
#define FVI_MODEL_CAFFE_TEXT_H

#include <glib.h>
#include <stdint.h>

#include "fovea/fovea.h"

#define FVI_MESSAGE_MOST ((int64_t)1 << 31)

typedef struct fvi_message fvi_message;

/* A field: a text as it stands there (of a string what is within the quotes), or a message. */
typedef struct fvi_text_field {
    char *name;
    char *text;           /* or NULL */
    fvi_message *message; /* or NULL */
} fvi_text_field;

struct fvi_message {
    GArray *fields; /* fvi_text_field, in the file's order */
};

/* Reads a text of at most max_fields fields, nested at most 32 deep.
 *   out     to be freed with fvi_message_free
 *   errors  FORMAT with the line; NOMEM more fields */
fv_status fvi_message_read(const char *text, size_t size, int64_t max_fields, fvi_message **out,
                           fv_error *err);
/* NULL allowed. */
void fvi_message_free(fvi_message *m);

/* How many fields of that name a message has; NULL has none. */
int fvi_message_count(const fvi_message *m, const char *name);
/* The k-th message of that name, or NULL. */
const fvi_message *fvi_message_in(const fvi_message *m, const char *name, int k);
/* The k-th text of that name, or `otherwise`. */
const char *fvi_message_text(const fvi_message *m, const char *name, int k, const char *otherwise);
/* The k-th as a number, `otherwise` where there is none. What is no number is NaN, or the least of
 * whole numbers, which no parameter allows; whole numbers end at +-FVI_MESSAGE_MOST. */
double fvi_message_real(const fvi_message *m, const char *name, int k, double otherwise);
int64_t fvi_message_int(const fvi_message *m, const char *name, int k, int64_t otherwise);
/* The first as a truth value. */
int fvi_message_bool(const fvi_message *m, const char *name, int otherwise);

#endif
