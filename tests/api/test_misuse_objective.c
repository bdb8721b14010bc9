/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of objective.h: texts, attachments, sums, photos. */
#include "misuse.h"

static void test_new(void **state) {
    (void)state;
#define NEW(MODEL, TEXT) fv_objective_new(MODEL, TEXT, NULL, 0, &o.objective, err)
    REFUSED(FV_ARG, "model must", NEW(NULL, "pool:0"));
    REFUSED(FV_ARG, "text must", NEW(t.net, NULL));
    REFUSED(FV_ARG, "out must", fv_objective_new(t.net, "pool:0", NULL, 0, NULL, err));
    REFUSED(FV_ARG, "empty", NEW(t.net, ""));
    REFUSED(FV_ARG, "empty", NEW(t.net, "   "));
    REFUSED(FV_NOTFOUND, "nothing", NEW(t.net, "nothing:0"));
    REFUSED(FV_NOTFOUND, "12", NEW(t.net, "pool:12"));
    WORKS(NEW(t.net, "pool:0"));
    assert_string_equal(fv_objective_text(o.objective), "pool:0");
    assert_string_equal(fv_objective_note(o.objective), "");
    fv_objective_free(o.objective);
    assert_string_equal(fv_objective_text(NULL), "");
    assert_string_equal(fv_objective_note(NULL), "");
    HARMLESS(fv_objective_free(NULL));
}

static void test_attachments(void **state) {
    (void)state;
    float ones[6] = {1, 1, 1, 1, 1, 1};
    const fv_tensor direction = {1, {6}, ones};
#define WITH(TEXT, COUNT, ...) \
    fv_objective_new(t.net, TEXT, (fv_attachment[]){__VA_ARGS__}, COUNT, &o.objective, err)
    REFUSED(FV_ARG, "attachments must",
            fv_objective_new(t.net, "pool:0", NULL, 1, &o.objective, err));
    REFUSED(FV_ARG, "-1 attachments", WITH("pool:0", -1, {"a", t.photo, NULL}));
    REFUSED(FV_ARG, "no name", WITH("pool:0", 1, {NULL, t.photo, NULL}));
    REFUSED(FV_ARG, "no name", WITH("pool:0", 1, {"", t.photo, NULL}));
    REFUSED(FV_ARG, "neither", WITH("pool:0", 1, {"a", NULL, NULL}));
    REFUSED(FV_ARG, "both", WITH("pool:0", 1, {"a", t.photo, &direction}));
    REFUSED(FV_ARG, "two attachments",
            WITH("pool:0", 2, {"a", t.photo, NULL}, {"a", NULL, &direction}));
    REFUSED(FV_ARG, "7 channels", WITH("pool:0", 1, {"a", &seven_channels, NULL}));
    REFUSED(FV_ARG, "data", WITH("pool:0", 1, {"a", &no_data, NULL}));
    REFUSED(FV_ARG, "9 dimensions", WITH("pool:0", 1, {"a", NULL, &nine_dims}));
    REFUSED(FV_ARG, "is an image", WITH("direction(pool, a)", 1, {"a", t.photo, NULL}));
    REFUSED(FV_ARG, "is a tensor", WITH("match(pool, a)", 1, {"a", NULL, &direction}));
    REFUSED(FV_IO, "b", WITH("match(pool, b)", 1, {"a", t.photo, NULL}));
    REFUSED(FV_ARG, "two",
            WITH("match(pool, a) + match(pool, b)", 2, {"a", t.photo, NULL}, {"b", t.photo, NULL}));
    WORKS(WITH("match(pool, a)", 1, {"a", t.photo, NULL}));
    fv_objective_free(o.objective);
}

static void test_add(void **state) {
    (void)state;
#define ADD(A, WEIGHT, B) fv_objective_add(A, WEIGHT, B, &o.objective, err)
    REFUSED(FV_ARG, "a must", ADD(NULL, 1, t.pool));
    REFUSED(FV_ARG, "b must", ADD(t.pool, 1, NULL));
    REFUSED(FV_ARG, "out must", fv_objective_add(t.pool, 1, t.unit, NULL, err));
    REFUSED(FV_ARG, "weight is nan", ADD(t.pool, NAN, t.unit));
    REFUSED(FV_ARG, "weight is inf", ADD(t.pool, INFINITY, t.unit));
    REFUSED(FV_ARG, "weight is 2e+30", ADD(t.pool, 2e30, t.unit));
    REFUSED(FV_ARG, "another model", ADD(t.pool, 1, t.dense));
    WORKS(ADD(t.pool, 1e30, t.unit));
    fv_objective *large = o.objective;
    REFUSED(FV_ARG, "has a weight of 1e+60", ADD(t.pool, 1e30, large));
    fv_objective_free(large);
    WORKS(ADD(t.pool, -0.5, t.mixed));
    assert_string_equal(fv_objective_text(o.objective), "pool:0 - 0.5*pool:0 + 0.5*tv");
    fv_objective_free(o.objective);
}

static void test_photo(void **state) {
    (void)state;
#define PHOTO(TERM, LAYER, IMAGE, NAME, POWER)                                         \
    fv_photo_objective(t.net, TERM, LAYER, &(fv_attachment){NAME, IMAGE, NULL}, POWER, \
                       &o.objective, err)
    const fv_attachment named = {"a", t.photo, NULL};
    REFUSED(FV_ARG, "model must",
            fv_photo_objective(NULL, "match", "pool", &named, 1, &o.objective, err));
    REFUSED(FV_ARG, "term must", PHOTO(NULL, "pool", t.photo, "a", 1));
    REFUSED(FV_ARG, "layer must", PHOTO("match", NULL, t.photo, "a", 1));
    REFUSED(FV_ARG, "photo must",
            fv_photo_objective(t.net, "match", "pool", NULL, 1, &o.objective, err));
    REFUSED(FV_ARG, "the photo is no picture: it is NULL", PHOTO("match", "pool", NULL, "a", 1));
    const fv_attachment both = {"a", t.photo, t.input};
    REFUSED(FV_ARG, "both",
            fv_photo_objective(t.net, "match", "pool", &both, 1, &o.objective, err));
    REFUSED(FV_ARG, "out must", fv_photo_objective(t.net, "match", "pool", &named, 1, NULL, err));
    REFUSED(FV_ARG, "data", PHOTO("match", "pool", &no_data, "a", 1));
    REFUSED(FV_ARG, "caricature", PHOTO("", "pool", t.photo, "a", 1));
    REFUSED(FV_ARG, "power", PHOTO("caricature", "pool", t.photo, "a", NAN));
    REFUSED(FV_ARG, "power", PHOTO("caricature", "pool", t.photo, "a", 1001));
    REFUSED(FV_NOTFOUND, "nothing", PHOTO("match", "nothing", t.photo, "a", 1));
    REFUSED(FV_ARG, "quotes", PHOTO("match", "pool", t.photo, "'\"", 1));
    REFUSED(FV_ARG, "photo's name is empty", PHOTO("match", "pool", t.photo, "", 1));
    WORKS(PHOTO("caricature", "pool", t.photo, NULL, 0.12345));
    assert_string_equal(fv_objective_text(o.objective), "caricature(pool, photo, 0.12345)");
    fv_objective_free(o.objective);
    WORKS(PHOTO("match", "pool", t.photo, NULL, 1));
    assert_string_equal(fv_objective_text(o.objective), "match(pool, photo)");
    fv_objective_free(o.objective);
}

static void test_accentuation(void **state) {
    (void)state;
#define ACCENT(OBJECTIVE, IMAGE, NAME, NEAR, STRENGTH)                                         \
    fv_accentuation_objective(t.session, OBJECTIVE, &(fv_attachment){NAME, IMAGE, NULL}, NEAR, \
                              STRENGTH, &o.objective, err)
    const fv_attachment named = {"a", t.photo, NULL};
    REFUSED(FV_ARG, "session must",
            fv_accentuation_objective(NULL, t.pool, &named, NULL, 1, &o.objective, err));
    REFUSED(FV_ARG, "objective must", ACCENT(NULL, t.photo, "a", "pool", 1));
    REFUSED(FV_ARG, "photo must",
            fv_accentuation_objective(t.session, t.pool, NULL, "pool", 1, &o.objective, err));
    REFUSED(FV_ARG, "the photo is no picture: it is NULL", ACCENT(t.pool, NULL, "a", "pool", 1));
    REFUSED(FV_ARG, "out must",
            fv_accentuation_objective(t.session, t.pool, &named, NULL, 1, NULL, err));
    REFUSED(FV_ARG, "7 channels", ACCENT(t.pool, &seven_channels, "a", "pool", 1));
    REFUSED(FV_ARG, "another model", ACCENT(t.dense, t.photo, "a", "pool", 1));
    REFUSED(FV_ARG, "another model", ACCENT(t.dense, t.photo, "a", "pool", 0));
    REFUSED(FV_ARG, "tv", ACCENT(t.mixed, t.photo, "a", "pool", 1));
    REFUSED(FV_NOTFOUND, "nothing", ACCENT(t.pool, t.photo, "a", "nothing", 1));
    REFUSED(FV_ARG, "quotes", ACCENT(t.pool, t.photo, "'\"", "pool", 1));
    REFUSED(FV_ARG, "photo's name is empty", ACCENT(t.pool, t.photo, "", "pool", 1));
    REFUSED(FV_ARG, "strength", ACCENT(t.pool, t.photo, "a", "pool", -1));
    REFUSED(FV_ARG, "strength", ACCENT(t.pool, t.photo, "a", "pool", NAN));
    REFUSED(FV_ARG, "strength", ACCENT(t.pool, t.photo, "a", "pool", INFINITY));
    WORKS(ACCENT(t.pool, t.photo, "a", "pool", 0));
    assert_string_equal(fv_objective_text(o.objective), "pool:0");
    fv_objective_free(o.objective);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),          cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_add),          cmocka_unit_test(test_photo),
        cmocka_unit_test(test_accentuation),
    };
    return cmocka_run_group_tests(tests, misuse_setup, misuse_teardown);
}
