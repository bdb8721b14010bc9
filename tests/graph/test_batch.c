/* SPDX-License-Identifier: Apache-2.0 */
/* Lifting: graphs whose batch is written in as 1 (or 2), widened. The shapes expected are those
 * that PyTorch's own code has at that batch. */
#include "graph/batch.h"
#include "support/lower_help.h"
#include "support/steps.h"

static fv_status lift(trial *t, int64_t from, int64_t to) {
    if (trial_lower(t, NULL, NULL)) fail_msg("%s", t->err.text);
    fv_status st = fvi_graph_set_batch(t->graph, from, to, &t->err);
    if (!st) assert_sound(t->graph);
    return st;
}

/* torch.nn.MultiheadAttention, sequence first, 4 heads of 8: [1,6,32] -> [6,1,32] -> q [4,6,8];
 * after attention [4,6,8] -> [6,4,8] -> [6,32] -> linear -> [6,1,32] -> [1,6,32]. */
static trial sequence_first_attention(void) {
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,6,32");
    builder_f32(b, "w", "32,32", NULL);
    builder_f32(b, "bias", "32", NULL);
    transpose(b, "x", "s", "1,0,2");
    builder_node(b, "MatMul", "", "s,w", "q0");
    reshape(b, "q0", "q1", "6,4,8");
    transpose(b, "q1", "q", "1,0,2");
    transpose(b, "q1", "kt", "1,2,0");
    builder_node(b, "MatMul", "", "q,kt", "scores");
    builder_int(b, builder_node(b, "Softmax", "", "scores", "p"), "axis", -1);
    builder_node(b, "MatMul", "", "p,q", "mixed");
    transpose(b, "mixed", "m", "1,0,2");
    reshape(b, "m", "rows", "6,32");
    builder_int(b, builder_node(b, "Gemm", "", "rows,w,bias", "o"), "transB", 1);
    reshape(b, "o", "back", "6,1,32");
    transpose(b, "back", "y", "1,0,2");
    builder_output(b, "y");
    return t;
}

static void attention_keeps_samples_apart(void **state) {
    (void)state;
    trial t = sequence_first_attention();
    if (lift(&t, 1, 3)) fail_msg("%s", t.err.text);
    static const char *const expected[][2] = {
        {"x", "3x6x32"},      {"s", "6x3x32"}, {"q1", "6x12x8"},  {"q", "12x6x8"},
        {"scores", "12x6x6"}, {"m", "6x12x8"}, {"rows", "18x32"}, {"o", "18x32"},
        {"back", "6x3x32"},   {"y", "3x6x32"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_shape(&t, expected[i][0], expected[i][1]);
    trial_free(&t);
}

/* Rows of all samples, sample innermost; the columns, tried first, are what the product sums over.
 */
static void a_wrong_choice_is_taken_back(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder_input(t.b, "x", FVI_F32, "1,6,32");
    builder_f32(t.b, "w", "32,5", NULL);
    transpose(t.b, "x", "s", "1,0,2");
    reshape(t.b, "s", "rows", "6,32");
    builder_node(t.b, "Relu", "", "rows", "r");
    builder_node(t.b, "MatMul", "", "r,w", "o");
    reshape(t.b, "o", "y", "6,1,5");
    builder_output(t.b, "y");
    if (lift(&t, 1, 3)) fail_msg("%s", t.err.text);
    assert_shape(&t, "rows", "18x32");
    assert_shape(&t, "y", "6x3x5");
    trial_free(&t);
}

/* A sample that was flattened is indexed within every sample. */
static void a_gather_stays_inside_samples(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder_input(t.b, "x", FVI_F32, "1,2,3");
    builder_i64(t.b, "order", "5,0,1,2");
    reshape(t.b, "x", "flat", "-1");
    builder_node(t.b, "Gather", "roll", "flat,order", "picked");
    reshape(t.b, "picked", "y", "1,2,2");
    builder_output(t.b, "y");
    if (lift(&t, 1, 3)) fail_msg("%s", t.err.text);
    assert_shape(&t, "picked", "12");
    assert_shape(&t, "y", "3x2x2");
    const fvi_node *n = trial_node(&t, "picked");
    assert_int_equal(n->kind, FVI_RESHAPE);
    n = &t.graph->nodes[t.graph->values[n->in[0]].producer];
    assert_int_equal(n->kind, FVI_GATHER);
    assert_int_equal(n->a.axis.axis, 2);
    trial_free(&t);
}

/* Swin: windows of 4 of an 8x8 map, a mask for each of the 4 windows, and back. */
static void windows_multiply(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,8,8,3");
    builder_f32(b, "mask", "4,16,1", NULL);
    reshape(b, "x", "cut", "1,2,4,2,4,3");
    transpose(b, "cut", "turned", "0,1,3,2,4,5");
    reshape(b, "turned", "windows", "4,16,3");
    builder_node(b, "Add", "masked", "windows,mask", "w");
    reshape(b, "w", "uncut", "1,2,2,4,4,3");
    transpose(b, "uncut", "unturned", "0,1,3,2,4,5");
    reshape(b, "unturned", "y", "1,8,8,3");
    builder_output(b, "y");
    if (lift(&t, 1, 5)) fail_msg("%s", t.err.text);
    assert_shape(&t, "windows", "20x16x3");
    assert_shape(&t, "w", "20x16x3");
    assert_shape(&t, "y", "5x8x8x3");
    const fvi_node *add = trial_node(&t, "w"); /* its mask was repeated for every sample */
    assert_int_equal(t.graph->values[add->in[1]].shape.dim[0], 20);
    trial_free(&t);
}

/* A class token that is the same for every sample goes in front of the patches. */
static void a_token_is_given_to_every_sample(void **state) {
    (void)state;
    float token[2 * 4];
    for (int i = 0; i < 8; i++) token[i] = (float)(i % 4);
    for (int64_t batch = 1; batch <= 2; batch++) {
        trial t = trial_new(17);
        builder *b = t.b;
        builder_input(b, "x", FVI_F32, batch == 1 ? "1,6,4" : "2,6,4");
        builder_f32(b, "token", batch == 1 ? "1,1,4" : "2,1,4", token);
        builder_f32(b, "place", "1,7,4", NULL);
        builder_int(b, builder_node(b, "Concat", "", "token,x", "all"), "axis", 1);
        builder_node(b, "Add", "", "all,place", "y");
        builder_output(b, "y");
        if (lift(&t, batch, 3)) fail_msg("%s", t.err.text);
        assert_shape(&t, "all", "3x7x4");
        assert_shape(&t, "y", "3x7x4");
        trial_free(&t);
    }
    trial t = trial_new(17); /* tokens that differ cannot be widened */
    builder_input(t.b, "x", FVI_F32, "2,6,4");
    builder_f32(t.b, "token", "2,1,4", NULL);
    builder_int(t.b, builder_node(t.b, "Concat", "join", "token,x", "y"), "axis", 1);
    builder_output(t.b, "y");
    assert_int_equal(lift(&t, 2, 3), FV_UNSUPPORTED);
    assert_string_equal(
        t.err.text,
        "its batch of 2 is fixed in the file (Concat \"join\" mixes samples, or they are "
        "steps of time); fovea run takes an X.npy of 2");
    trial_free(&t);
}

static void samples_may_not_be_mixed(void **state) {
    (void)state;
    static const struct {
        const char *op, *attr;
        int64_t v;
    } mixing[] = {{"Softmax", "axis", 0}, {"Concat", "axis", 0}, {"LayerNormalization", "axis", 0}};
    for (size_t i = 0; i < sizeof mixing / sizeof *mixing; i++) {
        trial t = trial_new(17);
        builder_input(t.b, "x", FVI_F32, "1,6");
        builder_f32(t.b, "more", "1,6", NULL);
        const char *in = i == 1 ? "x,more" : i == 2 ? "x,more" : "x";
        builder_int(t.b, builder_node(t.b, mixing[i].op, "mix", in, "y"), mixing[i].attr,
                    mixing[i].v);
        builder_output(t.b, "y");
        assert_int_equal(lift(&t, 1, 2), FV_UNSUPPORTED);
        assert_non_null(strstr(t.err.text, "\"mix\""));
        trial_free(&t);
    }
    trial t = trial_new(17);
    builder_input(t.b, "x", FVI_F32, "1,6");
    builder_node(t.b, "Relu", "", "x", "y");
    builder_output(t.b, "y");
    assert_int_equal(lift(&t, 3, 2), FV_SHAPE);
    assert_int_equal(lift(&t, 1, (int64_t)1 << 40), FV_ARG);
    assert_int_equal(lift(&t, 1, (int64_t)1 << 30), FV_SHAPE); /* too large */
    trial_free(&t);
}

static void a_fixed_batch_shrinks_too(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder_input(t.b, "x", FVI_F32, "4,2,3,3");
    builder_f32(t.b, "w", "5,18", NULL);
    reshape(t.b, "x", "f", "4,18");
    builder_int(t.b, builder_node(t.b, "Gemm", "", "f,w", "y"), "transB", 1);
    builder_output(t.b, "y");
    if (lift(&t, 4, 1)) fail_msg("%s", t.err.text);
    assert_shape(&t, "f", "1x18");
    assert_shape(&t, "y", "1x5");
    trial_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_keeps_samples_apart),
        cmocka_unit_test(a_wrong_choice_is_taken_back),
        cmocka_unit_test(a_gather_stays_inside_samples),
        cmocka_unit_test(windows_multiply),
        cmocka_unit_test(a_token_is_given_to_every_sample),
        cmocka_unit_test(samples_may_not_be_mixed),
        cmocka_unit_test(a_fixed_batch_shrinks_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
