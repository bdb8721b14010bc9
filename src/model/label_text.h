/* SPDX-License-Identifier: Apache-2.0 */
/* Class names in texts that other programs wrote. */
#ifndef FVI_MODEL_LABEL_TEXT_H
#define FVI_MODEL_LABEL_TEXT_H

#include "model/labels.h"

/* Class names of a text: `{0: 'a', "1": "b"}`, {'a': 0}, `["a", 'b']` or `(a, b)` in the notation
 * of Python or JSON, quoted or not; else lines, as fvi_labels_from_lines; one line: names with
 * commas between. A class that a dictionary leaves out is called "".
 *   errors  FORMAT what was expected at which byte; a key that is no number from 0 to
 *           FVI_LABELS_MAX - 1; more names than that, or none */
fv_status fvi_labels_from_notation(const char *text, fvi_labels **out, fv_error *err);

/* The names of a file of at most 64 MiB: a list or dictionary in that notation, else lines. */
fv_status fvi_labels_load(const char *path, fvi_labels **out, fv_error *err);

/* Replaces names by what a dictionary from names to descriptions calls them, where it knows them.
 *   errors  FORMAT as above */
fv_status fvi_labels_describe(fvi_labels *l, const char *text, fv_error *err);

#endif
