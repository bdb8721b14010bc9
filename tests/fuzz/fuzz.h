/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. A target is one function, LLVMFuzzerTestOneInput: libFuzzer calls it
 * with inputs it invents, replay.c with the files of the corpora. */
#ifndef FOVEA_TESTS_FUZZ_H
#define FOVEA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

#define FUZZ_NETWORK "tests/data/cli/tiny.onnx" /* from the project's folder */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Called once before, of the targets that have it. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Path of a file in a folder of this process' own, which goes with it; until the next call. */
const char *fuzz_path(const char *name);
/* Writes that file and returns its path. */
const char *fuzz_file(const char *name, const void *data, size_t size);

/* Aborts unless the status is one of the library's and, where it is no success, `err` has its text
 * in one line. Returns the status. */
fv_status fuzz_check(fv_status st, const fv_error *err);

/* Aborts unless the condition holds. */
#define FUZZ_ASSERT(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
void fuzz_fail(const char *file, int line, const char *condition) __attribute__((noreturn));

/* A raw input for a model, of up to 2^16 numbers in -1..1, always the same ones; NULL: it is
 * larger. Free sizes are taken from the file's bytes, so that a file always runs alike. */
fv_tensor *fuzz_input(const fv_model *m, const uint8_t *data, size_t size);

/* Walks what a model says of itself: layers, their weights, classes. */
void fuzz_look(const fv_model *m);

/* Runs a model forward and backward, up to its last layer and up to one of the file's choice. What
 * is computed is not judged; that every element is written is. */
void fuzz_use(const fv_model *m, const uint8_t *data, size_t size);

/* Reads every element: what was not allocated shows under a sanitizer. */
void fuzz_read(const fv_tensor *t);

/* Small limits, under which an input takes milliseconds. */
extern const fv_model_desc fuzz_small;

#endif
