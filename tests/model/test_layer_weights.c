/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's weights as numbers: whatever order the file keeps them in, a unit is a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/network/find.h"
#include "model/network/layer_weights.h"
#include "model/network/weight_stats.h"
#include "support/builder.h"

static builder *b;
static fvi_network *net;

/* 0, 1, 2, ... so that a number says where in the file it stood. */
static float numbers[256];

static void load(void) {
    fv_error err = {0};
    builder_output(b, "y");
    if (fvi_network_load(builder_save(b, "net.onnx"), NULL, &net, &err)) fail_msg("%s", err.text);
}

static int setup(void **state) {
    (void)state;
    for (int i = 0; i < 256; i++) numbers[i] = (float)i;
    b = builder_new(17);
    net = NULL;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fvi_network_free(net);
    builder_free(b);
    return 0;
}

static fv_tensor *weights_of(const char *layer, fv_tensor **bias) {
    fv_tensor *w = NULL;
    fv_error err = {0};
    int i = -1;
    if (fvi_network_find_layer(net, layer, &i, &err) || fvi_network_weights(net, i, &w, bias, &err))
        fail_msg("%s", err.text);
    return w;
}

static void expect_shape(const fv_tensor *t, int ndim, const int64_t *dim) {
    assert_int_equal(t->ndim, ndim);
    for (int i = 0; i < ndim; i++) assert_int_equal(t->dim[i], dim[i]);
}

static void test_convolution_as_it_is(void **state) {
    (void)state;
    const float c[] = {7, 8, 9, 10};
    builder_input(b, "x", FVI_F32, "1,3,8,8");
    builder_f32(b, "w", "4,3,2,2", numbers);
    builder_f32(b, "c", "4", c);
    builder_node(b, "Conv", "conv", "x,w,c", "y");
    load();
    fv_tensor *bias = NULL, *w = weights_of("conv", &bias);
    expect_shape(w, 4, (int64_t[]){4, 3, 2, 2});
    for (int i = 0; i < 48; i++) assert_true(w->data[i] == (float)i);
    expect_shape(bias, 1, (int64_t[]){4});
    for (int i = 0; i < 4; i++) assert_true(bias->data[i] == c[i]);
    fv_tensor_free(bias);
    fv_tensor_free(w);
}

/* [in 4][out/groups 3][2] in 2 groups -> [out 6][in/groups 2][2] */
static void test_transposed_convolution_is_turned(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,4,8");
    builder_f32(b, "w", "4,3,2", numbers);
    builder_int(b, builder_node(b, "ConvTranspose", "up", "x,w", "y"), "group", 2);
    load();
    fv_tensor *bias = (fv_tensor *)&numbers, *w = weights_of("up", &bias);
    assert_null(bias); /* it has none */
    expect_shape(w, 3, (int64_t[]){6, 2, 2});
    for (int g = 0; g < 2; g++)
        for (int o = 0; o < 3; o++)
            for (int i = 0; i < 2; i++)
                for (int k = 0; k < 2; k++)
                    assert_true(w->data[((g * 3 + o) * 2 + i) * 2 + k] ==
                                (float)(((g * 2 + i) * 3 + o) * 2 + k));
    fv_tensor_free(w);
}

/* w [out 4][in 6] of the numbers 0.., or its transpose. */
static void expect_rows(const fv_tensor *w, int turned) {
    expect_shape(w, 2, (int64_t[]){4, 6});
    for (int o = 0; o < 4; o++)
        for (int i = 0; i < 6; i++)
            assert_true(w->data[o * 6 + i] == (float)(turned ? i * 4 + o : o * 6 + i));
}

static void test_gemm_whatever_its_transposition(void **state) {
    (void)state;
    for (int trans = 0; trans < 2; trans++) {
        if (trans) {
            teardown(NULL);
            setup(NULL);
        }
        builder_input(b, "x", FVI_F32, "N,6");
        builder_f32(b, "w", trans ? "4,6" : "6,4", numbers);
        builder_f32(b, "c", "4", numbers);
        builder_int(b, builder_node(b, "Gemm", "fc", "x,w,c", "y"), "transB", trans);
        load();
        fv_tensor *bias = NULL, *w = weights_of("fc", &bias);
        expect_rows(w, !trans);
        assert_true(bias->data[3] == 3);
        fv_tensor_free(bias);
        fv_tensor_free(w);
    }
}

static void test_product_of_a_constant(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,6,5");
    builder_f32(b, "w", "4,6", numbers);
    builder_node(b, "MatMul", "mix", "w,x", "y"); /* the units are the rows of w */
    load();
    fv_tensor *w = weights_of("mix", NULL);
    expect_rows(w, 0);
    fv_tensor_free(w);
    fv_weight_stats s;
    assert_int_equal(fvi_network_weight_stats(net, 0, &s, NULL), FV_OK);
    assert_int_equal(s.count, 24);
}

/* [2][in 3][out 2] -> two matrices, one under the other */
static void test_batched_product(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,2,4,3");
    builder_f32(b, "w", "2,3,2", numbers);
    builder_node(b, "MatMul", "heads", "x,w", "y");
    load();
    fv_tensor *w = weights_of("heads", NULL);
    expect_shape(w, 2, (int64_t[]){4, 3});
    const float rows[4][3] = {{0, 2, 4}, {1, 3, 5}, {6, 8, 10}, {7, 9, 11}};
    assert_memory_equal(w->data, rows, sizeof rows);
    fv_tensor_free(w);
}

static void test_normalisation_and_sum(void **state) {
    (void)state;
    const float gamma[] = {1, 2, -3}, zero[] = {0, 0, 0}, variance[] = {0.75f, 3.75f, 8.75f};
    const float shift[] = {5, 6, 7};
    builder_input(b, "x", FVI_F32, "1,3,4,4");
    builder_f32(b, "g", "3", gamma);
    builder_f32(b, "z", "3", zero);
    builder_f32(b, "v", "3", variance);
    builder_f32(b, "s", "3,1,1", shift);
    builder_float(b, builder_node(b, "BatchNormalization", "bn", "x,g,z,z,v", "n"), "epsilon",
                  0.25f);
    builder_node(b, "Add", "sum", "n,s", "y");
    load();
    fv_tensor *w = weights_of("bn", NULL);
    expect_shape(w, 1, (int64_t[]){3});
    for (int i = 0; i < 3; i++) /* gamma / sqrt(variance + epsilon) */
        assert_true(fabs(w->data[i] - (const double[]){1, 1, -1}[i]) < 1e-6);
    fv_tensor_free(w);
    w = weights_of("sum", NULL);
    expect_shape(w, 3, (int64_t[]){3, 1, 1});
    assert_true(w->data[2] == 7);
    fv_tensor_free(w);
}

static void test_what_is_not_there(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,3,4,4");
    builder_node(b, "Relu", "relu", "x", "y");
    load();
    fv_tensor *w = NULL;
    fv_error err;
    assert_int_equal(fvi_network_weights(net, 0, &w, NULL, &err), FV_NOTFOUND);
    assert_string_equal(err.text, "net: layer \"relu\" (relu) has no weights");
    assert_int_equal(fvi_network_weights(net, 1, &w, NULL, &err), FV_ARG);
    assert_string_equal(err.text, "net: layer 1 does not exist (0..0)");
    assert_int_equal(fvi_network_weights(net, -1, &w, NULL, NULL), FV_ARG);
    assert_null(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_convolution_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transposed_convolution_is_turned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gemm_whatever_its_transposition, setup, teardown),
        cmocka_unit_test_setup_teardown(test_product_of_a_constant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batched_product, setup, teardown),
        cmocka_unit_test_setup_teardown(test_normalisation_and_sum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
