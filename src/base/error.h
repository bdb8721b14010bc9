/* SPDX-License-Identifier: Apache-2.0 */
/* Filling an fv_error. */
#ifndef FVI_BASE_ERROR_H
#define FVI_BASE_ERROR_H

#include "fovea/fovea.h"

/* Writes status and text into `err` (NULL allowed) and returns the status: a failing function reads
 * `return fvi_fail(err, FV_SHAPE, "...", ...)`. Newlines and control characters, which may come
 * from a file, become '?'. */
fv_status fvi_fail(fv_error *err, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#ifdef FVI_ANALYZE /* tools/analyze.py: tells what a file's analysis cannot see */
#define fvi_fail(err, status, ...) (fvi_fail(err, status, __VA_ARGS__), (status))
#endif

/* Names a limit of a model and the option that raises it, for the end of a message. */
#define FVI_LIMIT(name) "(limit max_" name "; --limit " name "=N raises it)"

/* Puts "prefix: " before the text already there, e.g. the name of the file or layer. */
void fvi_error_prefix(fv_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails with "FUNCTION: NAME must not be NULL" for the first pointer that is NULL; `names` lists
 * them, "model, out".  errors  ARG */
fv_status fvi_check_pointers(fv_error *err, const char *function, const char *names,
                             const void *const *pointers, int count);
#define FVI_NOT_NULL(err, ...) FVI_NOT_NULL_AS(err, #__VA_ARGS__, __VA_ARGS__)
/* The same with the parameter names of the public header: "session, out". */
#define FVI_NOT_NULL_AS(err, names, ...)                                         \
    fvi_check_pointers(err, __func__, names, (const void *const[]){__VA_ARGS__}, \
                       (int)(sizeof((const void *const[]){__VA_ARGS__}) / sizeof(void *)))

#endif
