/* SPDX-License-Identifier: Apache-2.0 */
/* Networks with shuffled weights, and the cascading randomisation that stands on them. */
#include "golden_net.h"
#include "support/interrupt.h"

static fv_tensor *run(const fv_model *m, const fv_tensor *input, const char *value) {
    fv_session *s = NULL;
    fv_tensor *y = NULL;
    fv_error err;
    if (fv_session_new(m, NULL, &s, &err) || fv_session_run(s, input, value, &y, &err))
        fail_msg("%s", err.text);
    fv_session_free(s);
    return y;
}

static int same(const fv_tensor *a, const fv_tensor *b) {
    return fv_tensor_count(a) == fv_tensor_count(b) &&
           !memcmp(a->data, b->data, (size_t)fv_tensor_count(a) * sizeof(float));
}

static int is_same_run(const fv_model *a, const fv_model *b, const char *value) {
    fv_tensor *p = run(a, x, value), *q = run(b, x, value);
    const int equal = same(p, q);
    fv_tensor_free(p);
    fv_tensor_free(q);
    return equal;
}

static fv_model *shuffle(const int *layers, int count, uint64_t seed) {
    fv_model *m = NULL;
    fv_error err;
    if (fv_model_shuffle(net.model, layers, count, seed, &m, &err)) fail_msg("%s", err.text);
    return m;
}

/* Only what comes after a shuffled layer changes; its numbers are the same ones; the model it was
 * made from is as it was. */
static void a_layer_is_shuffled(void **state) {
    (void)state;
    int conv2 = -1, relu = -1;
    fv_tensor *before = run(net.model, x, NULL);
    assert_int_equal(fv_model_find_layer(net.model, "/conv2/Conv", &conv2, NULL), FV_OK);
    assert_int_equal(fv_model_find_layer(net.model, "/relu2/Relu", &relu, NULL), FV_OK);
    fv_model *m = shuffle((const int[]){conv2}, 1, 0), *again = shuffle((const int[]){conv2}, 1, 0);
    fv_model *other = shuffle((const int[]){conv2}, 1, 1),
             *none = shuffle((const int[]){relu}, 1, 0);
    assert_true(is_same_run(net.model, m, "/pool1/MaxPool"));
    assert_false(is_same_run(net.model, m, "/conv2/Conv"));
    assert_true(is_same_run(m, again, NULL));
    assert_false(is_same_run(m, other, NULL));
    assert_true(is_same_run(net.model, none, NULL)); /* no weights there */
    fv_weight_stats a, b;
    assert_int_equal(fv_model_weight_stats(net.model, conv2, &a, NULL), FV_OK);
    assert_int_equal(fv_model_weight_stats(m, conv2, &b, NULL), FV_OK);
    assert_true(a.min == b.min && a.max == b.max && fabs(a.mean - b.mean) < 1e-9);
    assert_true(fabs(a.stddev - b.stddev) < 1e-9 && a.bias_min == b.bias_min);
    assert_string_equal(fv_model_sha256(m), fv_model_sha256(net.model));
    assert_string_equal(fv_model_layer(m, conv2)->name, "conv2");
    assert_int_equal(fv_model_layer_count(m), fv_model_layer_count(net.model));
    fv_tensor *after = run(net.model, x, NULL);
    assert_true(same(before, after));
    fv_tensor_free(before);
    fv_tensor_free(after);
    fv_model_free(m);
    fv_model_free(again);
    fv_model_free(other);
    fv_model_free(none);
}

/* At another batch the weights are the same shuffled ones. */
static void every_lowering_is_shuffled(void **state) {
    (void)state;
    const int64_t dim[] = {3, 3, 20, 24}, count = fv_tensor_count(x);
    fv_tensor *many = NULL;
    assert_int_equal(fv_tensor_new(4, dim, &many, NULL), FV_OK);
    for (int i = 0; i < 3; i++)
        memcpy(many->data + i * count, x->data, (size_t)count * sizeof(float));
    const int last = fv_model_layer_count(net.model) - 1;
    fv_model *m = shuffle((const int[]){0, last}, 2, 5);
    fv_tensor *one = run(m, x, NULL), *three = run(m, many, NULL);
    for (int i = 0; i < 3; i++) assert_close(three->data + i * 5, one->data, 5, 1e-5);
    fv_tensor_free(one);
    fv_tensor_free(three);
    fv_tensor_free(many);
    fv_model_free(m);
}

static void shuffling_is_refused(void **state) {
    (void)state;
    fv_error err = {0};
    fv_model *m = shuffle((const int[]){0}, 1, 0), *out = NULL;
    assert_int_equal(fv_model_shuffle(net.model, (const int[]){99}, 1, 0, &out, &err), FV_ARG);
    assert_string_equal(err.text, "layer 99 does not exist (0..9)");
    assert_int_equal(fv_model_shuffle(m, (const int[]){0}, 1, 0, &out, &err), FV_ARG);
    assert_string_equal(err.text, "net: its weights are shuffled already");
    assert_null(out);
    fv_model_free(m);
}

/* ---- the check ------------------------------------------------------------------------------ */

static fv_sanity *check(const subject *s, const fv_tensor *input, const char *objective,
                        const fv_sanity_desc *desc) {
    fv_sanity *out = NULL;
    fv_error err;
    if (sanity_text(s->model, s->session, input, objective, desc, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void stages_go_down(void **state) {
    const fv_attribute_desc gradient = {.struct_size = sizeof gradient,
                                        .method = FV_METHOD_GRADIENT};
    (void)state;
    fv_sanity *c = check(&net, x, NULL, FV_DESC(fv_sanity_desc, .attribute = &gradient));
    fv_sanity_stage *const *s = c->stages;
    assert_int_equal(c->count, 5); /* the network has four layers with weights */
    assert_int_equal(c->unfinished, 0);
    for (int k = 0; k < c->count; k++) {
        assert_int_equal(s[k]->shuffled, k);
        assert_string_equal(s[k]->attribution->objective, s[0]->attribution->objective);
        assert_true(s[k]->correlation <= 1 && s[k]->correlation >= -1);
    }
    assert_int_equal(s[0]->layer, -1);
    assert_true(fabs(s[0]->correlation - 1) < 1e-12);
    assert_string_equal(fv_model_layer(net.model, s[1]->layer)->name, "dense");
    assert_string_equal(fv_model_layer(net.model, s[4]->layer)->name, "conv1");
    for (int k = 1; k < c->count; k++) assert_true(s[k]->correlation < 0.95);
    fv_sanity_free(c);
    c = check(&net, x, NULL, FV_DESC(fv_sanity_desc, .attribute = &gradient, .stages = 2));
    assert_int_equal(c->count, 3);
    assert_int_equal(c->stages[1]->shuffled, 1);
    assert_int_equal(c->stages[2]->shuffled, 4);
    fv_sanity_free(c);
}

/* An objective in the middle has nothing after it to shuffle; the input none before. */
static void only_what_the_objective_needs_is_shuffled(void **state) {
    (void)state;
    fv_error err = {0};
    fv_sanity *c = check(&net, x, "relu2/Relu:3", NULL), *none = NULL;
    assert_int_equal(c->count, 3);
    assert_string_equal(fv_model_layer(net.model, c->stages[1]->layer)->name, "conv2");
    fv_sanity_free(c);
    assert_int_equal(sanity_text(net.model, net.session, x, "class:9", NULL, &none, &err),
                     FV_NOTFOUND);
    assert_int_equal(sanity_text(net.model, net.session, x, NULL,
                                 FV_DESC(fv_sanity_desc, .stages = -1), &none, &err),
                     FV_ARG);
    assert_null(none);
}

/* A method that does not look at the weights at all is found out: covering by occlusion looks at
 * them, the input itself does not. Here: of a linear model whose weights are all alike, shuffling
 * changes nothing, and the check must say so. */
static void what_does_not_depend_on_weights_is_seen(void **state) {
    (void)state;
    builder *b = builder_new(17);
    static float w[2 * COUNT];
    for (int i = 0; i < 2 * COUNT; i++) w[i] = 0.25f;
    builder_input(b, "x", FVI_F32, "N,3,16,16");
    builder_f32(b, "w", "2,768", w);
    builder_node(b, "Flatten", "flat", "x", "f");
    builder_int(b, builder_node(b, "Gemm", "dense", "f,w", "y"), "transB", 1);
    builder_output(b, "y");
    subject s = subject_load(builder_save(b, "alike.onnx"));
    fv_tensor *p = linear_input(0);
    const fv_attribute_desc product = {.struct_size = sizeof product,
                                       .method = FV_METHOD_INPUT_GRADIENT};
    fv_sanity *c = check(&s, p, "class:0", FV_DESC(fv_sanity_desc, .attribute = &product));
    assert_int_equal(c->count, 2);
    assert_true(fabs(c->stages[1]->correlation - 1) < 1e-12);
    fv_sanity_free(c);
    /* and of a gradient that is the same everywhere nothing can be said */
    const fv_attribute_desc gradient = {.struct_size = sizeof gradient,
                                        .method = FV_METHOD_GRADIENT};
    c = check(&s, p, "class:0", FV_DESC(fv_sanity_desc, .attribute = &gradient));
    assert_true(isnan(c->stages[1]->correlation));
    fv_sanity_free(c);
    fv_tensor_free(p);
    subject_free(&s);
    builder_free(b);
}

/* The network of 4 layers with weights is run on 40 copies at each of 5 stages. STOP after 60
 * leaves the stages before: the trained network's, whole. */
static void another_thread_ends_the_check(void **state) {
    (void)state;
    const fv_attribute_desc copies = {
        .struct_size = sizeof copies, .method = FV_METHOD_SMOOTHGRAD, .samples = 40};
    const fv_sanity_desc d = {.struct_size = sizeof d, .attribute = &copies};
    static const struct {
        int wish, at, stages; /* that are given; 0: CANCELLED */
    } cases[] = {
        {FV_MONITOR_GO, 0, 5},     {FV_MONITOR_STOP, 60, 1},  {FV_MONITOR_STOP, 123, 3},
        {FV_MONITOR_STOP, 205, 5}, /* nothing is left to be stopped */
        {FV_MONITOR_STOP, 8, 0},   {FV_MONITOR_CANCEL, 8, 0}, {FV_MONITOR_CANCEL, 150, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_sanity *c = NULL;
        interrupt w;
        interrupt_begin(&w, net.session, cases[i].wish, cases[i].at);
        const fv_status st = sanity_text(net.model, net.session, x, "class:1", &d, &c, NULL);
        assert_ptr_equal(fvi_session_monitor(net.session), w.monitor);
        assert_int_equal(w.falls, 0);
        assert_int_equal(w.total, 205);
        assert_true(w.last >= cases[i].at && w.last < cases[i].at + 16 + 205 * !cases[i].wish);
        interrupt_end(&w, net.session);
        assert_int_equal(st, cases[i].stages ? FV_OK : FV_CANCELLED);
        if (!c) continue;
        assert_int_equal(c->count, cases[i].stages);
        assert_int_equal(c->unfinished, cases[i].stages < 5);
        for (int k = 0; k < c->count; k++) assert_int_equal(c->stages[k]->attribution->steps, 40);
        fv_sanity_free(c);
    }
}

/* The trained network's plan is there already at the second check, and shuffled networks are run
 * with the session's settings. */
static void the_session_serves_all_stages(void **state) {
    (void)state;
    fv_session *one = NULL;
    interrupt w;
    assert_int_equal(fv_session_new(net.model, FV_DESC(fv_session_desc, .threads = 3), &one, NULL),
                     FV_OK);
    const subject s = {net.model, one};
    interrupt_begin(&w, one, FV_MONITOR_GO, 0);
    fv_sanity_free(check(&s, x, NULL, NULL));
    assert_int_equal(w.threads, 3);
    interrupt_end(&w, one);
    const int plans = fvi_session_plans_made(one);
    fv_sanity_free(check(&s, x, NULL, NULL));
    assert_true(plans > 0);
    assert_int_equal(fvi_session_plans_made(one), plans);
    fv_session_free(one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_is_shuffled),
        cmocka_unit_test(every_lowering_is_shuffled),
        cmocka_unit_test(shuffling_is_refused),
        cmocka_unit_test(stages_go_down),
        cmocka_unit_test(only_what_the_objective_needs_is_shuffled),
        cmocka_unit_test(what_does_not_depend_on_weights_is_seen),
        cmocka_unit_test(another_thread_ends_the_check),
        cmocka_unit_test(the_session_serves_all_stages),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
