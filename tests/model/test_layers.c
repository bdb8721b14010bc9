/* SPDX-License-Identifier: Apache-2.0 */
/* The layer table: words, costs, receptive fields, configuration; and finding layers by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "model/network/weight_stats.h"
#include "support/builder.h"

static fvi_network *load(builder *b) {
    fvi_network *n = NULL;
    fv_error err = {0};
    if (fvi_network_load(builder_save(b, "net.onnx"), NULL, &n, &err)) fail_msg("%s", err.text);
    return n;
}

static void done(fvi_network *n, builder *b) {
    fvi_network_free(n);
    builder_free(b);
}

static const fv_layer *layer(const fvi_network *n, const char *name) {
    int i = -1;
    fv_error err = {0};
    if (fvi_network_find_layer(n, name, &i, &err)) fail_msg("%s", err.text);
    return fvi_network_layer(n, i);
}

/* ---- words: one node a case, x is its input ------------------------------------------------- */

typedef struct word_case {
    const char *op, *dims; /* of the input x */
    const char *weights;   /* "name dims;name dims" f32 initialisers, or NULL */
    const char *inputs;
    const char *ints;    /* "attr=1,2;attr=3,4" lists */
    const char *scalars; /* "attr=1;attr=0.5f;attr=\"text" */
    const char *kind, *description;
} word_case;

/* clang-format off */
static const word_case word_cases[] = {
    {"Conv", "1,3,227,227", "w 96,3,11,11", "x,w", "strides=4,4", NULL,
     "convolution", "96 11x11x3 convolutions with stride [4 4] and padding [0 0 0 0]"},
    {"Conv", "1,96,27,27", "w 256,48,5,5", "x,w", "pads=2,2,2,2", "group=2",
     "grouped convolution", "2 groups of 128 5x5x48 convolutions with stride [1 1] and padding [2 2 2 2]"},
    {"Conv", "1,32,9,9", "w 32,1,3,3", "x,w", "pads=0,1,2,3;strides=2,1", "group=32",
     "grouped convolution", "32 groups of 1 3x3x1 convolutions with stride [2 1] and padding [0 2 1 3]"},
    {"Conv", "1,3,32,32", "w 8,3,3,3", "x,w", "dilations=2,3", NULL,
     "convolution", "8 3x3x3 convolutions with stride [1 1], dilation factor [2 3], and padding [0 0 0 0]"},
    {"Conv", "1,3,32", "w 8,3,5", "x,w", NULL, NULL,
     "convolution", "8 5x3 convolutions with stride [1] and padding [0 0]"},
    {"ConvTranspose", "1,16,8,8", "w 16,4,4,4", "x,w", "strides=2,2;pads=1,1,1,1", NULL,
     "transposed convolution", "4 4x4x16 transposed convolutions with stride [2 2] and cropping [1 1 1 1]"},
    {"Gemm", "1,10", "w 10,4096", "x,w", NULL, NULL, "fully connected", "4096 fully connected layer"},
    {"Gemm", "1,10", "w 7,10", "x,w", NULL, "transB=1", "fully connected", "7 fully connected layer"},
    {"MatMul", "1,4,10", "w 10,30", "x,w", NULL, NULL, "fully connected", "30 fully connected layer"},
    {"MatMul", "2,3,4,4", NULL, "x,x", NULL, NULL, "matrix product", "product of 1x3x4x4 and 1x3x4x4"},
    {"MaxPool", "1,3,8,8", NULL, "x", "kernel_shape=3,3;strides=2,2", NULL,
     "max pooling", "3x3 max pooling with stride [2 2] and padding [0 0 0 0]"},
    {"AveragePool", "1,3,8,8", NULL, "x", "kernel_shape=2,3;pads=0,1,0,1", NULL,
     "average pooling", "2x3 average pooling with stride [1 1] and padding [0 0 1 1]"},
    {"GlobalAveragePool", "1,3,8,8", NULL, "x", NULL, NULL,
     "global average pooling", "2-D global average pooling"},
    {"GlobalMaxPool", "1,3,8,8", NULL, "x", NULL, NULL, "global max pooling", "2-D global max pooling"},
    {"LRN", "1,8,4,4", NULL, "x", NULL, "size=5",
     "cross channel normalization", "cross channel normalization with 5 channels per element"},
    {"BatchNormalization", "1,64,4,4", "s 64;b 64;m 64;v 64", "x,s,b,m,v", NULL, "epsilon=1f",
     "batch normalization", "batch normalization with 64 channels"},
    {"InstanceNormalization", "1,6,4,4", "s 6;b 6", "x,s,b", NULL, NULL,
     "instance normalization", "instance normalization with 6 channels"},
    {"LayerNormalization", "1,5,12", "s 12;b 12", "x,s,b", NULL, NULL,
     "layer normalization", "layer normalization over 12 elements"},
    {"Softmax", "1,9", NULL, "x", NULL, NULL, "softmax", "softmax"},
    {"LogSoftmax", "1,9", NULL, "x", NULL, NULL, "log softmax", "log softmax"},
    {"Relu", "1,9", NULL, "x", NULL, NULL, "relu", "ReLU"},
    {"LeakyRelu", "1,9", NULL, "x", NULL, "alpha=0.1f", "leaky relu", "leaky ReLU with scale 0.1"},
    {"Elu", "1,9", NULL, "x", NULL, NULL, "elu", "ELU with alpha 1"},
    {"Celu", "1,9", NULL, "x", NULL, "alpha=2f", "celu", "CELU with alpha 2"},
    {"Sigmoid", "1,9", NULL, "x", NULL, NULL, "sigmoid", "sigmoid"},
    {"Tanh", "1,9", NULL, "x", NULL, NULL, "tanh", "hyperbolic tangent"},
    {"Softplus", "1,9", NULL, "x", NULL, NULL, "softplus", "softplus"},
    {"Softsign", "1,9", NULL, "x", NULL, NULL, "softsign", "softsign"},
    {"HardSwish", "1,9", NULL, "x", NULL, NULL, "hard swish", "hard swish"},
    {"HardSigmoid", "1,9", NULL, "x", NULL, "alpha=0.25f", "hard sigmoid",
     "hard sigmoid with slope 0.25 and offset 0.5"},
    {"ThresholdedRelu", "1,9", NULL, "x", NULL, NULL, "thresholded relu",
     "thresholded ReLU with threshold 1"},
    {"Mish", "1,9", NULL, "x", NULL, NULL, "mish", "mish"},
    {"Erf", "1,9", NULL, "x", NULL, NULL, "erf", "error function"},
    {"Exp", "1,9", NULL, "x", NULL, NULL, "exponential", "exponential"},
    {"Log", "1,9", NULL, "x", NULL, NULL, "logarithm", "natural logarithm"},
    {"Sqrt", "1,9", NULL, "x", NULL, NULL, "square root", "square root"},
    {"Abs", "1,9", NULL, "x", NULL, NULL, "absolute value", "absolute value"},
    {"Sin", "1,9", NULL, "x", NULL, NULL, "sine", "sine"},
    {"PRelu", "1,4,3,3", "s 4,1,1", "x,s", NULL, NULL, "prelu", "PReLU with 4 slopes"},
    {"Add", "1,9", NULL, "x,x", NULL, NULL, "addition", "element-wise addition of 2 inputs"},
    {"Mul", "1,4,3,3", "c 4,1,1", "x,c", NULL, NULL,
     "multiplication", "element-wise multiplication with a 4x1x1 constant"},
    {"Max", "1,9", NULL, "x,x", NULL, NULL, "maximum", "element-wise maximum of 2 inputs"},
    {"Concat", "1,2,3,3", NULL, "x,x,x,x", NULL, "axis=1",
     "depth concatenation", "depth concatenation of 4 inputs"},
    {"Concat", "1,2", NULL, "x,x", NULL, "axis=0",
     "concatenation", "concatenation of 2 inputs along axis 0"},
    {"Transpose", "1,2,3,4", NULL, "x", "perm=0,2,3,1", NULL,
     "transposition", "transposition with order [0 2 3 1]"},
    {"Flatten", "1,2,3,4", NULL, "x", NULL, NULL, "flatten", "reshape to 1x24"},
    {"ReduceMax", "1,2,3,4", NULL, "x", "axes=2,3", NULL, "maximum", "maximum over axes [2 3]"},
    {"Dropout", "1,9", NULL, "x", NULL, NULL, "dropout", "50% dropout"},
};
/* clang-format on */

static void add_weights(builder *b, const char *list) {
    char **each = g_strsplit(list, ";", -1);
    for (char **p = each; *p; p++) {
        char *space = strchr(*p, ' ');
        *space = 0;
        Onnx__TensorProto *t = builder_f32(b, *p, space + 1, NULL);
        float *v = (float *)(void *)t->raw_data.data;
        for (size_t i = 0; i < t->raw_data.len / 4; i++) v[i] = fabsf(v[i]); /* a variance, too */
    }
    g_strfreev(each);
}

static void add_attributes(builder *b, Onnx__NodeProto *n, const char *list, int lists) {
    char **each = g_strsplit(list, ";", -1);
    for (char **p = each; *p; p++) {
        char *v = strchr(*p, '=');
        *v++ = 0;
        if (lists)
            builder_ints(b, n, *p, v);
        else if (g_str_has_suffix(v, "f"))
            builder_float(b, n, *p, (float)g_ascii_strtod(v, NULL));
        else
            builder_int(b, n, *p, g_ascii_strtoll(v, NULL, 10));
    }
    g_strfreev(each);
}

static void describes_layers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof word_cases / sizeof *word_cases; i++) {
        const word_case *c = &word_cases[i];
        builder *b = builder_new(!strcmp(c->op, "ReduceMax") ? 12 : 18);
        builder_input(b, "x", FVI_F32, c->dims);
        if (c->weights) add_weights(b, c->weights);
        Onnx__NodeProto *n = builder_node(b, c->op, "node", c->inputs, "y");
        if (c->ints) add_attributes(b, n, c->ints, 1);
        if (c->scalars) add_attributes(b, n, c->scalars, 0);
        builder_output(b, "y");
        fvi_network *net = load(b);
        const fv_layer *l = layer(net, "node");
        if (strcmp(l->kind, c->kind) != 0 || strcmp(l->description, c->description) != 0)
            fail_msg("%s: %s: \"%s\", wanted %s: \"%s\"", c->op, l->kind, l->description, c->kind,
                     c->description);
        assert_string_equal(l->source_op, c->op);
        assert_string_equal(l->output, "y");
        done(net, b);
    }
}

/* Layers whose weights are integers in the file, also through a transposition, or whose input is
 * dequantised just before. */
static void says_what_is_quantised(void **state) {
    (void)state;
    static const char *const layers[] = {"conv", "product", "input", "plain"};
    const float scale = 0.5f;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,2,4,4");
    builder_f32(b, "s", "", &scale);
    builder_init(b, "z", FVI_I8, "", (const int8_t[]){0});
    builder_init(b, "wq", FVI_I8, "4,2,1,1", NULL);
    builder_init(b, "vq", FVI_I8, "3,4", NULL);
    builder_f32(b, "u", "2,4,1,1", NULL);
    builder_node(b, "DequantizeLinear", "w", "wq,s,z", "w");
    builder_node(b, "Conv", "conv", "x,w", "c");
    builder_node(b, "DequantizeLinear", "v", "vq,s,z", "v");
    builder_node(b, "Transpose", "turn", "v", "vt");
    builder_node(b, "MatMul", "product", "c,vt", "p");
    builder_node(b, "QuantizeLinear", "q", "c,s,z", "q");
    builder_node(b, "DequantizeLinear", "d", "q,s,z", "d");
    builder_node(b, "Conv", "input", "d,u", "i");
    builder_node(b, "Conv", "plain", "c,u", "o");
    for (int k = 0; k < 3; k++) builder_output(b, (const char *const[]){"p", "i", "o"}[k]);
    fvi_network *n = load(b);
    for (int k = 0; k < 4; k++) {
        const char *text = layer(n, layers[k])->description;
        if (g_str_has_suffix(text, ", quantised in the file") != (k < 3))
            fail_msg("%s: \"%s\"", layers[k], text);
    }
    done(n, b);
}

static void describes_clips_and_dropout(void **state) {
    (void)state;
    builder *b = builder_new(11);
    builder_input(b, "x", FVI_F32, "1,9");
    const float six = 6, zero = 0, one = 1, minus = -1;
    builder_init(b, "six", FVI_F32, "", &six);
    builder_init(b, "zero", FVI_F32, "", &zero);
    builder_init(b, "one", FVI_F32, "", &one);
    builder_init(b, "minus", FVI_F32, "", &minus);
    builder_node(b, "Clip", "a", "x,zero,six", "va");
    builder_node(b, "Clip", "b", "va,minus,one", "vb");
    builder_node(b, "Clip", "c", "vb,minus", "vc");
    Onnx__NodeProto *n = builder_node(b, "Dropout", "d", "vc", "vd");
    builder_float(b, n, "ratio", 0.4f);
    builder_output(b, "vd");
    fvi_network *net = load(b);
    assert_string_equal(layer(net, "a")->kind, "clipped relu");
    assert_string_equal(layer(net, "a")->description, "clipped ReLU with ceiling 6");
    assert_string_equal(layer(net, "b")->description, "clip to -1..1");
    assert_string_equal(layer(net, "c")->description, "clip from below at -1");
    assert_string_equal(layer(net, "d")->description, "40% dropout");
    done(net, b);
}

/* ---- costs and configuration ---------------------------------------------------------------- */

/* AlexNet's first layers (Krizhevsky's sizes), an inception-like fork, and a classifier. */
static builder *small_alexnet(void) {
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "N,3,227,227");
    builder_f32(b, "w1", "96,3,11,11", NULL);
    builder_f32(b, "b1", "96", NULL);
    builder_f32(b, "w2", "16,48,5,5", NULL);
    builder_f32(b, "w3", "8,16,1,1", NULL);
    builder_f32(b, "w4", "8,16,3,3", NULL);
    builder_f32(b, "w5", "8,16,5,5", NULL);
    builder_f32(b, "w6", "24,10", NULL);
    builder_ints(b, builder_node(b, "Conv", "net/conv1", "x,w1,b1", "c1"), "strides", "4,4");
    builder_node(b, "Relu", "net/relu1", "c1", "r1");
    builder_int(b, builder_node(b, "LRN", "net/norm1", "r1", "n1"), "size", 5);
    Onnx__NodeProto *n = builder_node(b, "MaxPool", "net/pool1", "n1", "p1");
    builder_ints(b, n, "kernel_shape", "3,3");
    builder_ints(b, n, "strides", "2,2");
    n = builder_node(b, "Conv", "net/conv2", "p1,w2", "c2");
    builder_ints(b, n, "pads", "2,2,2,2");
    builder_int(b, n, "group", 2);
    builder_node(b, "Conv", "in/a", "c2,w3", "a");
    builder_ints(b, builder_node(b, "Conv", "in/b", "c2,w4", "b"), "pads", "1,1,1,1");
    builder_ints(b, builder_node(b, "Conv", "in/c", "c2,w5", "c"), "pads", "2,2,2,2");
    builder_int(b, builder_node(b, "Concat", "in/output", "a,b,c", "cat"), "axis", 1);
    builder_node(b, "GlobalAveragePool", "gap", "cat", "g");
    builder_node(b, "Flatten", "flat", "g", "f");
    builder_node(b, "Gemm", "head/conv1", "f,w6", "logits");
    builder_output(b, "logits");
    return b;
}

static void counts_costs(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    const fv_layer *l = layer(n, "net/conv1");
    assert_int_equal(l->ndim, 4);
    assert_int_equal(l->dim[2], 55);
    assert_int_equal(l->parameters, 96 * (3 * 11 * 11 + 1));
    assert_int_equal(l->multiply_adds, 96 * 55 * 55 * 3 * 11 * 11);
    l = layer(n, "net/conv2");
    assert_int_equal(l->parameters, 16 * 48 * 25);
    assert_int_equal(l->multiply_adds, 16 * 27 * 27 * 48 * 25);
    l = layer(n, "head/conv1");
    assert_int_equal(l->parameters, 240);
    assert_int_equal(l->multiply_adds, 240);
    assert_int_equal(layer(n, "net/relu1")->parameters, 0);
    assert_int_equal(layer(n, "net/relu1")->multiply_adds, 0);
    done(n, b);
}

static const char *attr(const fv_layer *l, const char *key) {
    for (int i = 0; i < l->attr_count; i++) {
        JsonParser *p = json_parser_new(); /* every value is JSON */
        assert_true(json_parser_load_from_data(p, l->attrs[i].json, -1, NULL));
        g_object_unref(p);
    }
    for (int i = 0; i < l->attr_count; i++)
        if (!strcmp(l->attrs[i].key, key)) return l->attrs[i].json;
    fail_msg("%s has no %s", l->name, key);
    return NULL;
}

static void tells_configuration(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    const fv_layer *l = layer(n, "net/conv1");
    assert_string_equal(attr(l, "filters"), "96");
    assert_string_equal(attr(l, "kernel_size"), "[11, 11]");
    assert_string_equal(attr(l, "strides"), "[4, 4]");
    assert_string_equal(attr(l, "padding"), "[0, 0, 0, 0]");
    assert_string_equal(attr(l, "dilation_rate"), "[1, 1]");
    assert_string_equal(attr(l, "groups"), "1");
    assert_string_equal(attr(l, "activation"), "\"relu\"");
    assert_string_equal(attr(l, "use_bias"), "true");
    assert_string_equal(attr(l, "input_shape"), "[1, 3, 227, 227]");
    l = layer(n, "net/conv2");
    assert_string_equal(attr(l, "activation"), "\"linear\"");
    assert_string_equal(attr(l, "use_bias"), "false");
    assert_string_equal(attr(l, "groups"), "2");
    assert_string_equal(attr(layer(n, "net/norm1"), "beta"), "0.75");
    assert_string_equal(attr(layer(n, "net/norm1"), "alpha"), "0.0001");
    assert_string_equal(attr(layer(n, "net/pool1"), "pool_size"), "[3, 3]");
    assert_string_equal(attr(layer(n, "in/output"), "axis"), "1");
    assert_string_equal(attr(layer(n, "head/conv1"), "units"), "10");
    done(n, b);
}

/* An activation is the layer's own only where nobody else reads the value before it. */
static void activation_of_a_shared_value_is_linear(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,3,8,8");
    builder_f32(b, "w", "3,3,1,1", NULL);
    builder_node(b, "Conv", "first", "x,w", "a");
    builder_node(b, "Neg", "n", "a", "na");
    builder_node(b, "Sigmoid", "s", "a", "sa");
    builder_node(b, "Mul", "m", "na,sa", "ma");
    builder_node(b, "Conv", "second", "ma,w", "c");
    builder_node(b, "Relu", "r", "c", "rc");
    builder_output(b, "rc");
    builder_output(b, "c"); /* seen from outside, too */
    fvi_network *n = load(b);
    assert_string_equal(attr(layer(n, "m"), "input_shape"), "[[1, 3, 8, 8], [1, 3, 8, 8]]");
    assert_string_equal(attr(layer(n, "first"), "activation"), "\"linear\"");
    assert_string_equal(attr(layer(n, "second"), "activation"), "\"linear\"");
    done(n, b);
}

static void tells_weight_statistics(void **state) {
    (void)state;
    builder *b = builder_new(13);
    const float w[8] = {0, 0, 1, -3, 2, 0, 4, 4}, bias[2] = {-1, 3};
    builder_input(b, "x", FVI_F32, "1,4,2,2");
    builder_f32(b, "w", "2,4,1,1", w);
    builder_f32(b, "b", "2", bias);
    builder_node(b, "Conv", "conv", "x,w,b", "y");
    builder_node(b, "Relu", "relu", "y", "z");
    builder_output(b, "z");
    fvi_network *n = load(b);
    fv_weight_stats s;
    fv_error err;
    assert_int_equal(fvi_network_weight_stats(n, 0, &s, &err), FV_OK);
    assert_int_equal(s.count, 8);
    assert_int_equal(s.ndim, 4);
    assert_int_equal(s.dim[1], 4);
    assert_true(s.min == -3 && s.max == 4 && s.mean == 1 && s.zero_fraction == 0.375);
    assert_true(fabs(s.stddev - sqrt(38.0 / 8)) < 1e-12);
    assert_int_equal(s.bias_count, 2);
    assert_true(s.bias_min == -1 && s.bias_max == 3 && s.bias_mean == 1 && s.bias_stddev == 2);
    assert_int_equal(fvi_network_weight_stats(n, 1, &s, &err), FV_OK);
    assert_int_equal(s.count, 0);
    assert_int_equal(fvi_network_weight_stats(n, 2, &s, &err), FV_ARG);
    assert_int_equal(fvi_network_weight_stats(n, -1, &s, &err), FV_ARG);
    done(n, b);
}

/* ---- receptive fields ----------------------------------------------------------------------- */

static void expect_field(const fvi_network *n, const char *name, int64_t h, int64_t w) {
    const fv_layer *l = layer(n, name);
    if (l->receptive_field[0] != h || l->receptive_field[1] != w)
        fail_msg("%s sees %d x %d, wanted %d x %d", name, (int)l->receptive_field[0],
                 (int)l->receptive_field[1], (int)h, (int)w);
}

/* By hand: r += (k-1) j, j *= s.  conv1 11; pool1 11+2*4 = 19, j 8; conv2 19+4*8 = 51; 1x1 51;
 * 3x3 51+2*8 = 67; 5x5 51+4*8 = 83; their concatenation sees what the widest sees. */
static void knows_receptive_fields(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    expect_field(n, "net/conv1", 11, 11);
    expect_field(n, "net/norm1", 11, 11);
    expect_field(n, "net/pool1", 19, 19);
    expect_field(n, "net/conv2", 51, 51);
    expect_field(n, "in/a", 51, 51);
    expect_field(n, "in/b", 67, 67);
    expect_field(n, "in/c", 83, 83);
    expect_field(n, "in/output", 83, 83);
    expect_field(n, "gap", 227, 227);
    expect_field(n, "head/conv1", 227, 227);
    done(n, b);
}

static void follows_axes(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,40,48,3");
    builder_f32(b, "w", "6,3,3,5", NULL);
    builder_f32(b, "d", "6,1,3,3", NULL);
    builder_f32(b, "m", "6,9", NULL);
    builder_f32(b, "t", "9,4,2,2", NULL);
    builder_i64(b, "five", "1,2,3,36,44");
    builder_i64(b, "four", "1,6,36,44");
    builder_ints(b, builder_node(b, "Transpose", "nchw", "x", "x1"), "perm", "0,3,1,2");
    builder_node(b, "Conv", "conv", "x1,w", "x2"); /* 38 x 44 */
    Onnx__NodeProto *n = builder_node(b, "Conv", "dilated", "x2,d", "x3");
    builder_int(b, n, "group", 6);
    builder_ints(b, n, "dilations", "1,2");
    builder_ints(b, n, "pads", "0,2,0,2");                /* 36 x 44 */
    builder_node(b, "Reshape", "split", "x3,five", "x4"); /* ShuffleNet's shuffle */
    builder_ints(b, builder_node(b, "Transpose", "shuffle", "x4", "x5"), "perm", "0,2,1,3,4");
    builder_node(b, "Reshape", "join", "x5,four", "x6");
    builder_ints(b, builder_node(b, "Transpose", "nhwc", "x6", "x7"), "perm", "0,2,3,1");
    builder_node(b, "MatMul", "pointwise", "x7,m", "x8");
    builder_ints(b, builder_node(b, "Transpose", "back", "x8", "x9"), "perm", "0,3,1,2");
    n = builder_node(b, "ConvTranspose", "up", "x9,t", "x10");
    builder_ints(b, n, "strides", "2,2");
    builder_int(b, builder_node(b, "Softmax", "channels", "x10", "x11"), "axis", 1);
    builder_int(b, builder_node(b, "Softmax", "columns", "x11", "x12"), "axis", 3);
    builder_output(b, "x12");
    fvi_network *net = load(b);
    expect_field(net, "nchw", 1, 1);
    expect_field(net, "conv", 3, 5);
    expect_field(net, "dilated", 5, 9);
    expect_field(net, "shuffle", 5, 9);
    expect_field(net, "join", 5, 9);
    expect_field(net, "pointwise", 5, 9);
    expect_field(net, "up", 5, 9); /* 2x2 with stride 2: each output comes of one input */
    expect_field(net, "channels", 5, 9);
    expect_field(net, "columns", 5, 48);
    done(net, b);
}

/* Slices shifted against each other, joined by channels: YOLO's focus sees 2 x 2. */
static void follows_slices(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,3,16,16");
    builder_i64(b, "zero", "0");
    builder_i64(b, "one", "1");
    builder_i64(b, "end", "16");
    builder_i64(b, "axis2", "2");
    builder_i64(b, "two", "2");
    builder_f32(b, "w", "4,6,3,3", NULL);
    builder_node(b, "Slice", "even", "x,zero,end,axis2,two", "e");
    builder_node(b, "Slice", "odd", "x,one,end,axis2,two", "o");
    builder_int(b, builder_node(b, "Concat", "focus", "e,o", "f"), "axis", 1);
    builder_node(b, "Conv", "conv", "f,w", "y");
    builder_output(b, "y");
    fvi_network *n = load(b);
    expect_field(n, "even", 1, 1);
    expect_field(n, "focus", 2, 1);
    expect_field(n, "conv", 6, 3); /* 2 + 2*2 */
    done(n, b);
}

static void attention_sees_all(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,3,16,16");
    builder_f32(b, "w", "8,3,4,4", NULL);
    builder_i64(b, "tokens", "1,8,16");
    builder_f32(b, "m", "8,8", NULL);
    builder_ints(b, builder_node(b, "Conv", "patch", "x,w", "p"), "strides", "4,4");
    builder_node(b, "Reshape", "flat", "p,tokens", "q");
    builder_ints(b, builder_node(b, "Transpose", "t", "q", "tok"), "perm", "0,2,1");
    builder_node(b, "MatMul", "query", "tok,m", "qq");
    builder_ints(b, builder_node(b, "Transpose", "kt", "qq", "k"), "perm", "0,2,1");
    builder_node(b, "MatMul", "scores", "qq,k", "s");
    builder_output(b, "s");
    fvi_network *n = load(b);
    expect_field(n, "patch", 4, 4);
    expect_field(n, "query", 4, 4);
    expect_field(n, "scores", 16, 16);
    done(n, b);
}

/* ---- finding -------------------------------------------------------------------------------- */

static void finds_layers(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    const struct {
        const char *typed, *name;
    } good[] = {
        {"net/conv1", "net/conv1"}, {"c1", "net/conv1"},    {"#1", "net/relu1"},
        {"conv2", "net/conv2"},     {"pool1", "net/pool1"}, {"output", "in/output"},
        {"cat", "in/output"},       {"b", "in/b"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_string_equal(layer(n, good[i].typed)->name, good[i].name);
    const struct {
        const char *typed, *text;
    } bad[] = {
        {"conv1", "net: \"conv1\" fits 2 layers: \"net/conv1\" or \"head/conv1\""},
        {"net/conv3",
         "net: there is no layer \"net/conv3\"; did you mean \"net/conv1\", \"net/conv2\""},
        {"NET/POOL1", "did you mean \"net/pool1\""},
        {"#12", "net: layer #12 does not exist (#0..#11)"},
        {"#x", "does not exist"},
        {"zzzzzzzzzzzz", "there is no layer \"zzzzzzzzzzzz\""},
        {"", "there is no layer"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int index = -7;
        fv_error err;
        assert_int_equal(fvi_network_find_layer(n, bad[i].typed, &index, &err), FV_NOTFOUND);
        assert_int_equal(index, -7);
        if (!strstr(err.text, bad[i].text))
            fail_msg("\"%s\", wanted \"%s\"", err.text, bad[i].text);
    }
    int index;
    assert_int_equal(fvi_network_find_layer(n, NULL, &index, NULL), FV_ARG);
    assert_null(fvi_network_layer(n, -1));
    assert_null(fvi_network_layer(n, fvi_network_layer_count(n)));
    done(n, b);
}

static void finds_values(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    const struct {
        const char *typed, *value;
    } good[] = {
        {NULL, "logits"}, {"x", "x"},      {"c1", "c1"},         {"net/conv1", "c1"},
        {"#1", "r1"},     {"conv2", "c2"}, {"logits", "logits"}, {"in/output", "cat"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *value = NULL;
        fv_error err = {0};
        if (fvi_network_find_value(n, good[i].typed, &value, &err)) fail_msg("%s", err.text);
        assert_string_equal(value, good[i].value);
        fvi_graph *g = NULL;
        if (fvi_network_lower(n, NULL, 0, &value, 1, &g, &err)) fail_msg("%s", err.text);
        assert_string_equal(g->values[g->outputs[0]].name, value);
        fvi_graph_free(g);
    }
    const char *value = "untouched";
    fv_error err;
    assert_int_equal(fvi_network_find_value(n, "logitz", &value, &err), FV_NOTFOUND);
    assert_string_equal(value, "untouched");
    assert_non_null(strstr(err.text, "there is no layer \"logitz\"; did you mean \"logits\""));
    assert_int_equal(fvi_network_find_value(n, "w1", &value, &err), FV_NOTFOUND);
    assert_int_equal(fvi_network_find_value(n, "#99", &value, &err), FV_NOTFOUND);
    done(n, b);
}

/* ---- the network ---------------------------------------------------------------------------- */

static void lowers_at_batch(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    fvi_binding x = {"x", fvi_network_input_shape(n, 4, 131, 163), NULL, 0, {0}};
    fvi_graph *g = NULL;
    fv_error err;
    const char *wanted = "cat";
    if (fvi_network_lower(n, &x, 1, &wanted, 1, &g, &err)) fail_msg("%s", err.text);
    const fvi_shape *s = &g->values[g->outputs[0]].shape;
    assert_true(s->dim[0] == 4 && s->dim[1] == 24 && s->dim[2] == 15 && s->dim[3] == 19);
    fvi_graph_free(g);
    x.name = "nothing";
    assert_int_equal(fvi_network_lower(n, &x, 1, NULL, 0, &g, &err), FV_NOTFOUND);
    assert_non_null(strstr(err.text, "no input \"nothing\""));
    done(n, b);
}

/* A file with its batch written in, also in the target of a Reshape, runs at others. */
static void lifts_written_batch(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "2,3,4,4");
    builder_i64(b, "to", "2,-1");
    builder_f32(b, "w", "48,5", NULL);
    builder_node(b, "Reshape", "flat", "x,to", "f");
    builder_node(b, "MatMul", "fc", "f,w", "y");
    builder_output(b, "y");
    fvi_network *n = load(b);
    assert_int_equal(fvi_network_layer(n, 1)->dim[0], 1);
    const int64_t batches[] = {1, 2, 6};
    for (int i = 0; i < 3; i++) {
        fvi_binding x = {"x", fvi_network_input_shape(n, batches[i], 0, 0), NULL, 0, {0}};
        fvi_graph *g = NULL;
        fv_error err;
        if (fvi_network_lower(n, &x, 1, NULL, 0, &g, &err)) fail_msg("%s", err.text);
        const fvi_shape *s = &g->values[g->outputs[0]].shape;
        assert_true(s->dim[0] == batches[i] && s->dim[1] == 5);
        fvi_graph_free(g);
    }
    done(n, b);
}

static void knows_its_name_and_checksum(void **state) {
    (void)state;
    builder *b = small_alexnet();
    fvi_network *n = load(b);
    size_t size;
    uint8_t *bytes = builder_pack(b, &size);
    char *want = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);
    assert_string_equal(fvi_network_name(n), "net");
    assert_string_equal(fvi_network_sha256(n), want);
    assert_ptr_equal(fvi_network_sha256(n), fvi_network_sha256(n));
    g_free(want);
    done(n, b);
}

/* relu - Frobnicate - relu, and a second head of the first relu: all is listed, with shapes as far
 * as they are known or the file says them; what does not need the odd one is lowered to be run. */
static void lists_what_cannot_be_computed(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,4");
    builder_node(b, "Relu", "before", "x", "r");
    builder_node(b, "Frobnicate", "odd", "r", "y");
    builder_node(b, "Relu", "after", "y", "z");
    builder_node(b, "Sigmoid", "head", "r", "s");
    builder_output(b, "z");
    builder_output(b, "s");
    fvi_network *n = load(b);
    const fvi_graph *g = fvi_network_graph(n);
    assert_int_equal(g->n_nodes, 4);
    assert_string_equal(fvi_network_layer(n, 1)->name, "odd");
    assert_string_equal(fvi_network_layer(n, 1)->kind, "unknown: Frobnicate");
    assert_int_equal(fvi_network_layer(n, 1)->ndim, -1);
    assert_string_equal(fvi_network_layer(n, 2)->kind, "not computed: Relu");
    assert_string_equal(fvi_network_layer(n, 3)->kind, "sigmoid");
    fvi_graph *part = NULL;
    fv_error err;
    const char *z = "z", *s = "s";
    assert_int_equal(fvi_network_lower(n, NULL, 0, &s, 1, &part, &err), FV_OK);
    fvi_graph_free(part);
    assert_int_equal(fvi_network_lower(n, NULL, 0, &z, 1, &part, &err), FV_UNSUPPORTED);
    assert_non_null(strstr(err.text, "\"Frobnicate\" (node \"odd\", opset 13)"));
    assert_non_null(strstr(err.text, "the last layer before it is \"before\""));
    done(n, b);
}

/* What a branch that is given up read of the graph around it is still there for others. */
static void a_branch_given_up_leaves_nothing_behind(void **state) {
    (void)state;
    static const uint8_t yes = 1;
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "1,4");
    builder_init(b, "yes", FVI_BOOL, "", &yes);
    builder_f32(b, "w", "4", NULL);
    Onnx__NodeProto *n = builder_node(b, "If", "branch", "yes", "y");
    Onnx__GraphProto *g = builder_graph_new(b);
    builder_node_append(b, g, builder_node_new(b, "Mul", "", "x,w", "a"));
    builder_node_append(b, g, builder_node_new(b, "Frobnicate", "", "a", "t"));
    builder_graph_output(b, g, "t");
    builder_graph_attr(b, n, "then_branch", g);
    builder_graph_attr(b, n, "else_branch", g);
    builder_node(b, "Add", "sum", "x,w", "z");
    builder_output(b, "y");
    builder_output(b, "z");
    fvi_network *net = load(b);
    const fvi_graph *graph = fvi_network_graph(net);
    assert_int_equal(graph->n_nodes, 2);
    assert_string_equal(fvi_network_layer(net, 0)->kind, "not computed: If");
    assert_string_equal(fvi_network_layer(net, 1)->kind, "addition");
    const fvi_node *sum = &graph->nodes[1];
    assert_string_equal(graph->values[sum->in[1]].name, "w");
    assert_non_null(graph->values[sum->in[1]].constant);
    done(net, b);
}

/* The shape that the file states for the odd one's result is used behind it. */
static void uses_stated_shapes(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1,4");
    builder_node(b, "Frobnicate", "odd", "x", "y");
    builder_node(b, "Relu", "after", "y", "z");
    builder_shaped_output(b, "y", "1,6");
    builder_output(b, "z");
    fvi_network *n = load(b);
    assert_int_equal(fvi_network_layer(n, 0)->dim[1], 6);
    assert_string_equal(fvi_network_layer(n, 1)->kind, "relu");
    assert_int_equal(fvi_network_layer(n, 1)->dim[1], 6);
    done(n, b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_layers),
        cmocka_unit_test(says_what_is_quantised),
        cmocka_unit_test(describes_clips_and_dropout),
        cmocka_unit_test(counts_costs),
        cmocka_unit_test(tells_configuration),
        cmocka_unit_test(activation_of_a_shared_value_is_linear),
        cmocka_unit_test(tells_weight_statistics),
        cmocka_unit_test(knows_receptive_fields),
        cmocka_unit_test(follows_axes),
        cmocka_unit_test(follows_slices),
        cmocka_unit_test(attention_sees_all),
        cmocka_unit_test(finds_layers),
        cmocka_unit_test(finds_values),
        cmocka_unit_test(lowers_at_batch),
        cmocka_unit_test(lifts_written_batch),
        cmocka_unit_test(knows_its_name_and_checksum),
        cmocka_unit_test(lists_what_cannot_be_computed),
        cmocka_unit_test(uses_stated_shapes),
        cmocka_unit_test(a_branch_given_up_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
