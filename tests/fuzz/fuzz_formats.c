/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes opening a file of any format but ONNX, and what a person does next: the layer table and
 * the weights, a run and a gradient. The input is the file, in memory; or a zip archive whose
 * members begin with "set/", which are the files of a network that has several: the first is
 * opened, by its path, with the others beside it.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "model/zip/zip.h"

#define SET      "set/"
#define FILE_MAX ((int64_t)1 << 20)

/* Names that may be written: those that the seeds have (seeds.py). */
static const char *const names[] = {"net.cfg",
                                    "net.weights",
                                    "net.prototxt",
                                    "net.caffemodel",
                                    "saved_model.pb",
                                    "variables/variables.index",
                                    "variables/variables.data-00000-of-00001"};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    FUZZ_ASSERT(!mkdir(fuzz_path("variables"), 0700));
    return 0;
}

/* Writes the files of a set.  returns  path of the first, to be freed; NULL: this is no set */
static char *write_set(const uint8_t *data, size_t size) {
    fvi_zip *z = NULL;
    char *first = NULL;
    if (size < 4 || memcmp(data, "PK\3\4", 4) || fvi_zip_open(data, size, &z, NULL)) return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) remove(fuzz_path(names[i]));
    for (int64_t i = 0; i < fvi_zip_count(z); i++) {
        const char *name = fvi_zip_name(z, i);
        uint8_t *bytes = NULL;
        size_t n = 0;
        if (!name || strncmp(name, SET, strlen(SET))) continue;
        for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
            if (strcmp(name + strlen(SET), names[k]) ||
                fvi_zip_read(z, name, FILE_MAX, &bytes, &n, NULL))
                continue;
            const char *path = fuzz_file(names[k], bytes, n);
            if (!first) first = g_strdup(path);
            free(bytes);
            bytes = NULL;
        }
    }
    fvi_zip_close(z);
    return first;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (!size) return 0;
    char *path = write_set(data, size);
    const fv_status st = path ? fv_model_load(path, &fuzz_small, &m, &err)
                              : fv_model_load_memory(data, size, "net.bin", &fuzz_small, &m, &err);
    g_free(path);
    if (!fuzz_check(st, &err)) {
        fuzz_look(m);
        fuzz_use(m, data, size);
    }
    fv_model_free(m);
    return 0;
}
