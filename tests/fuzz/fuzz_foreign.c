/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what is said of files that are no models of ours. The first line is the file's name, whose
 * ending counts for some kinds; the rest are its bytes. They are
 * opened as a model, too. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "model/foreign/foreign.h"

#define NAME_MAX_BYTES 32

/* Letters, digits, dots and lines of the first line; "a.bin" where there are none. */
static void read_name(const uint8_t *data, size_t n, char name[NAME_MAX_BYTES + 1]) {
    size_t length = 0;
    for (size_t i = 0; i < n && length < NAME_MAX_BYTES; i++)
        if (g_ascii_isalnum(data[i]) || (length && strchr("._-", data[i] ? data[i] : ' ')))
            name[length++] = (char)data[i];
    name[length] = 0;
    if (!length) strcpy(name, "a.bin");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    const size_t skip = end ? (size_t)(end - data) + 1 : 0;
    char name[NAME_MAX_BYTES + 1];
    if (size == skip) return 0; /* nobody asks about empty files */
    read_name(data, skip, name);
    /* of its own size, so that a read beyond it shows */
    uint8_t *bytes = g_memdup2(data + skip, size - skip);
    const char *kind = fvi_foreign_kind_of(bytes, size - skip, name);
    char *text = fvi_foreign_text(bytes, size - skip, name);
    FUZZ_ASSERT(kind || !text);
    if (text) FUZZ_ASSERT(strstr(text, kind) && !strchr(text, '\n'));
    fv_model *m = NULL;
    fv_error err;
    fuzz_check(fv_model_load(fuzz_file(name, bytes, size - skip), &fuzz_small, &m, &err), &err);
    remove(fuzz_path(name));
    fv_model_free(m);
    g_free(text);
    g_free(bytes);
    return 0;
}
