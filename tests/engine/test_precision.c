/* SPDX-License-Identifier: Apache-2.0 */
/* bf16: where this processor has it, results are those of f32 but for rounding (docs/performance.md
 * says of what); where it does not, they are the same numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"

#define NETWORK SOURCE_ROOT "/tests/golden/residual.new18-free.onnx"
#define TARGET  "#5"
#define BOUND   0.05 /* of the gradient's length: bf16 has 8 bits, and ReLUs may turn over */
enum { SIDE = 32 };

/* The gradient of a layer's sum in that precision; what it was made in. */
static fv_tensor *gradient(fv_precision asked, fv_precision *used) {
    const int64_t dims[4] = {2, 3, SIDE, SIDE};
    fv_error err = {0};
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_tensor *x = NULL, *g = NULL;
    if (fv_model_load(NETWORK, &(fv_model_desc){.precision = asked}, &m, &err) ||
        fv_session_new(m, NULL, &s, &err) || fv_tensor_new(4, dims, &x, &err))
        fail_msg("%s", err.text);
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = sinf((float)(i * i % 977));
    if (fv_session_gradient(s, x, TARGET, NULL, &g, &err)) fail_msg("%s", err.text);
    *used = fv_model_precision(m);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_model_free(m);
    return g;
}

/* The length of a - b as a share of b's. */
static double distance(const fv_tensor *a, const fv_tensor *b) {
    double apart = 0, length = 0;
    for (int64_t i = 0; i < fv_tensor_count(b); i++) {
        apart += pow((double)a->data[i] - b->data[i], 2);
        length += pow(b->data[i], 2);
    }
    return sqrt(apart / length);
}

static void test_precision(void **state) {
    (void)state;
    fv_precision used;
    fv_tensor *exact = gradient(0, &used);
    assert_int_equal(used, FV_PRECISION_F32);
    for (fv_precision p = FV_PRECISION_F32; p <= FV_PRECISION_AUTO; p++) {
        fv_tensor *g = gradient(p, &used);
        const double apart = distance(g, exact);
        print_message("asked for %d, used %d: %g apart\n", (int)p, (int)used, apart);
        assert_true(used == FV_PRECISION_F32 ||
                    (used == FV_PRECISION_BF16 && p != FV_PRECISION_F32));
        assert_true(used == FV_PRECISION_F32 ? apart == 0 : apart > 0 && apart < BOUND);
        fv_tensor_free(g);
    }
    fv_tensor_free(exact);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_precision)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
