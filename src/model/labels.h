/* SPDX-License-Identifier: Apache-2.0 */
/* Class names: read from a text, a file or JSON, and found again by name. */
#ifndef FVI_MODEL_LABELS_H
#define FVI_MODEL_LABELS_H

#include "model/json.h"

#define FVI_LABELS_MAX 1000000

typedef struct fvi_labels {
    int count;
    char **name;        /* [count] valid UTF-8 without control characters */
    char *row;          /* of one line: as it was read, with its tabs; else NULL */
    const char *remark; /* what was done to the lines beyond reading them, a clause; or NULL */
} fvi_labels;

/* One name a line; where each starts with its own number, `0 tench` or `0: tench`, or with a dash,
 * without it. Where each starts with a number and these are 0..n-1 or 1..n in another order, they
 * are ordered by them. Empty lines at the end do not count. */
fv_status fvi_labels_from_lines(const char *text, size_t size, fvi_labels **out, fv_error *err);
/* Bytes of a file as text: UTF-16 with its mark becomes UTF-8; caller frees.
 *   errors  FORMAT bytes that are no text */
fv_status fvi_labels_decode(const char *bytes, size_t size, char **out, fv_error *err);
/* Another reading of names that fit no network as they are, the which-th from 0, for whoever knows
 * how many are wanted: without a heading, empty lines or comments, one line split at a separator.
 *   out      names, or NULL where this reading changes nothing
 *   returns  what it does, a clause; NULL beyond the last */
const char *fvi_labels_reading(const fvi_labels *l, int which, fvi_labels **out);
/* A caller's array.  errors  ARG a count outside 1..FVI_LABELS_MAX, no array, a name that is NULL
 */
fv_status fvi_labels_from_array(const char *const *names, int count, fvi_labels **out,
                                fv_error *err);
/* A JSON array of strings. */
fv_status fvi_labels_from_json(JsonNode *node, fvi_labels **out, fv_error *err);
/* A JSON array of strings in text, else one name a line. */
fv_status fvi_labels_from_text(const char *text, fvi_labels **out, fv_error *err);

/* Takes count names, g_malloc'ed in a g_malloc'ed list, and makes them valid. */
fvi_labels *fvi_labels_take(char **names, int count);
void fvi_labels_free(fvi_labels *l);

/* Index of a class, letters and digits compared without case, all else ignored; a class of several
 * names "tench, Tinca tinca" has each of them. -1 if there is none.
 *   other  the next class that the name stands for as well, or -1 */
int fvi_labels_find(const fvi_labels *l, const char *name, int *other);

#endif
