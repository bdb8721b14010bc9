/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes opening an ONNX file: parsing, checks, lowering, shape inference, the layer table. */
#include <math.h>
#include <string.h>

#include "fuzz.h"

static void look(const fv_model *m) {
    fv_error err;
    int n = fv_model_layer_count(m), index;
    const fv_input *in = fv_model_input(m);
    FUZZ_ASSERT(n >= 0 && in->name && in->ndim <= FV_MAX_DIMS);
    for (int i = 0; i < n; i++) {
        const fv_layer *l = fv_model_layer(m, i);
        FUZZ_ASSERT(l->name && l->output && l->kind && l->description && l->source_op);
        FUZZ_ASSERT(l->ndim >= -1 && l->ndim <= FV_MAX_DIMS && l->parameters >= 0);
        if (i > 20) continue;
        FUZZ_ASSERT(!fuzz_check(fv_model_find_layer(m, l->name, &index, &err), &err));
        fv_weight_stats stats;
        fuzz_check(fv_model_weight_stats(m, i, &stats, &err), &err);
        fv_tensor *weights = NULL, *bias = NULL;
        if (!fuzz_check(fv_model_weights(m, i, &weights, &bias, &err), &err))
            FUZZ_ASSERT(weights && fv_tensor_count(weights) >= 0);
        fv_tensor_free(weights);
        fv_tensor_free(bias);
    }
    fuzz_check(fv_model_find_layer(m, "conv", &index, &err), &err);
    fuzz_check(fv_model_find_class(m, "hen", &index, &err), &err);
    for (int i = 0; i < fv_model_class_count(m); i++) FUZZ_ASSERT(fv_model_class_name(m, i));
}

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
        look(m);
    fv_model_free(m);
    return 0;
}
