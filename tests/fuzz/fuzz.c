/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a fuzz process, and the checks that every target makes. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[256];
static char path[512];

const fv_model_desc fuzz_small = {
    .struct_size = sizeof(fv_model_desc),
    .max_memory = (int64_t)64 << 20,
    .max_work = (int64_t)1 << 32,
    .max_elements = 1 << 20,
    .max_nodes = 1 << 12,
};

void fuzz_fail(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

/* Files lie flat in the folder. */
static void remove_folder(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command)) fprintf(stderr, "%s is left over\n", folder);
}

const char *fuzz_path(const char *name) {
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/fovea-fuzz-XXXXXX", base && base[0] ? base : "/tmp");
        FUZZ_ASSERT(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const void *data, size_t size) {
    const char *to = fuzz_path(name);
    FILE *f = fopen(to, "wb");
    FUZZ_ASSERT(f);
    FUZZ_ASSERT(!size || fwrite(data, 1, size, f) == size);
    FUZZ_ASSERT(!fclose(f));
    return to;
}

fv_status fuzz_check(fv_status st, const fv_error *err) {
    FUZZ_ASSERT(st >= FV_OK && st <= FV_NONFINITE);
    if (!st) return st;
    FUZZ_ASSERT(err->status == st);
    FUZZ_ASSERT(err->text[0] && memchr(err->text, 0, sizeof err->text));
    FUZZ_ASSERT(!strchr(err->text, '\n'));
    return st;
}
