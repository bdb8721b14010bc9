/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: the text is composed in a separate buffer (the old text may be among the arguments), made
 * one line, and cut at a whole UTF-8 character if it is too long for the struct. Bytes beyond ASCII
 * are kept: names in files may be in any script.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies `text` into err->text: control characters become '?', a cut character is dropped. */
static void error_store(fv_error *err, const char *text) {
    size_t n = strlen(text), room = sizeof err->text - 1;
    if (n > room) {
        n = room;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        err->text[i] = (c < 0x20 || c == 0x7F) ? '?' : (char)c;
    }
    err->text[n] = 0;
}

/* Twice the struct's size, so that a text that is too long is detected. */
#define ERROR_BUFFER (2 * sizeof(((fv_error *)0)->text))

fv_status(fvi_fail)(fv_error *err, fv_status status, const char *format, ...) {
    if (!err) return status;
    char buffer[ERROR_BUFFER];
    va_list args;
    va_start(args, format);
    if (vsnprintf(buffer, sizeof buffer, format, args) < 0) buffer[0] = 0;
    va_end(args);
    err->status = status;
    error_store(err, buffer);
    return status;
}

fv_status fvi_check_pointers(fv_error *err, const char *function, const char *names,
                             const void *const *pointers, int count) {
    for (int i = 0; i < count; i++) {
        const size_t n = strcspn(names, ",");
        if (!pointers[i])
            return fvi_fail(err, FV_ARG, "%s: %.*s must not be NULL", function, (int)n, names);
        names += n + strspn(names + n, ", ");
    }
    return FV_OK;
}

void fvi_error_prefix(fv_error *err, const char *format, ...) {
    if (!err) return;
    char prefix[sizeof err->text], buffer[ERROR_BUFFER + 2];
    va_list args;
    va_start(args, format);
    if (vsnprintf(prefix, sizeof prefix, format, args) < 0) prefix[0] = 0;
    va_end(args);
    snprintf(buffer, sizeof buffer, "%s: %s", prefix, err->text);
    error_store(err, buffer);
}
