/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution and activations of signals, volumes and pictures of many bands: a convolution of
 * kernel 1, ReLU, the mean over all positions, and a dense layer, against sums done here.
 *
 *   a[c][p] = sum over i of w[c][i] x[i][p],  r = max(a, 0),  y[k] = sum over c of v[k][c] mean_p r
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inspect/enlarge.h"
#include "support/net.h"

enum { CHANNELS = 4, CLASSES = 3, BANDS = 5, MOST = 5 * 60, CLASS = 1 };

typedef struct form {
    const char *input, *weights; /* shapes */
    int bands, ndim;
    int64_t size[3];
    fv_activation_kind kind;
} form;

static const form forms[] = {
    {"N,2,40", "4,2,1", 2, 1, {40}, FV_ACTIVATION_SIGNALS},
    {"N,1,3,4,5", "4,1,1,1,1", 1, 3, {3, 4, 5}, FV_ACTIVATION_VOLUMES},
    {"N,5,6,8", "4,5,1,1", 5, 2, {6, 8}, FV_ACTIVATION_MAPS},
};

static float w[CHANNELS * BANDS], v[CLASSES * CHANNELS], x[MOST];

static int positions(const form *f) {
    int64_t n = 1;
    for (int i = 0; i < f->ndim; i++) n *= f->size[i];
    return (int)n;
}

static double before_relu(const form *f, int c, int p) {
    double sum = 0;
    for (int i = 0; i < f->bands; i++) sum += (double)w[c * f->bands + i] * x[i * positions(f) + p];
    return sum;
}

/* dy[CLASS] / dx[i][p] */
static double slope(const form *f, int i, int p) {
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++)
        if (before_relu(f, c, p) > 0)
            sum += (double)v[CLASS * CHANNELS + c] * w[c * f->bands + i] / positions(f);
    return sum;
}

static double expected(const form *f, fv_method method, int p) {
    double most = 0, sum = 0, cam = 0;
    for (int i = 0; i < f->bands; i++) {
        most = fmax(most, fabs(slope(f, i, p)));
        sum += slope(f, i, p) * x[i * positions(f) + p];
    }
    for (int c = 0; c < CHANNELS; c++) /* the mean slope at r is v / positions everywhere */
        cam += (double)v[CLASS * CHANNELS + c] / positions(f) * fmax(before_relu(f, c, p), 0);
    return method == FV_METHOD_GRADIENT         ? most
           : method == FV_METHOD_INPUT_GRADIENT ? sum
                                                : fmax(cam, 0);
}

static fv_model *open_form(const form *f, builder *b) {
    builder_input(b, "x", FVI_F32, f->input);
    builder_f32(b, "w", f->weights, w);
    builder_f32(b, "v", "3,4", v);
    builder_node(b, "Conv", "conv", "x,w", "c");
    builder_node(b, "Relu", "relu", "c", "r");
    builder_node(b, "GlobalAveragePool", "mean", "r", "m");
    builder_node(b, "Flatten", "flat", "m", "f");
    builder_int(b, builder_node(b, "Gemm", "dense", "f,v", "y"), "transB", 1);
    return net_load(b, NULL);
}

static void check_map(const form *f, fv_session *s, const fv_model *m, const fv_tensor *input,
                      fv_method method) {
    fv_error err = {0};
    fv_attribution *a = NULL;
    fv_objective *o = NULL;
    const fv_attribute_desc d = {.struct_size = sizeof d, .method = method};
    assert_int_equal(fv_objective_new(m, "y:1", NULL, 0, &o, &err), FV_OK);
    if (fv_attribute(s, input, o, &d, &a, &err)) fail_msg("%s: %s", f->input, err.text);
    assert_int_equal(a->map->ndim, f->ndim);
    assert_memory_equal(a->map->dim, f->size, sizeof *f->size * (size_t)f->ndim);
    for (int p = 0; p < positions(f); p++)
        if (!(fabs(a->map->data[p] - expected(f, method, p)) < 1e-6))
            fail_msg("%s, method %d: %g at %d, not %g", f->input, (int)method,
                     (double)a->map->data[p], p, expected(f, method, p));
    fv_attribution_free(a);
    fv_objective_free(o);
}

static void check_activations(const form *f, fv_session *s, const fv_tensor *input) {
    fv_error err = {0};
    fv_activations *a = NULL;
    fv_image *picture = NULL;
    const char *layer = "conv";
    if (fv_activations_run(s, input, &layer, 1, &a, &err)) fail_msg("%s: %s", f->input, err.text);
    assert_int_equal(a->kind, f->kind);
    assert_int_equal(a->channels, CHANNELS);
    assert_int_equal(a->depth * a->height * a->width, positions(f));
    for (int c = 0; c < CHANNELS; c++)
        for (int p = 0; p < positions(f); p++)
            assert_true(fabs(a->data[c * positions(f) + p] - before_relu(f, c, p)) < 1e-5);
    if (fv_activations_draw(a, NULL, NULL, &picture, &err)) fail_msg("%s: %s", f->input, err.text);
    fv_image_free(picture);
    fv_activations_free(a);
}

static void test_forms(void **state) {
    (void)state;
    for (int i = 0; i < MOST; i++) x[i] = sinf(1.7f * (float)i);
    for (int i = 0; i < CHANNELS * BANDS; i++) w[i] = cosf(0.9f * (float)i + 0.3f);
    for (int i = 0; i < CLASSES * CHANNELS; i++) v[i] = sinf(2.1f * (float)i + 1);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const form *f = &forms[i];
        fv_error err = {0};
        fv_session *s = NULL;
        builder *b = builder_new(13);
        fv_model *m = open_form(f, b);
        fv_tensor input = {.ndim = f->ndim + 2, .dim = {1, f->bands}, .data = x};
        memcpy(input.dim + 2, f->size, sizeof f->size[0] * (size_t)f->ndim);
        assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
        check_map(f, s, m, &input, FV_METHOD_GRADIENT);
        check_map(f, s, m, &input, FV_METHOD_INPUT_GRADIENT);
        check_map(f, s, m, &input, FV_METHOD_GRADCAM);
        check_activations(f, s, &input);
        fv_session_free(s);
        fv_model_free(m);
        builder_free(b);
    }
}

/* What is linear along each axis stays so between the outermost cells' centres. */
static void test_enlarging(void **state) {
    (void)state;
    const fvi_grid small = {3, 4, 5}, large = {9, 12, 15};
    float in[3 * 4 * 5], out[9 * 12 * 15];
    fv_error err = {0};
    for (int i = 0; i < 60; i++) in[i] = (float)(100 * (i / 20) + 10 * (i / 5 % 4) + i % 5);
    assert_int_equal(fvi_enlarge(small, in, large, out, &err), FV_OK);
    for (int d = 1; d < 8; d++)
        for (int h = 1; h < 11; h++)
            for (int k = 1; k < 14; k++) {
                const float want =
                    (float)(100 * (d - 1) + 10 * (h - 1) + (k - 1)) / 3; /* three for each cell */
                assert_true(fabsf(out[(d * 12 + h) * 15 + k] - want) < 1e-3f);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_enlarging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
