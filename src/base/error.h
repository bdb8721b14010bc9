/* SPDX-License-Identifier: Apache-2.0 */
/* Filling an fv_error: the one way a failure gets its text. */
#ifndef FVI_BASE_ERROR_H
#define FVI_BASE_ERROR_H

#include "fovea/fovea.h"

/* Writes status and text into `err` (NULL allowed) and returns the status, so that a failing
 * function reads `return fvi_fail(err, FV_SHAPE, "...", ...)`. Newlines and control characters that
 * came in from a file become '?'. */
fv_status fvi_fail(fv_error *err, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is already there, e.g. the file or layer being worked on. */
void fvi_error_prefix(fv_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
