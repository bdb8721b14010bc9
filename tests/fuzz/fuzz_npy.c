/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading NPY files; what is read is written and read again, and must be the same. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_tensor *t = NULL, *again = NULL;
    fv_error err;
    if (fuzz_check(fv_tensor_load(fuzz_file("x.npy", data, size), &t, &err), &err)) return 0;
    FUZZ_ASSERT(!fuzz_check(fv_tensor_save(t, fuzz_path("y.npy"), &err), &err));
    FUZZ_ASSERT(!fuzz_check(fv_tensor_load(fuzz_path("y.npy"), &again, &err), &err));
    FUZZ_ASSERT(again->ndim == t->ndim);
    FUZZ_ASSERT(!memcmp(again->dim, t->dim, (size_t)t->ndim * sizeof *t->dim));
    FUZZ_ASSERT(!memcmp(again->data, t->data, (size_t)fv_tensor_count(t) * sizeof *t->data));
    fv_tensor_free(t);
    fv_tensor_free(again);
    return 0;
}
