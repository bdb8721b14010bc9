/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering: which nodes come out, with which shapes and names; what is refused, in which words; and
 * that constants keep their addresses. Sizes of windows were checked with onnx 1.23.2's reference
 * implementation. */
#include "graph/const.h"
#include "support/lower_help.h"

#include <stdlib.h>

/* ---- one operator ---------------------------------------------------------------------------- */

/* A model x -> op -> y, where attrs is "name=1,2;name=3" (lists of integers; "name:3" one integer,
 * "name~1.5" one float, "name!text" a text), ready to be lowered. */
static trial one_op(int opset, const char *op, const char *dims, const char *inputs,
                    const char *attrs) {
    trial t = trial_new(opset);
    builder_input(t.b, "x", FVI_F32, dims);
    Onnx__NodeProto *n = builder_node(t.b, op, "node", inputs, "y");
    char *text = fvi_pool_strdup(builder_pool(t.b), attrs), *rest = NULL;
    for (char *a = strtok_r(text, ";", &rest); a; a = strtok_r(NULL, ";", &rest)) {
        char *sign = strpbrk(a, "=:~!"), kind = *sign;
        *sign = 0;
        if (kind == '=') builder_ints(t.b, n, a, sign + 1);
        if (kind == ':') builder_int(t.b, n, a, atoll(sign + 1));
        if (kind == '~') builder_float(t.b, n, a, (float)atof(sign + 1));
        if (kind == '!') builder_string(t.b, n, a, sign + 1);
    }
    builder_output(t.b, "y");
    return t;
}

typedef struct shape_case {
    int opset;
    const char *op, *dims, *attrs, *out;
} shape_case;

/* clang-format off */
static const shape_case shape_cases[] = {
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;strides=2,2", "1x2x3x3"},
    {12, "MaxPool", "1,2,8,8", "kernel_shape=3,3;strides=2,2;ceil_mode:1", "1x2x4x4"},
    {12, "MaxPool", "1,1,2,2", "kernel_shape=1,1;strides=2,2;ceil_mode:1", "1x1x1x1"},
    {12, "MaxPool", "1,2,5,6", "kernel_shape=3,3;strides=2,2;pads=1,0,1,1", "1x2x3x3"},
    {12, "MaxPool", "1,2,9,9", "kernel_shape=3,3;dilations=2,2", "1x2x5x5"},
    {12, "MaxPool", "1,2,9", "kernel_shape=3;strides=3", "1x2x3"},
    {12, "AveragePool", "1,2,7,7", "kernel_shape=3,3;strides=2,2;auto_pad!SAME_UPPER", "1x2x4x4"},
    {12, "AveragePool", "1,2,7,7", "kernel_shape=3,3;strides=2,2;auto_pad!VALID", "1x2x3x3"},
    {12, "GlobalAveragePool", "2,3,5,4", "", "2x3x1x1"},
    {12, "Flatten", "2,3,5,4", "axis:2", "6x20"},
    {12, "Flatten", "2,3,5,4", "axis:0", "1x120"},
    {12, "Squeeze", "2,1,5,1", "", "2x5"},
    {12, "Squeeze", "2,1,5,1", "axes=-1", "2x1x5"},
    {12, "Unsqueeze", "2,5", "axes=0,3", "1x2x5x1"},
    {12, "Transpose", "2,3,4", "", "4x3x2"},
    {12, "Transpose", "2,3,4", "perm=1,0,2", "3x2x4"},
    {12, "ReduceMean", "2,3,4,5", "axes=2,3", "2x3x1x1"},
    {12, "ReduceMean", "2,3,4,5", "axes=2,3;keepdims:0", "2x3"},
    {12, "ReduceMax", "2,3,4,5", "axes=-1;keepdims:0", "2x3x4"},
    {12, "ReduceL2", "2,3", "", "1x1"},
    {12, "DepthToSpace", "1,8,2,3", "blocksize:2", "1x2x4x6"},
    {12, "SpaceToDepth", "1,2,4,6", "blocksize:2", "1x8x2x3"},
    {28, "SpaceToDepth", "1,2,4,6", "blocksize:2;mode!CRD", "1x8x2x3"},
    {12, "Softmax", "2,3,4", "", "2x3x4"},
    {9,  "Slice", "4,6", "starts=1,-3;ends=3,9999", "2x3"},
    {10, "Pad", "1,1,3,3", "pads=0,0,1,2,0,0,3,-1", "1x1x7x4"},
    {12, "LpNormalization", "2,3", "axis:1;p:1", "2x3"},
};
/* clang-format on */

static void shapes_come_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shape_cases / sizeof *shape_cases; i++) {
        const shape_case *c = &shape_cases[i];
        trial t = one_op(c->opset, c->op, c->dims, "x", c->attrs);
        if (trial_lower(&t, NULL, NULL)) fail_msg("%s: %s", c->op, t.err.text);
        assert_shape(&t, "y", c->out);
        assert_sound(t.graph);
        trial_free(&t);
    }
}

/* What hostile attributes are refused with: the node, the value found, what is allowed. */
/* clang-format off */
typedef struct refusal {
    int opset;
    const char *op, *dims, *attrs;
    fv_status status;
    const char *text;
} refusal;

static const refusal refusals[] = {
    {12, "MaxPool", "1,2,7,7", "kernel_shape=0,3",
     FV_SHAPE, "MaxPool \"node\": kernel_shape is 0; allowed: 1..16777216"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3",
     FV_FORMAT, "kernel_shape has 1 numbers; 2 are needed"},
    {12, "MaxPool", "1,2,7,7", "strides=1,1", FV_FORMAT, "kernel_shape is missing"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;strides=0,1", FV_SHAPE, "strides is 0"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;strides=1,-2", FV_SHAPE, "strides is -2"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;dilations=0,1", FV_SHAPE, "dilations is 0"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;pads=0,0,-1,0", FV_SHAPE, "pads is -1"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;pads=0,0,9223372036854775807,0",
     FV_SHAPE, "pads is 9223372036854775807"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=9,3", FV_SHAPE, "a window of 9 does not fit into 7"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=3,3;auto_pad!SOME",
     FV_FORMAT, "auto_pad is none of NOTSET"},
    {12, "MaxPool", "1,2,7,7", "kernel_shape=1,1;pads=16777216,16777216,16777216,16777216",
     FV_SHAPE, "elements"},
    {12, "MaxPool", "1,2", "kernel_shape=1", FV_SHAPE, "its input is 1x2"},
    {12, "Flatten", "1,2,3", "axis:5", FV_SHAPE, "axis 5 does not exist in 3 dimensions"},
    {12, "Transpose", "1,2,3", "perm=0,1,1", FV_FORMAT, "perm is not a permutation"},
    {12, "Transpose", "1,2,3", "perm=0,1", FV_SHAPE, "perm has 2 axes"},
    {12, "Squeeze", "1,2,3", "axes=1", FV_SHAPE, "axis 1 has 2 elements"},
    {12, "Softmax", "1,2,3", "axis:-4", FV_SHAPE, "axis -4"},
    {12, "DepthToSpace", "1,6,2,2", "blocksize:2", FV_SHAPE, "6 channels, blocks of 2"},
    {12, "DepthToSpace", "1,6,2,2", "blocksize:0", FV_SHAPE, "blocksize is 0"},
    {10, "Pad", "1,3", "pads=0,0,0", FV_FORMAT, "3 pads for 2 axes"},
    {10, "Pad", "1,3", "pads=0,-2,0,-2", FV_SHAPE, "axis 1 of 3 is padded by -2 and -2"},
    {10, "Pad", "1,3", "pads=0,3,0,0;mode!reflect", FV_SHAPE, "cannot be padded by 3"},
    {28, "SwiGLU", "1,3", "", FV_FORMAT, "input 1 is missing"},
    {12, "LRN", "1,3,2,2", "size:0", FV_SHAPE, "size is 0"},
    {12, "LSTM", "1,3,2", "", FV_FORMAT, "input 1 is missing"},
    {12, "LpPool", "1,2,7,7", "kernel_shape=3,3;p:0", FV_FORMAT, "p is 0; at least 1 is allowed"},
    {22, "LpPool", "1,2,7,7", "kernel_shape=3,3;ceil_mode:1", FV_UNSUPPORTED, "ceil_mode"},
    {26, "BitCast", "1,4", "to:2", FV_UNSUPPORTED, "BitCast \"node\""},
    {26, "CumProd", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {24, "TensorScatter", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {10, "ReverseSequence", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {18, "CenterCropPad", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {22, "DeformConv", "1,4,3,3", "", FV_FORMAT, "input 2 is missing"},
    {12, "Det", "1,5,5", "", FV_UNSUPPORTED, "allowed: matrices of 1x1 to 4x4"},
    {12, "BitShift", "1,4", "", FV_UNSUPPORTED, "allowed: whole numbers"},
    {18, "BitwiseNot", "1,4", "", FV_UNSUPPORTED, "allowed: whole numbers"},
    {12, "SoftmaxCrossEntropyLoss", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {12, "NegativeLogLikelihoodLoss", "1,4", "", FV_FORMAT, "input 1 is missing"},
    {16, "RoiAlign", "1,3,4,4", "", FV_FORMAT, "input 1 is missing"},
    {16, "MaxRoiPool", "1,3,4,4", "pooled_shape:2,2", FV_FORMAT, "input 1 is missing"},
    {16, "MaxUnpool", "1,3,4,4", "", FV_FORMAT, "input 1 is missing"},
    {18, "Col2Im", "1,4,4", "", FV_FORMAT, "input 1 is missing"},
    {15, "Bernoulli", "1,3,3", "",
     FV_UNSUPPORTED, "operator \"Bernoulli\" (node \"node\", opset 15) is not supported"},
    {12, "GroupNormalization", "1,4,2", "",
     FV_UNSUPPORTED, "operator \"GroupNormalization\" (node \"node\", opset 12)"},
    {12, "LRN", "1,3,2,2", "size~5",
     FV_UNSUPPORTED, "attribute \"size\" is of type float; allowed: int"},
    {7, "ImageScaler", "1,3,2,2", "bias=1,2,3", FV_UNSUPPORTED, "operator \"ImageScaler\""},
    {12, "Cast", "1,4", "to:8", FV_UNSUPPORTED, "casts to type 8"},
};
/* clang-format on */

static void hostile_attributes_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const refusal *r = &refusals[i];
        trial t = one_op(r->opset, r->op, r->dims, "x", r->attrs);
        fv_status st = trial_lower(&t, NULL, NULL);
        if (st != r->status || !strstr(t.err.text, r->text))
            fail_msg("%s %s: status %d \"%s\"", r->op, r->attrs, st, t.err.text);
        assert_null(t.graph);
        trial_free(&t);
    }
}

/* What operators whose other inputs are constant integers are refused with. */
static void hostile_indices_are_refused(void **state) {
    (void)state;
    static const struct {
        int opset;
        const char *op, *inputs, *indices, *attrs, *text;
    } cases[] = {
        {24, "TensorScatter", "x,u,i", "4", "", "write_indices has 4; 0..3 is allowed"},
        {24, "TensorScatter", "x,u,i", "-1", "mode!circular", "write_indices has -1; 0..4"},
        {24, "TensorScatter", "x,u,i", "1,1", "", "write_indices has 2 numbers; 1 are needed"},
        {24, "TensorScatter", "x,u,i", "1", "axis:0", "along axis 0"},
        {24, "TensorScatter", "u,x,i", "0", "", "its cache is 1x2x3 and its update 1x5x3"},
        {10, "ReverseSequence", "x,i", "6", "time_axis:1;batch_axis:0", "has 6; 0..5 is"},
        {10, "ReverseSequence", "x,i", "1,2", "time_axis:1;batch_axis:0", "it has 2 lengths for 1"},
        {10, "ReverseSequence", "x,i", "1", "time_axis:1;batch_axis:1", "its batch axis 1"},
        {18, "CenterCropPad", "x,i", "1,2", "", "it has 2 sizes for 3 axes"},
        {18, "CenterCropPad", "x,i", "1,-2,3", "", "the size of axis 1 is -2"},
        {18, "CenterCropPad", "x,i", "9", "axes=5", "axis 5"},
        {26, "CumProd", "x,i", "3", "", "axis 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t = one_op(cases[i].opset, cases[i].op, "1,5,3", cases[i].inputs, cases[i].attrs);
        builder_f32(t.b, "u", "1,2,3", NULL);
        builder_i64(t.b, "i", cases[i].indices);
        if (!trial_lower(&t, NULL, NULL) || !strstr(t.err.text, cases[i].text))
            fail_msg("%s %s: \"%s\"", cases[i].op, cases[i].indices, t.err.text);
        trial_free(&t);
    }
}

static void resize_scales_are_checked(void **state) {
    (void)state;
    static const float scales[][4] = {
        {1, 1, 0, 1}, {1, 1, -2, 1}, {1, 1, 1e30f, 1}, {1, 1, 0.0f / 0.0f, 1}};
    for (size_t i = 0; i < 4; i++) {
        trial t = one_op(13, "Resize", "1,1,4,4", "x,,s", "mode!linear");
        builder_f32(t.b, "s", "4", scales[i]);
        assert_int_equal(trial_lower(&t, NULL, NULL), FV_SHAPE);
        assert_non_null(strstr(t.err.text, "the scale of axis 2 is"));
        trial_free(&t);
    }
}

/* Taps of a doubling: half_pixel linear puts 3/4 and 1/4, clamped at the edges. */
static void resize_has_weights(void **state) {
    (void)state;
    static const float twice[] = {1, 1, 1, 2};
    trial t = one_op(13, "Resize", "1,1,3,2", "x,,s", "mode!linear");
    builder_f32(t.b, "s", "4", twice);
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    assert_shape(&t, "y", "1x1x3x4");
    const fvi_resize_kernel *axis = trial_node(&t, "y")->a.resize.axis;
    assert_int_equal(axis[2].entries, 0);
    assert_int_equal(axis[3].entries, 2);
    static const int32_t index[] = {0, 0, 0, 1, 0, 1, 1, 1};
    static const float weight[] = {0.25f, 0.75f, 0.75f, 0.25f, 0.25f, 0.75f, 0.75f, 0.25f};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(axis[3].index[i], index[i]);
        assert_float_equal(axis[3].weight[i], weight[i], 1e-6);
    }
    trial_free(&t);
}

/* At run time they are ordinary nodes, which gradients go through; nothing is computed before. */
static void sums_and_scatters_keep_gradients(void **state) {
    (void)state;
    static const float axis[] = {1}, at[] = {1, 0, 1}, twice[] = {1, 2, 3};
    trial t = one_op(18, "CumSum", "2,3", "x,axis", "");
    builder_f32(t.b, "axis", "1", axis);
    if (trial_lower(&t, NULL, NULL)) fail_msg("%s", t.err.text);
    assert_shape(&t, "y", "2x3");
    assert_sound(t.graph);
    trial_free(&t);
    t = one_op(18, "ScatterElements", "4", "x,at,u", "reduction!add");
    builder_f32(t.b, "at", "3", at);
    builder_f32(t.b, "u", "3", twice);
    if (trial_lower(&t, NULL, NULL)) fail_msg("%s", t.err.text);
    assert_shape(&t, "y", "4");
    assert_sound(t.graph);
    trial_free(&t);
    t = one_op(18, "ScatterElements", "4", "x,at,u", "");
    builder_f32(t.b, "at", "3", (const float[]){1, 4, 1});
    builder_f32(t.b, "u", "3", twice);
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_SHAPE);
    assert_non_null(strstr(t.err.text, "\"at\" has index 4; allowed: -4 to 3"));
    trial_free(&t);
}

/* ---- whole graphs ---------------------------------------------------------------------------- */

/* conv - relu - pool - flatten - gemm - softmax for 8x8 pictures, with a bias that is folded. */
static trial small_net(void) {
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "w", "4,3,3,3", NULL);
    builder_f32(b, "v", "5,64", NULL);
    builder_f32(b, "c", "1,5", NULL);
    builder_ints(b, builder_node(b, "Conv", "conv", "x,w", "y"), "pads", "1,1,1,1");
    builder_node(b, "Relu", "", "y", "z");
    Onnx__NodeProto *n = builder_node(b, "MaxPool", "pool", "z", "p");
    builder_ints(b, n, "kernel_shape", "2,2");
    builder_ints(b, n, "strides", "2,2");
    builder_node(b, "Flatten", "pool", "p", "f"); /* a second node of that name */
    builder_node(b, "Transpose", "turn", "v", "vt");
    n = builder_node(b, "Gemm", "fc", "f,vt,c", "out");
    builder_float(b, n, "beta", 0.5f); /* so that its bias is a number of our making */
    builder_node(b, "Softmax", "", "out", "prob");
    builder_output(b, "prob");
    return t;
}

static void a_network_is_lowered(void **state) {
    (void)state;
    trial t = small_net();
    if (trial_lower(&t, NULL, &(fvi_shape){4, {2, 3, 8, 8}})) fail_msg("%s", t.err.text);
    assert_sound(t.graph);
    assert_int_equal(t.graph->n_nodes, 6);
    assert_shape(&t, "y", "2x4x8x8");
    assert_shape(&t, "out", "2x5");
    assert_string_equal(trial_node(&t, "y")->name, "conv");
    assert_string_equal(trial_node(&t, "z")->name, "z"); /* unnamed: its value's name */
    assert_string_equal(trial_node(&t, "p")->name, "pool");
    assert_string_equal(trial_node(&t, "f")->name, "f"); /* its own name was taken */
    const fvi_node *fc = trial_node(&t, "out");
    assert_string_equal(fc->source_op, "Gemm");
    assert_int_equal(fc->n_in, 3); /* a [1,5] constant is a bias */
    assert_int_equal(t.graph->values[fc->in[2]].shape.ndim, 1);
    assert_int_equal(t.graph->n_inputs, 1);
    assert_string_equal(t.graph->values[t.graph->inputs[0]].name, "x");
    trial_free(&t);
}

static void only_ancestors_are_lowered(void **state) {
    (void)state;
    trial t = small_net();
    const fvi_shape large = {4, {1, 3, 32, 32}};
    assert_int_equal(trial_lower(&t, "z", &large), FV_OK);
    assert_int_equal(t.graph->n_nodes, 2);
    assert_shape(&t, "z", "1x4x32x32");
    assert_int_equal(trial_lower(&t, NULL, &large), FV_SHAPE); /* the classifier does not fit */
    assert_non_null(strstr(t.err.text, "Gemm \"fc\": 1x1024 and 64x5 cannot be multiplied"));
    trial_free(&t);
}

static void inputs_and_constants_can_be_asked_for(void **state) {
    (void)state;
    trial t = small_net();
    assert_int_equal(trial_lower(&t, "x", NULL), FV_OK);
    assert_int_equal(t.graph->outputs[0], t.graph->inputs[0]);
    assert_int_equal(trial_lower(&t, "vt", NULL), FV_OK); /* folded */
    assert_int_equal(t.graph->n_nodes, 0);
    assert_non_null(trial_value(&t, "vt")->constant);
    assert_shape(&t, "vt", "64x5");
    assert_int_equal(trial_lower(&t, "w", NULL), FV_OK);
    assert_int_equal(trial_lower(&t, "nowhere", NULL), FV_NOTFOUND);
    assert_non_null(strstr(t.err.text, "nowhere"));
    trial_free(&t);
}

static void constants_keep_their_addresses(void **state) {
    (void)state;
    trial t = small_net();
    assert_int_equal(trial_lower(&t, NULL, &(fvi_shape){4, {1, 3, 8, 8}}), FV_OK);
    const fvi_node *fc = trial_node(&t, "out");
    const uint8_t *weight = t.graph->values[fc->in[1]].constant->bytes;
    const uint8_t *bias = t.graph->values[fc->in[2]].constant->bytes;
    const uint8_t *w = trial_value(&t, "w")->constant->bytes;
    fvi_graph *first = t.graph; /* kept, so that its memory cannot be taken again by chance */
    t.graph = NULL;
    assert_int_equal(trial_lower(&t, NULL, &(fvi_shape){4, {3, 3, 8, 8}}), FV_OK);
    fc = trial_node(&t, "out");
    assert_ptr_equal(t.graph->values[fc->in[1]].constant->bytes, weight);
    assert_ptr_equal(t.graph->values[fc->in[2]].constant->bytes, bias);
    assert_ptr_equal(trial_value(&t, "w")->constant->bytes, w);
    fvi_graph_free(first);
    trial_free(&t);
}

/* Names we invent can be asked for: those of a node's inner steps. */
static void invented_names_are_found_again(void **state) {
    (void)state;
    trial t = one_op(12, "Softmax", "2,3,4,5", "x", "axis:1");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    assert_int_equal(t.graph->n_nodes, 3); /* flatten, softmax, back */
    assert_string_equal(trial_node(&t, "y")->name, "node");
    assert_string_equal(trial_node(&t, "node/softmax")->name, "node/softmax");
    assert_int_equal(trial_lower(&t, "node/softmax", NULL), FV_OK);
    assert_int_equal(t.graph->n_nodes, 2);
    assert_shape(&t, "node/softmax", "2x60");
    trial_free(&t);
}

/* Two nodes of one name, each of several steps. */
static void invented_names_differ(void **state) {
    (void)state;
    trial t = trial_new(12);
    builder_input(t.b, "x", FVI_F32, "2,3,4");
    builder_node(t.b, "Softmax", "s", "x", "y");
    builder_node(t.b, "Softmax", "s", "y", "z");
    builder_node(t.b, "Softmax", "s", "z", "s/softmax"); /* the file's names come first */
    builder_output(t.b, "s/softmax");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    assert_int_equal(t.graph->n_nodes, 9);
    assert_sound(t.graph);
    assert_shape(&t, "s/softmax", "2x3x4");
    trial_free(&t);
}

static void batch_norm_is_scale_and_shift(void **state) {
    (void)state;
    static const float gamma[] = {2, 3}, beta[] = {1, -1}, mean[] = {4, 5}, variance[] = {3, 8};
    trial t = one_op(9, "BatchNormalization", "1,2,4", "x,g,b,m,v", "epsilon~1");
    builder_f32(t.b, "g", "2", gamma);
    builder_f32(t.b, "b", "2", beta);
    builder_f32(t.b, "m", "2", mean);
    builder_f32(t.b, "v", "2", variance);
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    const fvi_node *n = trial_node(&t, "y");
    const fvi_const *scale = t.graph->values[n->in[1]].constant;
    const fvi_const *shift = t.graph->values[n->in[2]].constant;
    static const double scales[] = {1, 1}, shifts[] = {-3, -6};
    for (int c = 0; c < 2; c++) {
        assert_float_equal(fvi_const_at(scale, c), scales[c], 1e-6);
        assert_float_equal(fvi_const_at(shift, c), shifts[c], 1e-6);
    }
    trial_free(&t);
}

static void weights_must_be_constants(void **state) {
    (void)state;
    trial t = one_op(13, "Conv", "1,2,4,4", "x,k", "");
    builder_input(t.b, "k", FVI_F32, "3,2,1,1");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_UNSUPPORTED);
    assert_string_equal(t.err.text,
                        "Conv \"node\": its weights, \"k\", must be a constant; it depends on the "
                        "input's numbers, which only `run` and `gradient` go by: explain a layer "
                        "before it, or name another output (--output-name)");
    trial_free(&t);
}

/* if (Size(x) == 8) x+c else x*c: the branch reads names of the graph around it. */
static void a_condition_that_is_known_picks_a_branch(void **state) {
    (void)state;
    static const int64_t eight = 8;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,8");
    builder_f32(b, "c", "8", NULL);
    builder_init(b, "eight", FVI_I64, "", &eight);
    builder_node(b, "Size", "size", "x", "n");
    builder_node(b, "Equal", "same", "n,eight", "is");
    Onnx__GraphProto *branch[2];
    for (int i = 0; i < 2; i++) {
        branch[i] = builder_graph_new(b);
        builder_node_append(b, branch[i],
                            builder_node_new(b, i ? "Mul" : "Add", i ? "mul" : "add", "x,c", "r"));
        builder_graph_output(b, branch[i], "r");
    }
    Onnx__NodeProto *n = builder_node(b, "If", "if", "is", "y");
    builder_graph_attr(b, n, "then_branch", branch[0]);
    builder_graph_attr(b, n, "else_branch", branch[1]);
    builder_output(b, "y");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    assert_sound(t.graph);
    assert_int_equal(trial_node(&t, "r")->a.binary.f, FVI_ADD);
    assert_int_equal(trial_lower(&t, NULL, &(fvi_shape){2, {2, 8}}), FV_OK);
    assert_int_equal(trial_node(&t, "r")->a.binary.f, FVI_MUL);
    trial_free(&t);
}

static void outputs_that_are_not_made_are_refused(void **state) {
    (void)state;
    trial t = trial_new(12);
    builder_input(t.b, "x", FVI_F32, "1,1,4,4");
    builder_ints(t.b, builder_node(t.b, "MaxPool", "pool", "x", "y,where"), "kernel_shape", "2,2");
    builder_output(t.b, "where");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_UNSUPPORTED);
    assert_non_null(strstr(t.err.text, "\"pool\": its output \"where\" is not computed here"));
    assert_int_equal(trial_lower(&t, "y", NULL), FV_OK);
    trial_free(&t);
}

/* ONNX Runtime's most eager optimisation reorders weights for one processor: what helps is said. */
static void files_for_one_processor_are_refused(void **state) {
    (void)state;
    trial t = trial_new(12);
    builder_input(t.b, "x", FVI_F32, "1,8,4,4");
    builder_node(t.b, "MaxPool", "pool", "x", "y")->domain = (char *)"com.microsoft.nchwc";
    builder_output(t.b, "y");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_UNSUPPORTED);
    assert_non_null(strstr(t.err.text, "operator \"com.microsoft.nchwc.MaxPool\" (node \"pool\""));
    assert_non_null(strstr(t.err.text, "save with ORT_ENABLE_EXTENDED, not ORT_ENABLE_ALL"));
    trial_free(&t);
}

/* Words that are looked up: at run time, or bound to numbers. */
static void integer_inputs_are_whole_numbers(void **state) {
    (void)state;
    static const int64_t two = 2;
    trial t = trial_new(13);
    builder_input(t.b, "x", FVI_F32, "4,3");
    builder_input(t.b, "i", FVI_I64, "1");
    builder_node(t.b, "Gather", "pick", "x,i", "y");
    builder_output(t.b, "y");
    assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
    assert_shape(&t, "y", "1x3");
    assert_int_equal(t.graph->n_inputs, 2);
    fvi_graph_free(t.graph);
    t.graph = NULL;
    const fvi_const index = {FVI_I64, {1, {1}}, (const uint8_t *)&two, 0};
    const fvi_binding bound = {"i", {1, {1}}, &index, 0, {0}};
    const fvi_graph_request request = {&bound, 1, NULL, 0, 0, NULL};
    assert_int_equal(fvi_model_file_lower(&t.onnx->file, t.cache, &request, &t.graph, &t.err),
                     FV_OK);
    assert_shape(&t, "y", "1x3");
    assert_int_equal(t.graph->n_inputs, 1);
    trial_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_come_out),
        cmocka_unit_test(hostile_attributes_are_refused),
        cmocka_unit_test(hostile_indices_are_refused),
        cmocka_unit_test(resize_scales_are_checked),
        cmocka_unit_test(resize_has_weights),
        cmocka_unit_test(sums_and_scatters_keep_gradients),
        cmocka_unit_test(a_network_is_lowered),
        cmocka_unit_test(only_ancestors_are_lowered),
        cmocka_unit_test(inputs_and_constants_can_be_asked_for),
        cmocka_unit_test(constants_keep_their_addresses),
        cmocka_unit_test(invented_names_are_found_again),
        cmocka_unit_test(invented_names_differ),
        cmocka_unit_test(batch_norm_is_scale_and_shift),
        cmocka_unit_test(weights_must_be_constants),
        cmocka_unit_test(a_condition_that_is_known_picks_a_branch),
        cmocka_unit_test(outputs_that_are_not_made_are_refused),
        cmocka_unit_test(files_for_one_processor_are_refused),
        cmocka_unit_test(integer_inputs_are_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
