/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes planning and running: one forward and one backward pass of a small graph from a file, for
 * the shape the file says its input has. What is computed is not judged; that every element is
 * written is. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (fuzz_check(fv_model_load(fuzz_file("net.onnx", data, size), &fuzz_small, &m, &err), &err))
        return 0;
    fuzz_use(m, data, size);
    fv_model_free(m);
    return 0;
}
