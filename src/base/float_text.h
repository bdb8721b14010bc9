/* SPDX-License-Identifier: Apache-2.0 */
/* Floats as text that reads back as the same float. */
#ifndef FVI_BASE_FLOAT_TEXT_H
#define FVI_BASE_FLOAT_TEXT_H

#include <stddef.h>

#define FVI_FLOAT_TEXT_BYTES 24 /* enough for every float */

/* Writes x with at least 6, and as many more digits as reading back the same float takes; "inf",
 * "-inf" and "nan" where it is that.  text  [size], cut to it */
void fvi_float_text(float x, char *text, size_t size);

#endif
