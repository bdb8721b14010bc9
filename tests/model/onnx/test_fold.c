/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: what is computed while lowering. Each case is one node over constants; expected numbers
 * were worked out by hand after the ONNX specification. (All of ONNX's own node tests whose inputs
 * are integers run through these functions too.) */
#include "graph/const.h"
#include "support/lower_help.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

/* A node over integer vectors "a", "b", "c" (as lists; NULL: absent). */
typedef struct fold_case {
    const char *op, *a, *b, *c, *attr; /* attr "name:3" */
    const char *expected;              /* shape, then numbers */
} fold_case;

/* clang-format off */
static const fold_case cases[] = {
    {"Add", "1,2,3", "10,20,30", NULL, NULL, "3: 11 22 33"},
    {"Add", "1,2,3", "10", NULL, NULL, "3: 11 12 13"},
    {"Sub", "1,2", "5,1", NULL, NULL, "2: -4 1"},
    {"Mul", "4611686018427387904", "2", NULL, NULL, "1: -9223372036854775808"}, /* wraps */
    {"Div", "7,-7,7,-7", "2,2,-2,-2", NULL, NULL, "4: 3 -3 -3 3"},
    {"Div", "-9223372036854775808", "-1", NULL, NULL, "1: -9223372036854775808"},
    {"Mod", "7,-7,7,-7", "3,3,-3,-3", NULL, NULL, "4: 1 2 -2 -1"},
    {"Mod", "7,-7,7,-7", "3,3,-3,-3", NULL, "fmod:1", "4: 1 -1 1 -1"},
    {"Mod", "-9223372036854775808", "-1", NULL, NULL, "1: 0"},
    {"Pow", "2,3,-2", "3,2,3", NULL, NULL, "3: 8 9 -8"},
    {"Min", "1,5", "3,2", "2,9", NULL, "2: 1 2"},
    {"Max", "9007199254740993", "9007199254740992", NULL, NULL, "1: 9007199254740993"}, /* > 2^53 */
    {"Neg", "1,-2", NULL, NULL, NULL, "2: -1 2"},
    {"Abs", "1,-2", NULL, NULL, NULL, "2: 1 2"},
    {"Equal", "1,2", "1,3", NULL, NULL, "2: 1 0"},
    {"Less", "1,2", "1,3", NULL, NULL, "2: 0 1"},
    {"Where", "1,0", "5,6", "7,8", NULL, "2: 5 8"},
    {"Concat", "1,2", "3", "4,5", "axis:0", "5: 1 2 3 4 5"},
    {"Gather", "10,20,30", "2,-3", NULL, "axis:0", "2: 30 10"},
    {"Slice", "0,1,2,3,4", "1", "9223372036854775807", NULL, "4: 1 2 3 4"},
    {"Slice", "0,1,2,3,4", "-2", "5", NULL, "2: 3 4"},
    {"Slice", "0,1,2,3,4", "1", "-1", NULL, "3: 1 2 3"},
    {"Slice", "0,1,2,3,4", "-9", "-9", NULL, "0:"},
    {"Reshape", "0,1,2,3,4,5", "2,-1", NULL, NULL, "2x3: 0 1 2 3 4 5"},
    {"Expand", "7,8", "2,1", NULL, NULL, "2x2: 7 8 7 8"},
    {"Tile", "7,8", "2", NULL, NULL, "4: 7 8 7 8"},
    {"Pad", "1,2,3", "1,2", NULL, NULL, "6: 0 1 2 3 0 0"},
    {"Range", "1", "10", "4", NULL, "3: 1 5 9"},
    {"Range", "3", "0", "-2", NULL, "2: 3 1"},
    {"Range", "3", "9", "-2", NULL, "0:"},
    {"ReduceSum", "1,2,3", NULL, NULL, NULL, "1: 6"},
    {"ReduceProd", "4,5", NULL, NULL, "keepdims:0", "scalar: 20"},
    {"ReduceMax", "4,5", NULL, NULL, NULL, "1: 5"},
    {"Cast", "0,-3,300", NULL, NULL, "to:9", "3: 0 1 1"},
    {"Cast", "0,-3,300", NULL, NULL, "to:2", "3: 0 253 44"},
    {"Cast", "0,-3,300", NULL, NULL, "to:1", "3: 0 -3 300"},
    {"Shape", "4,4,4", NULL, NULL, NULL, "1: 3"},
    {"Size", "4,4,4", NULL, NULL, NULL, "scalar: 3"},
    {"NonZero", "0,5,0,6", NULL, NULL, NULL, "1x2: 1 3"},
    {"ConstantOfShape", "2,2", NULL, NULL, NULL, "2x2: 0 0 0 0"},
    {"CumSum", "1,2,3", "0", NULL, NULL, "3: 1 3 6"},
    {"CumSum", "1,2,3", "0", NULL, "reverse:1", "3: 6 5 3"},
    {"ArgMax", "3,9,9", NULL, NULL, "keepdims:0", "scalar: 1"},
    {"GatherElements", "5,6,7", "2,0", NULL, NULL, "2: 7 5"},
    {"ScatterElements", "5,6,7", "1,-1", "8,9", NULL, "3: 5 8 9"},
    {"TopK", "5,7,6,7", "3", NULL, NULL, "3: 7 7 6"},
    {"TopK", "5,7,6,7", "2", NULL, "largest:0", "2: 5 6"},
    {"Unsqueeze", "5,6", "0", NULL, NULL, "1x2: 5 6"},
    {"Clip", "1,5,9", "2", "6", NULL, "3: 2 5 6"},
    {"DequantizeLinear", "1,2,3", "3", "1", NULL, "3: 0 3 6"},
    {"DequantizeLinear", "1,2,3", "3,2,1", "1,0,3", "axis:0", "3: 0 4 0"},
    {"QuantizeLinear", "300,-9,7,600", "2", NULL, NULL, "4: 150 0 4 255"},
};
/* clang-format on */

static trial folded(const fold_case *c) {
    trial t = trial_new(13);
    const char *text[] = {c->a, c->b, c->c}, *name[] = {"a", "b", "c"};
    char inputs[16] = "";
    for (int i = 0; i < 3 && text[i]; i++) {
        builder_i64(t.b, name[i], text[i]);
        if (i) strcat(inputs, ",");
        strcat(inputs, name[i]);
        int scalar = !strcmp(c->op, "Range");
        Onnx__GraphProto *g = builder_model(t.b)->graph;
        if (scalar) g->initializer[g->n_initializer - 1]->n_dims = 0;
    }
    Onnx__NodeProto *n = builder_node(t.b, c->op, "node", inputs, "y");
    if (c->attr) {
        char *key = fvi_pool_strdup(builder_pool(t.b), c->attr), *colon = strchr(key, ':');
        *colon = 0;
        builder_int(t.b, n, key, strtoll(colon + 1, NULL, 10));
    }
    builder_output(t.b, "y");
    return t;
}

static void numbers_come_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t = folded(&cases[i]);
        if (trial_lower(&t, NULL, NULL)) fail_msg("%s: %s", cases[i].op, t.err.text);
        assert_int_equal(t.graph->n_nodes, 0);
        const fvi_const *k = t.graph->values[t.graph->outputs[0]].constant;
        char text[FVI_SHAPE_TEXT];
        GString *got = g_string_new(fvi_shape_text(&k->shape, text));
        g_string_append_c(got, ':');
        for (int64_t e = 0; e < fvi_shape_count(&k->shape); e++) {
            int64_t whole;
            if (k->dtype == FVI_I64)
                memcpy(&whole, k->bytes + 8 * e, sizeof whole);
            else
                whole = (int64_t)fvi_const_at(k, e);
            g_string_append_printf(got, " %lld", (long long)whole);
        }
        if (strcmp(got->str, cases[i].expected) != 0)
            fail_msg("%s %s: %s, not %s", cases[i].op, cases[i].a, got->str, cases[i].expected);
        g_string_free(got, TRUE);
        trial_free(&t);
    }
}

static void bad_sums_are_refused(void **state) {
    (void)state;
    static const struct {
        fold_case c;
        fv_status status;
        const char *text;
    } bad[] = {
        {{"Div", "5", "0", NULL, NULL, NULL}, FV_FORMAT, "divides the integer 5 by zero"},
        {{"Gather", "5,6", "2", NULL, NULL, NULL}, FV_SHAPE, "index 2; allowed: -2 to 1"},
        {{"DequantizeLinear", "1,2", "-1", NULL, NULL, NULL}, FV_UNSUPPORTED, "scale 0 is -1"},
        {{"DequantizeLinear", "1,2", "1,2,3", NULL, "axis:0", NULL}, FV_SHAPE, "do not fit 2"},
        {{"DequantizeLinear", "1,2", "1", "1,2", NULL, NULL}, FV_SHAPE, "1 scales and 2 zero"},
        {{"QuantizeLinear", "1,2", "1", "1", NULL, NULL}, FV_UNSUPPORTED, "quantises to int64"},
        {{"ScatterElements", "5,6", "-3", "1", NULL, NULL}, FV_SHAPE, "index -3; allowed: -2 to 1"},
        {{"TopK", "5,6", "3", NULL, NULL, NULL}, FV_SHAPE, "k is 3; the axis has 2"},
        {{"TopK", "5,6", "-1", NULL, NULL, NULL}, FV_SHAPE, "k is -1"},
        {{"Reshape", "1,2,3", "2,-1", NULL, NULL, NULL}, FV_SHAPE, "cannot be divided"},
        {{"Reshape", "1,2,3", "-1,-1", NULL, NULL, NULL}, FV_SHAPE, "target shape is -1"},
        {{"Reshape", "1,2,3", "4", NULL, NULL, NULL}, FV_SHAPE, "3 cannot become 4"},
        {{"Expand", "1,2,3", "2", NULL, NULL, NULL}, FV_SHAPE, "cannot be expanded"},
        {{"ConstantOfShape", "1099511627776", NULL, NULL, NULL, NULL}, FV_NOMEM, "elements"},
        {{"ConstantOfShape", "1000000,1000000", NULL, NULL, NULL, NULL}, FV_NOMEM, "elements"},
        {{"ConstantOfShape", "-1", NULL, NULL, NULL, NULL}, FV_NOMEM, "elements"},
        {{"Expand", "1", "2000000000", NULL, NULL, NULL}, FV_NOMEM, "elements"},
        {{"Range", "0", "9223372036854775807", "1", NULL, NULL}, FV_SHAPE, "number of elements"},
        {{"Range", "0", "1", "0", NULL, NULL}, FV_SHAPE, "number of elements"},
        {{"Tile", "1,2", "-1", NULL, NULL, NULL}, FV_SHAPE, "-1 times"},
        {{"Pad", "1,2", "9223372036854775807,0", NULL, NULL, NULL}, FV_SHAPE, "padded"},
        {{"CumSum", "1,2", "3", NULL, NULL, NULL}, FV_SHAPE, "axis 3"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trial t = folded(&bad[i].c);
        fv_status st = trial_lower(&t, NULL, NULL);
        if (st != bad[i].status || !strstr(t.err.text, bad[i].text))
            fail_msg("%s: status %d \"%s\"", bad[i].c.op, st, t.err.text);
        trial_free(&t);
    }
}

/* reshape(x, concat(shape(x)[0:1], [-1])): what exporters write for flatten. */
static void shape_arithmetic_disappears(void **state) {
    (void)state;
    trial t = trial_new(13);
    builder_input(t.b, "x", FVI_F32, "N,3,4,5");
    builder_i64(t.b, "zero", "0");
    builder_i64(t.b, "rest", "-1");
    builder_node(t.b, "Shape", "", "x", "s");
    builder_node(t.b, "Gather", "", "s,zero", "n");
    builder_int(t.b, builder_node(t.b, "Concat", "", "n,rest", "target"), "axis", 0);
    builder_node(t.b, "Reshape", "flat", "x,target", "y");
    builder_output(t.b, "y");
    for (int64_t n = 1; n < 4; n++) {
        assert_int_equal(trial_lower(&t, NULL, &(fvi_shape){4, {n, 3, 4, 5}}), FV_OK);
        assert_int_equal(t.graph->n_nodes, 1);
        assert_int_equal(trial_value(&t, "y")->shape.dim[0], n);
        assert_int_equal(trial_value(&t, "y")->shape.dim[1], 60);
    }
    trial_free(&t);
}

/* f32 1/3 stays f32, f16 is rounded to nearest even, reals clamp when they become integers. */
static void reals_keep_their_type(void **state) {
    (void)state;
    static const float numbers[] = {2049, 1e30f, -1.5f, 70000};
    static const struct {
        int to;
        double expected[4];
    } casts[] = {
        {FVI_F16, {2048, INFINITY, -1.5, INFINITY}},
        {FVI_I64, {2049, 9223372036854775807.0, -1, 70000}},
        {FVI_BF16, {2048, 1.0005e30, -1.5, 70144}},
    };
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++) {
        trial t = trial_new(13);
        builder_f32(t.b, "a", "4", numbers);
        builder_int(t.b, builder_node(t.b, "Cast", "", "a", "y"), "to", casts[i].to);
        builder_output(t.b, "y");
        assert_int_equal(trial_lower(&t, NULL, NULL), FV_OK);
        const fvi_const *k = trial_value(&t, "y")->constant;
        assert_int_equal(k->dtype, casts[i].to);
        for (int e = 0; e < 4; e++) {
            double x = fvi_const_at(k, e), want = casts[i].expected[e];
            if (x != want && !(fabs(x - want) <= 0.005 * fabs(want)))
                fail_msg("%g, not %g", x, want);
        }
        assert_true(fvi_const_at(k, 0) == casts[i].expected[0]);
        trial_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_out),
        cmocka_unit_test(bad_sums_are_refused),
        cmocka_unit_test(shape_arithmetic_disappears),
        cmocka_unit_test(reals_keep_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
