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
#include "support/texts.h"

#define NETWORK "tests/golden/residual.new18-free.onnx"
enum { SIDE = 32 };

/* Layers, and how far the gradient of their mean square is from f32's, as a share of its length,
 * where sources, weights and gradients of every convolution are rounded to 8 bits: PyTorch's
 * figures in double precision. Most of it is ReLUs and maxima that turn over. */
static const struct {
    const char *layer;
    double apart;
} targets[] = {{"#0", 0.002512}, {"#3", 0.068702}, {"#5", 0.088211}};

/* The gradient of a layer in that precision; what it was made in. */
static fv_tensor *gradient(fv_precision asked, const char *layer, fv_precision *used) {
    const int64_t dims[4] = {2, 3, SIDE, SIDE};
    fv_error err = {0};
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_tensor *x = NULL, *g = NULL;
    if (fv_model_load(NETWORK, FV_DESC(fv_model_desc, .precision = asked), &m, &err) ||
        fv_session_new(m, NULL, &s, &err) || fv_tensor_new(4, dims, &x, &err))
        fail_msg("%s", err.text);
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = sinf((float)(i * i % 977));
    if (gradient_text(m, s, x, layer, NULL, &g, &err)) fail_msg("%s", err.text);
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

static void check_precision(fv_precision asked, const char *layer, double expected) {
    fv_precision used;
    fv_tensor *exact = gradient(0, layer, &used);
    assert_int_equal(used, FV_PRECISION_F32);
    fv_tensor *g = gradient(asked, layer, &used);
    const double apart = distance(g, exact);
    print_message("%s: asked for %d, used %d: %g apart\n", layer, (int)asked, (int)used, apart);
    assert_true(used == FV_PRECISION_F32 ||
                (used == FV_PRECISION_BF16 && asked != FV_PRECISION_F32));
    assert_true(used == FV_PRECISION_F32 ? apart == 0 : apart > 0 && apart < 1.1 * expected);
    fv_tensor_free(g);
    fv_tensor_free(exact);
}

static void test_precision(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (fv_precision p = FV_PRECISION_F32; p <= FV_PRECISION_AUTO; p++)
            check_precision(p, targets[i].layer, targets[i].apart);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_precision)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
