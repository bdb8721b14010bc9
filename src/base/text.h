/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, and how far texts are apart. */
#ifndef FVI_BASE_TEXT_H
#define FVI_BASE_TEXT_H

#include <stddef.h>

#define FVI_FLOAT_TEXT_BYTES 24 /* enough for every float */

/* Writes x with at least 6, and as many more digits as reading back the same float takes; "inf",
 * "-inf" and "nan" where it is that.  text  [size], cut to it */
void fvi_float_text(float x, char *text, size_t size);

#define FVI_MEMORY_TEXT_BYTES 32

/* Writes an amount of memory as a whole number of the largest unit in which it is 10 or more,
 * rounded up: "800 bytes", "1434 KB", "12 MB"; units of 1024.  returns  text */
char *fvi_memory_text(size_t bytes, char text[FVI_MEMORY_TEXT_BYTES]);

/* How much a name differs from what was typed: insertions, deletions and replacements (Levenshtein,
 * letters without case); 1 where two neighbours are swapped; at most 2 where one contains the
 * other. INT_MAX: too much to suggest it. */
int fvi_text_distance(const char *typed, const char *name);

#endif
