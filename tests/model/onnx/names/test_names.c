/* SPDX-License-Identifier: Apache-2.0 */
/* The names of layers of files that know the modules their nodes come from
 * (tests/data/make_name_models.py), and what else finds these layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/network/find.h"
#include "model/network/layer_weights.h"
#include "model/network/network.h"

#define FOLDER "tests/data/names/"

static fvi_network *load(const char *path) {
    fvi_network *net = NULL;
    fv_error err;
    if (fvi_network_load(path, NULL, &net, &err)) fail_msg("%s", err.text);
    return net;
}

/* What both exporters must agree on; then they describe the pooling differently. */
static const char *const torch_names[] = {
    "stem.0",       "stem.2",          "layer1.0.conv1", "layer1.0.relu", "layer1.0.conv2",
    "layer1.0.add", "layer1.0.relu_1", "layer1.1.conv1", "layer1.1.relu", "layer1.1.conv2",
    "layer1.1.add", "layer1.1.relu_1", "reshape",        "transpose",     "mlp.0.matmul",
    "mlp.0",        "mlp.1",           "transpose_1"};

static void torch_modules_are_names(void **state) {
    (void)state;
    static const char *const files[] = {FOLDER "dynamo.onnx", FOLDER "torchscript.onnx"};
    for (int k = 0; k < 2; k++) {
        fvi_network *net = load(files[k]);
        const int n = fvi_network_layer_count(net);
        assert_true(n > 18);
        for (int i = 0; i < 18; i++)
            assert_string_equal(fvi_network_layer(net, i)->name, torch_names[i]);
        assert_string_equal(fvi_network_layer(net, n - 1)->name, "fc");
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++)
                assert_string_not_equal(fvi_network_layer(net, i)->name,
                                        fvi_network_layer(net, j)->name);
        fvi_network_free(net);
    }
}

static void expect_found(const fvi_network *net, const char *typed, const char *name) {
    int index = -1;
    fv_error err;
    if (fvi_network_find_layer(net, typed, &index, &err)) fail_msg("%s", err.text);
    assert_string_equal(fvi_network_layer(net, index)->name, name);
}

static void own_names_still_find(void **state) {
    (void)state;
    fvi_network *net = load(FOLDER "torchscript.onnx");
    expect_found(net, "layer1.0.conv1", "layer1.0.conv1");
    expect_found(net, "/layer1/layer1.0/conv1/Conv", "layer1.0.conv1");
    expect_found(net, "/layer1/layer1.0/conv1/Conv_output_0", "layer1.0.conv1");
    expect_found(net, "layer1.1/relu_1/Relu", "layer1.1.relu_1");
    expect_found(net, "1.conv1", "layer1.1.conv1");
    fvi_network_free(net);
    net = load(FOLDER "dynamo.onnx");
    int index = -1;
    fv_error err;
    assert_false(fvi_network_find_layer(net, "layer1.0.add", &index, &err));
    const fv_layer *add = fvi_network_layer(net, index);
    assert_string_equal(add->source_name, "node_add");
    expect_found(net, "node_add", "layer1.0.add");
    expect_found(net, add->output, "layer1.0.add");
    fvi_network_free(net);
}

/* The whole network's own "transpose" is not the first value of that name in the file. */
static void modules_come_before_values(void **state) {
    (void)state;
    fvi_network *net = load(FOLDER "dynamo.onnx");
    for (int i = 0; i < fvi_network_layer_count(net); i++) {
        const char *value = NULL;
        fv_error err;
        const fv_layer *l = fvi_network_layer(net, i);
        if (fvi_network_find_value(net, l->name, &value, &err)) fail_msg("%s", err.text);
        assert_string_equal(value, l->output);
    }
    fvi_network_free(net);
}

static void weights_alone_are_a_trace(void **state) {
    (void)state;
    fvi_network *net = load(FOLDER "plain.onnx");
    assert_string_equal(fvi_network_layer(net, 0)->name, "Conv_0"); /* folded: no name left */
    expect_found(net, "fc", "fc");
    assert_string_equal(fvi_network_layer(net, fvi_network_layer_count(net) - 1)->name, "fc");
    fvi_network_free(net);
}

static void keras_layers_are_names(void **state) {
    (void)state;
    fvi_network *net = load(FOLDER "keras.onnx");
    static const char *const names[] = {"StatefulPartitionedCall/vgg16_1/block1_conv1/Conv2D__6",
                                        "block1_conv1/Conv2D", "block1_conv1/BiasAdd",
                                        "block1_conv1", "block1_pool"};
    for (int i = 0; i < 5; i++) assert_string_equal(fvi_network_layer(net, i)->name, names[i]);
    expect_found(net, "predictions", "predictions");
    expect_found(net, "predictions/MatMul", "predictions/MatMul");
    expect_found(net, "StatefulPartitionedCall/vgg16_1/block1_conv1/Conv2D", "block1_conv1/Conv2D");
    fvi_network_free(net);
}

static void weights_are_told_where_they_are(void **state) {
    (void)state;
    fvi_network *net = load(FOLDER "keras.onnx");
    int index = -1;
    fv_error err;
    fv_tensor *weights = NULL;
    assert_false(fvi_network_find_layer(net, "block1_conv1", &index, &err));
    assert_int_equal(fvi_network_weights(net, index, &weights, NULL, &err), FV_NOTFOUND);
    assert_non_null(strstr(err.text, "\"block1_conv1/Conv2D\" has"));
    fvi_network_free(net);
}

static void other_names_stay(void **state) {
    (void)state;
    fvi_network *net = load("tests/data/cli/tiny.onnx");
    assert_string_equal(fvi_network_layer(net, 0)->name, "stem/conv");
    assert_string_equal(fvi_network_layer(net, 0)->source_name, "stem/conv");
    fvi_network_free(net);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torch_modules_are_names),
        cmocka_unit_test(own_names_still_find),
        cmocka_unit_test(modules_come_before_values),
        cmocka_unit_test(weights_alone_are_a_trace),
        cmocka_unit_test(keras_layers_are_names),
        cmocka_unit_test(weights_are_told_where_they_are),
        cmocka_unit_test(other_names_stay),
    };
    return cmocka_run_group_tests_name("model/onnx/names/names", tests, NULL, NULL);
}
