/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of attribute.h: which part of a picture does it. */
#include "misuse.h"

static void test_methods(void **state) {
    (void)state;
    assert_true(fv_method_count() > 0);
    GIVES(NULL, fv_method_at(-1));
    GIVES(NULL, fv_baseline_name(0));
    GIVES(NULL, fv_baseline_name(FV_BASELINE_PICTURE));
    GIVES(NULL, fv_method_at(fv_method_count()));
}

static void test_calls(void **state) {
    (void)state;
#define CALL(SESSION_, INPUT, WHAT) fv_attribute(SESSION_, INPUT, WHAT, NULL, &o.attribution, err)
    REFUSED(FV_ARG, "session must", fv_attribute(NULL, t.input, NULL, NULL, &o.attribution, err));
    REFUSED(FV_ARG, "input must", fv_attribute(t.session, NULL, t.unit, NULL, &o.attribution, err));
    REFUSED(FV_ARG, "out must", fv_attribute(t.session, t.input, t.unit, NULL, NULL, err));
    REFUSED(FV_ARG, "another model", CALL(t.session, t.input, t.dense));
    REFUSED(FV_ARG, "tv", CALL(t.session, t.input, t.mixed));
    REFUSED(FV_ARG, "data", CALL(t.session, &no_numbers, t.unit));
    REFUSED(FV_ARG, "9 dimensions", CALL(t.session, &nine_dims, t.unit));
    REFUSED(FV_SHAPE, "wants", CALL(t.session, t.vector_input, t.unit));
    REFUSED(FV_SHAPE, "has maps over the input", CALL(t.vector_session, t.vector_input, t.dense));
    const float was = t.input->data[0];
    t.input->data[0] = NAN;
    REFUSED(FV_ARG, "not finite", CALL(t.session, t.input, t.unit));
    t.input->data[0] = was;
    WORKS(CALL(t.session, t.input, t.unit));
    fv_attribution_free(o.attribution);
    HARMLESS(fv_attribution_free(NULL));
}

static void test_fields(void **state) {
    (void)state;
#define METHOD(...)                                                                   \
    fv_attribute(t.session, t.input, t.unit, FV_DESC(fv_attribute_desc, __VA_ARGS__), \
                 &o.attribution, err)
    REFUSED(FV_ARG, "method is -1", METHOD(.method = -1));
    REFUSED(FV_ARG, "method is 10", METHOD(.method = 10));
    REFUSED(FV_ARG, "baseline is -1", METHOD(.baseline = -1));
    REFUSED(FV_ARG, "baseline is 8", METHOD(.baseline = 8));
    REFUSED(FV_ARG, "samples is -1", METHOD(.samples = -1));
    REFUSED(FV_ARG, "samples is 1000001", METHOD(.samples = 1000001));
    REFUSED(FV_ARG, "sd is -1", METHOD(.sd = -1));
    REFUSED(FV_ARG, "sd is 101", METHOD(.sd = 101));
    REFUSED(FV_ARG, "sd is nan", METHOD(.sd = NAN));
    REFUSED(FV_ARG, "steps is -1", METHOD(.steps = -1));
    REFUSED(FV_ARG, "steps is 10001", METHOD(.steps = 10001));
    REFUSED(FV_ARG, "window is -1", METHOD(.window = -1));
    REFUSED(FV_ARG, "window is 33", METHOD(.window = 33));
    REFUSED(FV_ARG, "stride is -1", METHOD(.stride = -1));
    REFUSED(FV_ARG, "stride is 9", METHOD(.window = 8, .stride = 9));
    REFUSED(FV_ARG, "masks is -1", METHOD(.masks = -1));
    REFUSED(FV_ARG, "masks is 1000001", METHOD(.masks = 1000001));
    REFUSED(FV_ARG, "cells is -1", METHOD(.cells = -1));
    REFUSED(FV_ARG, "cells is 33", METHOD(.cells = 33));
    REFUSED(FV_ARG, "keep is -1", METHOD(.keep = -1));
    REFUSED(FV_ARG, "keep is 2", METHOD(.keep = 2));
    REFUSED(FV_ARG, "keep is nan", METHOD(.keep = NAN));
    REFUSED(FV_NOTFOUND, "nothing", METHOD(.method = FV_METHOD_GRADCAM, .layer = "nothing"));
    REFUSED(FV_SHAPE, "no maps", METHOD(.method = FV_METHOD_GRADCAM, .layer = "flatten"));
#define BASELINE(GIVEN) \
    METHOD(.method = FV_METHOD_INTEGRATED, .baseline = FV_BASELINE_PICTURE, .baseline_input = GIVEN)
    REFUSED(FV_ARG, "none is given", BASELINE(NULL));
    REFUSED(FV_SHAPE, "baseline", BASELINE(t.vector_input));
    REFUSED(FV_ARG, "baseline", BASELINE(&no_tensor));
    REFUSED(FV_ARG, "baseline", BASELINE(&nine_dims));
}

static void test_scores(void **state) {
    (void)state;
#define SCORES(MAP, ...)                                                                       \
    fv_attribute_scores(t.session, t.input, t.unit, MAP, FV_DESC(fv_scores_desc, __VA_ARGS__), \
                        &o.scores, err)
    REFUSED(FV_ARG, "session must",
            fv_attribute_scores(NULL, t.input, t.unit, NULL, NULL, &o.scores, err));
    REFUSED(FV_ARG, "input must",
            fv_attribute_scores(t.session, NULL, NULL, NULL, NULL, &o.scores, err));
    REFUSED(FV_ARG, "out must",
            fv_attribute_scores(t.session, t.input, t.unit, NULL, NULL, NULL, err));
    REFUSED(FV_ARG, "steps is -1", SCORES(NULL, .steps = -1));
    REFUSED(FV_ARG, "steps is 100001", SCORES(NULL, .steps = 100001));
    REFUSED(FV_ARG, "baseline -1", SCORES(NULL, .deletion = -1));
    REFUSED(FV_ARG, "baseline 8", SCORES(NULL, .deletion = 8));
    REFUSED(FV_ARG, "baseline -1", SCORES(NULL, .insertion = -1));
    REFUSED(FV_ARG, "baseline 8", SCORES(NULL, .insertion = 8));
    REFUSED(FV_ARG, "deletion is baseline 7; allowed: 1..6, all but a picture",
            SCORES(NULL, .deletion = FV_BASELINE_PICTURE));
    REFUSED(FV_SHAPE, "map", SCORES(t.vector_input, .steps = 1));
    REFUSED(FV_ARG, "map", SCORES(&no_tensor, .steps = 1));
    REFUSED(FV_ARG, "map", SCORES(&no_numbers, .steps = 1));
    WORKS(SCORES(NULL, .steps = 1));
    fv_scores_free(o.scores);
    HARMLESS(fv_scores_free(NULL));
}

static void test_shuffle(void **state) {
    static const int first[] = {0}, below[] = {-1}, above[] = {10};
    (void)state;
    REFUSED(FV_ARG, "model must", fv_model_shuffle(NULL, first, 1, 0, &o.model, err));
    REFUSED(FV_ARG, "layers must", fv_model_shuffle(t.net, NULL, 1, 0, &o.model, err));
    REFUSED(FV_ARG, "out must", fv_model_shuffle(t.net, first, 1, 0, NULL, err));
    REFUSED(FV_ARG, "-1 layers", fv_model_shuffle(t.net, first, -1, 0, &o.model, err));
    REFUSED(FV_ARG, "0..9", fv_model_shuffle(t.net, below, 1, 0, &o.model, err));
    REFUSED(FV_ARG, "0..9", fv_model_shuffle(t.net, above, 1, 0, &o.model, err));
    WORKS(fv_model_shuffle(t.net, NULL, 0, 0, &o.model, err));
    fv_model_free(o.model);
}

static void test_sanity(void **state) {
    (void)state;
#define SANITY(INPUT, WHAT, ...)                                                                 \
    fv_attribute_sanity(t.session, INPUT, WHAT, FV_DESC(fv_sanity_desc, __VA_ARGS__), &o.sanity, \
                        err)
    REFUSED(FV_ARG, "session must",
            fv_attribute_sanity(NULL, t.input, t.unit, NULL, &o.sanity, err));
    REFUSED(FV_ARG, "input must", fv_attribute_sanity(t.session, NULL, NULL, NULL, &o.sanity, err));
    REFUSED(FV_ARG, "out must", fv_attribute_sanity(t.session, t.input, t.unit, NULL, NULL, err));
    REFUSED(FV_ARG, "stages is -1", SANITY(t.input, t.unit, .stages = -1));
    REFUSED(FV_ARG, "stages is 1001", SANITY(t.input, t.unit, .stages = 1001));
    REFUSED(FV_ARG, "another model", SANITY(t.input, t.dense, .stages = 1));
    REFUSED(FV_SHAPE, "wants", SANITY(t.vector_input, t.unit, .stages = 1));
    REFUSED(FV_ARG, "data", SANITY(&no_numbers, t.unit, .stages = 1));
    const fv_attribute_desc bad = {.struct_size = sizeof bad, .keep = 2}, none = {.struct_size = 0};
    REFUSED(FV_ARG, "keep is 2", SANITY(t.input, t.unit, .stages = 1, .attribute = &bad));
    REFUSED(FV_ARG, "struct_size", SANITY(t.input, t.unit, .stages = 1, .attribute = &none));
    HARMLESS(fv_sanity_free(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods), cmocka_unit_test(test_calls),
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_scores),
        cmocka_unit_test(test_shuffle), cmocka_unit_test(test_sanity),
    };
    return cmocka_run_group_tests(tests, misuse_setup, misuse_teardown);
}
