/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives that compare with a photo, through the public API: the photo goes through the very
 * transforms its picture goes through, a batch may have several photos, accentuation weighs its two
 * terms, and what cannot be is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/recipes.h"
#include "support/texts.h"

#define MODEL  "tests/golden/residual.new18-free.onnx"
#define FIXED  "tests/golden/residual.old9.onnx"
#define VECTOR "tests/data/cli/vector.onnx"
#define PHOTO  "tests/data/cli/photo.jpg"
#define OTHER  "tests/data/pictures/exif1.jpg"
#define LAYER  "#5" /* a convolution of 8 channels */

static fv_model *load(const char *path) {
    fv_error err = {0};
    fv_model *m = NULL;
    if (fv_model_load(path, NULL, &m, &err)) fail_msg("%s", err.text);
    return m;
}

static fv_image *seen(const fv_model *m, const char *path) {
    fv_error err = {0};
    fv_image *photo = NULL, *out = NULL;
    if (fv_image_load(path, &photo, &err) || fv_input_picture(m, photo, &out, &err))
        fail_msg("%s", err.text);
    fv_image_free(photo);
    return out;
}

static fv_image *photo_of(const char *path) {
    fv_error err = {0};
    fv_image *photo = NULL;
    if (fv_image_load(path, &photo, &err)) fail_msg("%s", err.text);
    return photo;
}

/* match(LAYER, photo), of a file. */
static fv_objective *match(const fv_model *m, const char *path) {
    fv_error err = {0};
    fv_objective *o = NULL;
    fv_image *photo = photo_of(path);
    if (fv_photo_objective(m, "match", LAYER, &(fv_attachment){path, photo, NULL}, -1, &o, &err))
        fail_msg("%s", err.text);
    fv_image_free(photo);
    return o;
}

static void render(const fv_model *m, fv_objective *const *objectives, int n,
                   const fv_recipe *recipe, fv_rendering **out) {
    fv_error err = {0};
    fv_session *s = NULL;
    if (fv_session_new(m, NULL, &s, &err) ||
        fv_render_many(s, (objective_list)objectives, n, recipe, NULL, out, &err))
        fail_msg("%s", err.text);
    fv_session_free(s);
}

/* The bare pixels of the photo, one update. */
static fv_recipe *from_photo(const fv_model *m, const fv_image *photo) {
    fv_error err = {0};
    fv_recipe *r = recipe_of(m, "wolfram", NULL, "transforms=none; steps=1");
    if (fv_recipe_set_image(r, "start", photo, &err)) fail_msg("%s", err.text);
    return r;
}

/* A picture that is the photo matches it, whatever is done to it on the way to the network. */
static void the_photo_goes_through_the_same_transforms(void **state) {
    (void)state;
    static const char *const chains[] = {"none",
                                         "roll(8)",
                                         "pad(4;reflect) jitter(8)",
                                         "crop(0.3,0.6,0.3,0.6,20,0.5) noise(0.1)",
                                         "scale(0.8,1.3) rotate(-30,30)",
                                         "color(0.5,0.2)"};
    fv_model *m = load(MODEL);
    fv_image *photo = seen(m, PHOTO);
    fv_objective *one = match(m, PHOTO);
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        fv_error err = {0};
        fv_rendering *r = NULL;
        fv_recipe *d = from_photo(m, photo);
        if (fv_recipe_set(d, "transforms", chains[i], &err)) fail_msg("%s", err.text);
        recipe_set(d, "copies=3");
        render(m, &one, 1, d, &r);
        fv_recipe_free(d);
        if (fabs(r->first) > 1e-10) fail_msg("%s: %g", chains[i], r->first);
        fv_rendering_free(r);
    }
    fv_objective_free(one);
    fv_image_free(photo);
    fv_model_free(m);
}

/* The same where the network sees tiles of a larger picture. */
static void tiles_see_the_photo_too(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_image *photo = seen(m, PHOTO);
    fv_recipe *d = from_photo(m, photo);
    fv_rendering *r = NULL;
    fv_objective *one = match(m, PHOTO);
    recipe_set(d, "size=40; tile=16");
    render(m, &one, 1, d, &r);
    fv_recipe_free(d);
    assert_float_equal(r->first, 0, 1e-6);
    fv_rendering_free(r);
    fv_objective_free(one);
    fv_image_free(photo);
    fv_model_free(m);
}

/* From noise the picture comes near the photo's activations. */
static void inversion_comes_near(void **state) {
    (void)state;
    static const char *const layer = LAYER;
    fv_model *m = load(MODEL);
    fv_session *s = NULL;
    fv_rendering *r = NULL;
    fv_image *photo = NULL;
    fv_tensor *input = NULL;
    fv_activations *a = NULL, *b = NULL;
    fv_error err = {0};
    double error = 1, cosine = 0;
    fv_objective *one = match(m, PHOTO);
    fv_recipe *d = recipe_of(m, "invert", NULL, "transforms=none");
    render(m, &one, 1, d, &r);
    fv_recipe_free(d);
    assert_true(r->first < -0.5 && r->reached > -0.05);
    if (fv_session_new(m, NULL, &s, &err) || fv_image_load(PHOTO, &photo, &err) ||
        fv_input_from_image(m, photo, &input, &err) ||
        fv_activations_run(s, input, &layer, 1, &a, &err) ||
        fv_activations_run(s, r->input, &layer, 1, &b, &err) ||
        fv_activations_compare(b, a, &error, &cosine, &err))
        fail_msg("%s", err.text);
    assert_true(error < 0.25 && cosine > 0.95);
    assert_float_equal(error * error, -r->reached, 0.02);
    fv_objective_free(one);
    fv_activations_free(a);
    fv_activations_free(b);
    fv_tensor_free(input);
    fv_image_free(photo);
    fv_rendering_free(r);
    fv_session_free(s);
    fv_model_free(m);
}

/* Pictures of a batch compare each with its own photo, or with none. */
static void each_picture_has_its_photo(void **state) {
    (void)state;
    static const char *const paths[] = {MODEL, FIXED};
    for (int k = 0; k < 2; k++) {
        fv_model *m = load(paths[k]);
        fv_objective *three[] = {match(m, PHOTO), match(m, OTHER), NULL};
        assert_int_equal(fv_objective_new(m, LAYER ":2", NULL, 0, &three[2], NULL), FV_OK);
        fv_rendering *together[3], *alone[3];
        fv_recipe *d = recipe_of(m, "invert", NULL, "steps=6");
        render(m, three, 3, d, together);
        for (int i = 0; i < 3; i++) {
            render(m, &three[i], 1, d, &alone[i]);
            assert_float_equal(together[i]->reached, alone[i]->reached,
                               1e-3 * fabs(alone[i]->reached));
            assert_float_equal(together[i]->first, alone[i]->first, 1e-4 * fabs(alone[i]->first));
        }
        assert_true(fabs(together[0]->first - together[1]->first) > 1e-3);
        for (int i = 0; i < 3; i++) {
            fv_rendering_free(together[i]);
            fv_rendering_free(alone[i]);
            fv_objective_free(three[i]);
        }
        fv_recipe_free(d);
        fv_model_free(m);
    }
}

/* Checks that an objective's text reads back as it is, from the file it names. */
static void reads_back(const fv_model *m, const fv_objective *o) {
    fv_error err = {0};
    fv_objective *again = NULL;
    if (fv_objective_new(m, fv_objective_text(o), NULL, 0, &again, &err)) fail_msg("%s", err.text);
    assert_string_equal(fv_objective_text(o), fv_objective_text(again));
    fv_objective_free(again);
}

/* What is written reads back, also where names need quotes. */
static void texts_read_back(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_image *photo = seen(m, PHOTO);
    fv_objective *o = NULL;
    fv_error err = {0};
    char folder[] = "/tmp/fovea-photo-XXXXXX", path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a (b), 'c'.png", folder);
    fv_attachment named = {path, photo, NULL};
    if (fv_image_save(photo, path, &err) ||
        fv_photo_objective(m, "caricature", LAYER, &named, 2, &o, &err))
        fail_msg("%s", err.text);
    reads_back(m, o);
    assert_non_null(strstr(fv_objective_text(o), "'c'.png\", 2)"));
    fv_objective_free(o);
    o = NULL;
    assert_int_equal(fv_photo_objective(m, "tv", LAYER, &named, 2, &o, &err), FV_ARG);
    named.name = "a'\".png";
    assert_int_equal(fv_photo_objective(m, "match", LAYER, &named, 2, &o, &err), FV_ARG);
    assert_null(o);
    unlink(path);
    rmdir(folder);
    fv_image_free(photo);
    fv_model_free(m);
}

/* A name with double quotes is written in single ones; one with both is refused. */
static void double_quotes_read_back(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_image *photo = seen(m, PHOTO);
    fv_objective *o = NULL;
    fv_error err = {0};
    char folder[] = "/tmp/fovea-photo-XXXXXX", path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a \"b.png", folder);
    if (fv_image_save(photo, path, &err)) fail_msg("%s", err.text);
    o = match(m, path);
    reads_back(m, o);
    assert_non_null(strstr(fv_objective_text(o), "/a \"b.png')"));
    fv_objective_free(o);
    o = NULL;
    unlink(path);
    rmdir(folder);
    assert_int_equal(fv_objective_new(m, "match(" LAYER ", a'b\".png)", NULL, 0, &o, &err), FV_ARG);
    assert_string_equal(err.text, "a'b\".png: a name with both kinds of quotes cannot be written");
    fv_image_free(photo);
    fv_model_free(m);
}

/* The number before " * match" or "*match". */
static double weight_of(const fv_objective *o) {
    const char *plus = strstr(fv_objective_text(o), " + ");
    assert_non_null(plus);
    return strtod(plus + 3, NULL);
}

/* The accentuation of a text on PHOTO, in a session that keeps what is not finite. */
static fv_status accentuate(const fv_model *m, const char *text, const char *near, double strength,
                            fv_objective **out, fv_error *err) {
    fv_image *photo = photo_of(PHOTO);
    fv_objective *o = NULL;
    fv_session *s = NULL;
    fv_status st = fv_objective_new(m, text, NULL, 0, &o, err);
    if (!st) st = fv_session_new(m, FV_DESC(fv_session_desc, .on_nan = FV_ON_NAN_KEEP), &s, err);
    const fv_attachment named = {PHOTO, photo, NULL};
    if (!st) st = fv_accentuation_objective(s, o, &named, near, strength, out, err);
    fv_session_free(s);
    fv_objective_free(o);
    fv_image_free(photo);
    return st;
}

/* Pixels times 3e38 make infinite activations: that is said, not that a gradient is zero. */
static void accentuation_of_infinity_is_refused(void **state) {
    (void)state;
    fv_error err = {0};
    fv_model *m = NULL;
    fv_objective *o = NULL;
    const float scale[] = {3e38f, 3e38f, 3e38f};
    if (fv_model_load(MODEL, FV_DESC(fv_model_desc, .scale = scale), &m, &err))
        fail_msg("%s", err.text);
    assert_int_equal(accentuate(m, LAYER ":2", "#1", 1, &o, &err), FV_NONFINITE);
    assert_non_null(strstr(err.text, "the gradient of relu is not finite"));
    assert_null(o);
    fv_model_free(m);
}

static void accentuation_weighs_its_terms(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_error err = {0};
    fv_objective *one = NULL, *two = NULL, *ten = NULL, *none = NULL, *usual = NULL, *bad = NULL;
    if (accentuate(m, LAYER ":2", "#1", 1, &one, &err) ||
        accentuate(m, LAYER ":2", "#1", 2, &two, &err) ||
        accentuate(m, "10*" LAYER ":2", "#1", 1, &ten, &err))
        fail_msg("%s", err.text);
    assert_true(weight_of(one) > 0);
    assert_float_equal(weight_of(two) / weight_of(one), 2, 0.02);
    assert_float_equal(weight_of(ten) / weight_of(one), 10, 0.1);
    reads_back(m, one);
    if (accentuate(m, LAYER ":2", NULL, 0, &none, &err)) fail_msg("%s", err.text);
    assert_null(strstr(fv_objective_text(none), "match"));
    /* by default the last layer of maps of 2x2 and more */
    if (accentuate(m, LAYER ":2", NULL, 1, &usual, &err)) fail_msg("%s", err.text);
    assert_non_null(strstr(fv_objective_text(usual), "match(relu_4, "));
    assert_int_equal(accentuate(m, LAYER ":2", "#1", -1, &bad, &err), FV_ARG);
    assert_int_equal(accentuate(m, LAYER ":2", "#1", NAN, &bad, &err), FV_ARG);
    assert_int_equal(accentuate(m, "-1*tv", "#1", 1, &bad, &err), FV_ARG);
    assert_int_equal(accentuate(m, LAYER ":2", "nowhere", 1, &bad, &err), FV_NOTFOUND);
    assert_null(bad);
    fv_objective *const all[] = {one, two, ten, none, usual};
    for (int i = 0; i < 5; i++) fv_objective_free(all[i]);
    fv_model_free(m);
}

/* Starting at the photo, the objective grows, and less so the more strongly the picture is held. */
static void accentuation_is_held_near(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_image *photo = seen(m, PHOTO);
    fv_session *s = NULL;
    fv_error err = {0};
    const double strength[] = {0, 0.5, 10}; /* at more than 10 nothing is left to hold back */
    double grown[3];
    assert_int_equal(fv_session_new(m, NULL, &s, NULL), FV_OK);
    for (int i = 0; i < 3; i++) {
        fv_rendering *r = NULL;
        fv_tensor *dx = NULL;
        fv_objective *one = NULL;
        fv_recipe *d = recipe_of(m, "accentuate", NULL, "steps=30; copies=4");
        if (fv_recipe_set_image(d, "start", photo, &err)) fail_msg("%s", err.text);
        if (accentuate(m, LAYER ":2", "#1", strength[i], &one, &err)) fail_msg("%s", err.text);
        render(m, &one, 1, d, &r);
        fv_recipe_free(d);
        if (gradient_text(m, s, r->input, LAYER ":2", &grown[i], &dx, &err))
            fail_msg("%s", err.text);
        fv_tensor_free(dx);
        fv_rendering_free(r);
        fv_objective_free(one);
    }
    assert_true(grown[0] > grown[1] && grown[1] > grown[2]);
    fv_session_free(s);
    fv_image_free(photo);
    fv_model_free(m);
}

static void bad_requests(void **state) {
    (void)state;
    static const struct {
        const char *model, *objective;
        fv_status status;
        const char *expected;
    } cases[] = {
        {MODEL, "match(" LAYER ")", FV_ARG, "allowed: match(LAYER[:C], PHOTO)"},
        {MODEL, "match(" LAYER "@1,2, " PHOTO ")", FV_ARG, "allowed: match(LAYER[:C], PHOTO)"},
        {MODEL, "caricature(" LAYER ", " PHOTO ", -1)", FV_ARG, "is no number of 0..1000"},
        {MODEL, "match(" LAYER ":8, " PHOTO ")", FV_NOTFOUND, "8 does not exist (0..7)"},
        {MODEL, "match(nowhere, " PHOTO ")", FV_NOTFOUND, "nowhere"},
        {MODEL, "match(" LAYER ", /nowhere.jpg)", FV_IO, "/nowhere.jpg"},
        {MODEL, "match(" LAYER ", " MODEL ")", FV_FORMAT, "residual"},
        {MODEL, "match(" LAYER ", " PHOTO ") + match(" LAYER ", " OTHER ")", FV_ARG,
         "an objective may look at one photo"},
        {VECTOR, "match(dense1, " PHOTO ")", FV_SHAPE, "is no picture"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_model *m = load(cases[i].model);
        fv_error err = {0};
        fv_objective *o = NULL;
        fv_status st = fv_objective_new(m, cases[i].objective, NULL, 0, &o, &err);
        if (st != cases[i].status || !strstr(err.text, cases[i].expected))
            fail_msg("%s: %d, %s", cases[i].objective, st, err.text);
        fv_model_free(m);
    }
}

/* A raw input has no photo beside it. */
static void raw_inputs_have_no_photo(void **state) {
    (void)state;
    fv_model *m = load(MODEL);
    fv_image *photo = NULL;
    fv_session *s = NULL;
    fv_tensor *x = NULL, *dx = NULL;
    fv_error err = {0};
    assert_int_equal(fv_image_load(PHOTO, &photo, &err), FV_OK);
    assert_int_equal(fv_input_from_image(m, photo, &x, &err), FV_OK);
    assert_int_equal(fv_session_new(m, NULL, &s, NULL), FV_OK);
    assert_int_equal(gradient_text(m, s, x, "match(" LAYER ", " PHOTO ")", NULL, &dx, &err),
                     FV_ARG);
    assert_non_null(strstr(err.text, "looks at a photo"));
    assert_null(dx);
    fv_session_free(s);
    fv_tensor_free(x);
    fv_image_free(photo);
    fv_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_photo_goes_through_the_same_transforms),
        cmocka_unit_test(tiles_see_the_photo_too),
        cmocka_unit_test(inversion_comes_near),
        cmocka_unit_test(each_picture_has_its_photo),
        cmocka_unit_test(texts_read_back),
        cmocka_unit_test(double_quotes_read_back),
        cmocka_unit_test(accentuation_weighs_its_terms),
        cmocka_unit_test(accentuation_of_infinity_is_refused),
        cmocka_unit_test(accentuation_is_held_near),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(raw_inputs_have_no_photo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
