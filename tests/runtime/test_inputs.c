/* SPDX-License-Identifier: Apache-2.0 */
/* Networks that are no picture in, numbers out: several inputs, integers, conditions and loops that
 * depend on the numbers; gradients at a value inside. Against sums done here in double precision.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/net.h"

/* Appends a node to a body. */
static Onnx__NodeProto *in_body(builder *b, Onnx__GraphProto *g, const char *op, const char *inputs,
                                const char *output) {
    Onnx__NodeProto *n = builder_node_new(b, op, "", inputs, output);
    builder_node_append(b, g, n);
    return n;
}

typedef struct fixture {
    builder *b;
    fv_model *m;
    fv_session *s;
    fv_monitor *monitor;
    GString *notes;
} fixture;

static void take_note(void *user, const char *text) { g_string_append(user, text); }

static void open_fixture(fixture *t, const fv_model_desc *desc) {
    fv_error err = {0};
    t->notes = g_string_new(NULL);
    t->m = net_load(t->b, desc);
    if (fv_session_new(t->m, NULL, &t->s, &err) ||
        fv_monitor_new(NULL, take_note, t->notes, &t->monitor, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_session_set_monitor(t->s, t->monitor, &err), FV_OK);
}

static void close_fixture(fixture *t) {
    fv_session_free(t->s);
    fv_monitor_free(t->monitor);
    fv_model_free(t->m);
    builder_free(t->b);
    g_string_free(t->notes, TRUE);
}

/* A tensor over the caller's numbers. */
static fv_tensor tensor(float *data, int ndim, int64_t a, int64_t b) {
    return (fv_tensor){.ndim = ndim, .dim = {a, b}, .data = data};
}

static void check(const fv_tensor *y, int count, const double *want) {
    assert_int_equal(fv_tensor_count(y), count);
    for (int i = 0; i < count; i++)
        if (!(fabs(y->data[i] - want[i]) <= 1e-5 * (1 + fabs(want[i]))))
            fail_msg("element %d is %g, not %g", i, (double)y->data[i], want[i]);
}

/* ---- words ---------------------------------------------------------------------------------- */

enum { WORDS = 5, WIDTH = 3 };

/* y = sum over words of table[word] * mask. */
static fixture text_network(float *table) {
    fixture t = {.b = builder_new(13)};
    for (int i = 0; i < WORDS * WIDTH; i++) table[i] = sinf((float)i + 1);
    builder_input(t.b, "mask", FVI_I64, "N,T");
    builder_input(t.b, "ids", FVI_I64, "N,T");
    builder_f32(t.b, "table", "5,3", table);
    builder_node(t.b, "Gather", "embedding", "table,ids", "e");
    builder_int(t.b, builder_node(t.b, "Cast", "", "mask", "m"), "to", FVI_F32);
    builder_i64(t.b, "last", "2");
    builder_node(t.b, "Unsqueeze", "", "m,last", "mm");
    builder_node(t.b, "Mul", "masked", "e,mm", "em");
    builder_i64(t.b, "words", "1");
    builder_int(t.b, builder_node(t.b, "ReduceSum", "sum", "em,words", "y"), "keepdims", 0);
    return t;
}

static void words_are_looked_up(void **state) {
    (void)state;
    float table[WORDS * WIDTH], ids[] = {0, 2, -1, 4};
    fixture t = text_network(table);
    open_fixture(&t, NULL);
    assert_string_equal(fv_model_input(t.m)->name, "ids"); /* not the mask */
    assert_string_equal(fv_model_layer(t.m, net_layer(t.m, "embedding"))->kind, "embedding");
    const fv_tensor x = tensor(ids, 2, 2, 2);
    fv_tensor *y = NULL;
    fv_error err = {0};
    if (fv_session_run(t.s, &x, NULL, &y, &err)) fail_msg("%s", err.text);
    double want[2 * WIDTH];
    for (int c = 0; c < WIDTH; c++) {
        want[c] = table[c] + table[2 * WIDTH + c];
        want[WIDTH + c] = 2 * table[4 * WIDTH + c];
    }
    check(y, 2 * WIDTH, want);
    assert_non_null(strstr(t.notes->str, "input \"mask\" was given no numbers; ones stand there"));
    fv_tensor_free(y);
    ids[1] = 5; /* there is no such word */
    assert_int_equal(fv_session_run(t.s, &x, NULL, &y, &err), FV_NONFINITE);
    close_fixture(&t);
}

/* Opens it with a mask that the caller gives, of 2 texts of 2 words. */
static void open_masked(fixture *t, float *mask) {
    const fv_tensor given = tensor(mask, 2, 2, 2);
    const fv_named_tensor named = {"mask", &given};
    open_fixture(t, FV_DESC(fv_model_desc, .input_count = 1, .inputs = &named));
}

static void other_inputs_take_numbers(void **state) {
    (void)state;
    float table[WORDS * WIDTH], ids[] = {0, 2, 1, 4}, mask[] = {1, 0, 1, 1};
    const fv_tensor x = tensor(ids, 2, 2, 2);
    fixture t = text_network(table);
    open_masked(&t, mask);
    fv_tensor *y = NULL;
    fv_error err = {0};
    if (fv_session_run(t.s, &x, NULL, &y, &err)) fail_msg("%s", err.text);
    double want[2 * WIDTH];
    for (int c = 0; c < WIDTH; c++) {
        want[c] = table[c];
        want[WIDTH + c] = table[WIDTH + c] + table[4 * WIDTH + c];
    }
    check(y, 2 * WIDTH, want);
    assert_string_equal(t.notes->str, "");
    fv_tensor_free(y);
    close_fixture(&t);
}

static void gradients_are_taken_at_the_embedding(void **state) {
    (void)state;
    float table[WORDS * WIDTH], ids[] = {0, 2, 1, 4}, mask[] = {1, 0, 1, 1};
    const fv_tensor x = tensor(ids, 2, 2, 2);
    fixture t = text_network(table);
    open_masked(&t, mask);
    fv_objective *o = NULL;
    fv_tensor *g = NULL;
    fv_error err = {0};
    double values[2];
    assert_int_equal(fv_objective_new(t.m, "sum:1", NULL, 0, &o, &err), FV_OK);
    assert_int_equal(fv_session_gradient(t.s, &x, o, values, &g, &err), FV_UNSUPPORTED);
    assert_non_null(strstr(err.text, "--wrt"));
    if (fv_session_gradient_at(t.s, &x, o, "embedding", values, &g, &err)) fail_msg("%s", err.text);
    double want[4 * WIDTH] = {0};
    for (int w = 0; w < 4; w++) want[w * WIDTH + 1] = mask[w];
    assert_int_equal(g->ndim, 3);
    check(g, 4 * WIDTH, want);
    fv_tensor_free(g);
    fv_objective_free(o);
    close_fixture(&t);
}

/* ---- graphs that depend on numbers ---------------------------------------------------------- */

/* Forward and backward with a seed at the last of four numbers, also with a run in between, which
 * makes another plan. */
static void check_backward(const fixture *t, const fv_tensor *x, const double *slopes) {
    const char *const names[] = {"y"};
    float one[4] = {0, 0, 0, 1};
    const fv_tensor seed = tensor(one, 2, 1, 4);
    const fv_tensor *const seeds[] = {&seed};
    for (int again = 0; again < 2; again++) {
        fv_tensor *y = NULL, *g = NULL;
        fv_error err = {0};
        if (fv_session_forward(t->s, x, names, 1, &y, &err)) fail_msg("%s", err.text);
        fv_tensor_free(y);
        y = NULL;
        if (again && fv_session_run(t->s, x, NULL, &y, &err)) fail_msg("%s", err.text);
        fv_tensor_free(y);
        if (fv_session_backward(t->s, seeds, &g, &err)) fail_msg("%s", err.text);
        check(g, 4, slopes);
        fv_tensor_free(g);
    }
}

/* y = sum(x) > 0 ? 2 x : -x */
static void a_condition_is_computed(void **state) {
    (void)state;
    static const float two = 2, zero = 0;
    fixture t = {.b = builder_new(13)};
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "N,4");
    builder_init(b, "two", FVI_F32, "", &two);
    builder_init(b, "zero", FVI_F32, "", &zero);
    builder_int(b, builder_node(b, "ReduceSum", "", "x", "s"), "keepdims", 0);
    builder_node(b, "Greater", "", "s,zero", "c");
    Onnx__NodeProto *n = builder_node(b, "If", "branch", "c", "y");
    Onnx__GraphProto *yes = builder_graph_new(b), *no = builder_graph_new(b);
    in_body(b, yes, "Mul", "x,two", "a");
    builder_graph_output(b, yes, "a");
    in_body(b, no, "Neg", "x", "b");
    builder_graph_output(b, no, "b");
    builder_graph_attr(b, n, "then_branch", yes);
    builder_graph_attr(b, n, "else_branch", no);
    open_fixture(&t, NULL);
    assert_string_equal(fv_model_layer(t.m, net_layer(t.m, "branch"))->kind, "not computed: If");
    float data[4];
    const fv_tensor x = tensor(data, 2, 1, 4);
    for (int turn = 0; turn < 4; turn++) {
        const double sign = turn % 2 ? -1 : 1, slope = turn % 2 ? -1 : 2;
        double want[4], slopes[4];
        for (int i = 0; i < 4; i++) {
            data[i] = (float)(sign * (i + 1));
            want[i] = slope * data[i];
            slopes[i] = i == 3 ? slope : 0;
        }
        fv_tensor *y = NULL, *g = NULL;
        fv_objective *o = NULL;
        fv_error err = {0};
        double value;
        if (fv_session_run(t.s, &x, NULL, &y, &err) ||
            fv_objective_new(t.m, "y:3", NULL, 0, &o, &err) ||
            fv_session_gradient(t.s, &x, o, &value, &g, &err))
            fail_msg("%s", err.text);
        check(y, 4, want);
        check(g, 4, slopes);
        fv_tensor_free(y);
        fv_tensor_free(g);
        check_backward(&t, &x, slopes);
        g = NULL;
        y = NULL;
        fv_tensor_free(y);
        fv_tensor_free(g);
        fv_objective_free(o);
    }
    close_fixture(&t);
}

/* A kernel that is computed from the input runs, and has no gradient rather than a wrong one. */
static void a_kernel_from_the_input_has_no_gradient(void **state) {
    (void)state;
    fixture t = {.b = builder_new(13)};
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,1,2,2");
    builder_node(b, "GlobalAveragePool", "mean", "x", "w");
    builder_node(b, "Conv", "dyn", "x,w", "y");
    open_fixture(&t, NULL);
    float data[4] = {1, 2, 3, 6};
    fv_tensor x = {.ndim = 4, .dim = {1, 1, 2, 2}, .data = data}, *y = NULL;
    fv_objective *o = NULL;
    fv_error err = {0};
    double value;
    if (fv_session_run(t.s, &x, NULL, &y, &err)) fail_msg("%s", err.text);
    check(y, 4, (const double[]){3, 6, 9, 18});
    fv_tensor_free(y);
    assert_int_equal(fv_objective_new(t.m, "dyn:0", NULL, 0, &o, &err), FV_OK);
    assert_int_equal(fv_session_gradient(t.s, &x, o, &value, &y, &err), FV_UNSUPPORTED);
    assert_non_null(
        strstr(err.text, "Conv \"dyn\": its weights, \"w\", is computed from the input"));
    fv_objective_free(o);
    close_fixture(&t);
}

/* h = tanh(w h) until sum(h) >= 1.2, at most 20 times; the second output has every h. */
static void a_loop_runs_as_often_as_needed(void **state) {
    (void)state;
    static const int64_t most = 20;
    static const float limit = 1.2f;
    float w[4] = {1.3f, 0.1f, 0, 1.2f};
    fixture t = {.b = builder_new(13)};
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,2");
    builder_init(b, "most", FVI_I64, "", &most);
    builder_init(b, "limit", FVI_F32, "", &limit);
    builder_f32(b, "w", "2,2", w);
    Onnx__GraphProto *body = builder_graph_new(b);
    builder_graph_input(b, body, "i", FVI_I64);
    builder_graph_input(b, body, "go", FVI_BOOL);
    builder_graph_input(b, body, "h", FVI_F32);
    in_body(b, body, "MatMul", "h,w", "hw");
    in_body(b, body, "Tanh", "hw", "next");
    builder_int(b, in_body(b, body, "ReduceSum", "next", "s"), "keepdims", 0);
    in_body(b, body, "Less", "s,limit", "on");
    in_body(b, body, "Identity", "next", "seen");
    builder_graph_output(b, body, "on");
    builder_graph_output(b, body, "next");
    builder_graph_output(b, body, "seen");
    builder_graph_attr(b, builder_node(b, "Loop", "loop", "most,,x", "y,all"), "body", body);
    builder_output(b, "all");
    open_fixture(&t, NULL);
    float data[2] = {0.2f, 0.3f};
    const fv_tensor x = tensor(data, 2, 1, 2);
    double h[2] = {data[0], data[1]}, all[40];
    int turns = 0;
    do {
        const double next[2] = {tanh(h[0] * w[0] + h[1] * w[2]), tanh(h[0] * w[1] + h[1] * w[3])};
        memcpy(h, next, sizeof h);
        memcpy(all + 2 * (ptrdiff_t)turns++, h, sizeof h);
    } while (h[0] + h[1] < 1.2 && turns < 20);
    assert_in_range(turns, 2, 19);
    fv_tensor *y = NULL;
    fv_error err = {0};
    if (fv_session_run(t.s, &x, "all", &y, &err)) fail_msg("%s", err.text);
    check(y, 2 * turns, all);
    fv_tensor_free(y);
    close_fixture(&t);
}

/* What one run made must not be seen by the next: constants of a run have their addresses again.
 * y = k w(x), w the input as a matrix, which the backend copies into a layout of its own. */
static void runs_do_not_see_each_other(void **state) {
    (void)state;
    enum { ROWS = 8, COLUMNS = 48, OUT = 5 };
    fixture t = {.b = builder_new(13)};
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,384");
    builder_input(b, "k", FVI_F32, "1,8");
    builder_i64(b, "matrix", "8,48");
    builder_node(b, "Reshape", "", "x,matrix", "w");
    builder_node(b, "MatMul", "product", "k,w", "y");
    open_fixture(&t, FV_DESC(fv_model_desc, .input = "x"));
    fv_objective *o = NULL;
    fv_error err = {0};
    float data[ROWS * COLUMNS];
    const fv_tensor x = tensor(data, 2, 1, ROWS * COLUMNS);
    assert_int_equal(fv_objective_new(t.m, "product:5", NULL, 0, &o, &err), FV_OK);
    for (int turn = 1; turn < 9; turn++) {
        double want[ROWS], value;
        for (int i = 0; i < ROWS * COLUMNS; i++) data[i] = sinf((float)(turn * 1000 + i));
        for (int i = 0; i < ROWS; i++) want[i] = data[i * COLUMNS + OUT];
        fv_tensor *g = NULL;
        if (fv_session_gradient_at(t.s, &x, o, "k", &value, &g, &err)) fail_msg("%s", err.text);
        check(g, ROWS, want);
        fv_tensor_free(g);
    }
    fv_objective_free(o);
    close_fixture(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_looked_up),
        cmocka_unit_test(other_inputs_take_numbers),
        cmocka_unit_test(gradients_are_taken_at_the_embedding),
        cmocka_unit_test(a_condition_is_computed),
        cmocka_unit_test(a_kernel_from_the_input_has_no_gradient),
        cmocka_unit_test(a_loop_runs_as_often_as_needed),
        cmocka_unit_test(runs_do_not_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
