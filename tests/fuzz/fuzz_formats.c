/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes opening a file of any format but ONNX from memory: reading, the list of operations,
 * lowering, the layer table and the weights. Nothing is run. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (size &&
        !fuzz_check(fv_model_load_memory(data, size, "net.bin", &fuzz_small, &m, &err), &err))
        fuzz_look(m);
    fv_model_free(m);
    return 0;
}
