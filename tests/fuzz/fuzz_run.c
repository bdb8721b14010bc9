/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes planning and running: one forward and one backward pass of a small graph from a file, for
 * the shape the file says its input has. What is computed is not judged; that every element is
 * written is. */
#include <stdlib.h>

#include "fuzz.h"
#include "support/texts.h"

static void run(const fv_model *m, const fv_tensor *x, const char *value, int backward) {
    fv_session *s = NULL;
    fv_tensor *y = NULL, *g = NULL;
    fv_error err;
    FUZZ_ASSERT(
        !fuzz_check(fv_session_new(m, FV_DESC(fv_session_desc, .threads = 1), &s, &err), &err));
    if (!fuzz_check(fv_session_run(s, x, value, &y, &err), &err)) fuzz_read(y);
    double *values = calloc((size_t)(x->ndim ? x->dim[0] : 1) + 1, sizeof *values);
    FUZZ_ASSERT(values);
    if (backward && !fuzz_check(gradient_text(m, s, x, value, values, &g, &err), &err)) {
        FUZZ_ASSERT(fv_tensor_count(g) == fv_tensor_count(x));
        fuzz_read(g);
    }
    free(values);
    fv_tensor_free(y);
    fv_tensor_free(g);
    fv_session_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (fuzz_check(fv_model_load(fuzz_file("net.onnx", data, size), &fuzz_small, &m, &err), &err))
        return 0;
    fv_tensor *x = fuzz_input(m, data, size);
    int n = fv_model_layer_count(m);
    if (x && n) run(m, x, fv_model_layer(m, n - 1)->output, 1);
    if (x && n > 1) run(m, x, fv_model_layer(m, data[size / 2] % n)->output, 1);
    fv_tensor_free(x);
    fv_model_free(m);
    return 0;
}
