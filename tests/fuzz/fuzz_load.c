/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes opening an ONNX file: parsing, checks, lowering, shape inference, the layer table. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    static const char weights[4096] = {1};
    fuzz_file("weights.bin", weights, sizeof weights);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (!fuzz_check(fv_model_load(fuzz_file("net.onnx", data, size), &fuzz_small, &m, &err), &err))
        fuzz_look(m);
    fv_model_free(m);
    return 0;
}
