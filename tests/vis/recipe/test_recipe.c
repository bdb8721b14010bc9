/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes: the size that every kind of unit gets, and that a picture of it is the one that is made
 * when the same size is asked for; options read back what was set, under their former names too;
 * what a recipe holds is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/builder.h"
#include "support/recipes.h"
#include "support/texts.h"

enum { HEIGHT = 256, WIDTH = 224 };

static builder *b;
static fv_model *model;

/* A convolution of x with 4 outputs; `pads` keep the size. */
static void conv(const char *name, const char *kernel, const char *dilations, const char *pads) {
    char weights[32], inputs[64], dims[32];
    snprintf(weights, sizeof weights, "%s_w", name);
    snprintf(inputs, sizeof inputs, "x,%s", weights);
    snprintf(dims, sizeof dims, "4,3,%s", kernel);
    builder_f32(b, weights, dims, NULL);
    Onnx__NodeProto *n = builder_node(b, "Conv", name, inputs, name);
    builder_ints(b, n, "dilations", dilations);
    builder_ints(b, n, "pads", pads);
    builder_output(b, name);
}

static int setup(void **state) {
    (void)state;
    fv_error err = {0};
    b = builder_new(17);
    builder_input(b, "x", FVI_F32, "1,3,256,224");
    conv("small", "3,3", "1,1", "1,1,1,1");       /* sees 3x3 */
    conv("wide", "5,5", "8,8", "16,16,16,16");    /* 33x33 */
    conv("tall", "7,1", "8,1", "24,0,24,0");      /* 49x1 */
    conv("large", "7,7", "10,10", "30,30,30,30"); /* 61x61 */
    conv("most", "7,7", "12,12", "36,36,36,36");  /* 73x73 */
    builder_f32(b, "place", "1,4,256,224", NULL);
    builder_node(b, "Add", "placed", "small,place", "placed");
    builder_output(b, "placed");
    builder_node(b, "GlobalAveragePool", "pool", "small", "pool");
    builder_output(b, "pool");
    if (fv_model_load(builder_save(b, "net.onnx"), NULL, &model, &err)) fail_msg("%s", err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fv_model_free(model);
    builder_free(b);
    return 0;
}

static void expect_size(const char *const *units, int n, const char *recipe, const char *options,
                        const char *size, const char *view) {
    fv_error err = {0};
    fv_recipe *r = NULL;
    char got[64], seen[64];
    if (recipe_texts(model, recipe, units, n, &r, &err)) fail_msg("%s: %s", units[0], err.text);
    recipe_set(r, options);
    strcpy(got, recipe_text(r, "size"));
    strcpy(seen, recipe_text(r, "view"));
    if (strcmp(got, size) != 0 || strcmp(seen, view) != 0)
        fail_msg("%s and %d more, %s: %s, view %s", units[0], n - 1, options, got, seen);
    fv_recipe_free(r);
}

static void every_unit_has_its_size(void **state) {
    (void)state;
    const struct {
        const char *unit, *size;
    } small[] = {{"small:0", "96x96"},          {"small", "96x96"},    {"neuron(small:1)", "96x96"},
                 {"small:0 - 0.1*tv", "96x96"}, {"wide:0", "128x128"}, {"tall:0", "96x160"},
                 {"large:3", "192x192"}, /* three quarters of the whole */
                 {"wide:0 + tall:1", "128x160"}};
    const char *whole[] = {"most:0",                          /* 224x224: nearly all there is */
                           "small:0@3,4",                     /* a given place */
                           "small:0 + small:1@3,4", "pool:0", /* sees everything */
                           "placed:0"}; /* the network runs at no other size */
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        expect_size(&small[i].unit, 1, "fovea-layer", "", small[i].size, "picture");
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        expect_size(&whole[i], 1, "fovea-layer", "", "224x256", "model");
}

static void units_of_a_call_share_the_largest(void **state) {
    (void)state;
    const char *units[] = {"small:0", "wide:0", "tall:0", "pool:0"};
    expect_size(units, 2, "fovea-layer", "", "128x128", "picture");
    expect_size(units, 3, "fovea-layer", "", "128x160", "picture");
    expect_size(units, 4, "fovea-layer", "", "224x256", "model");
}

static void what_is_asked_for_stays(void **state) {
    (void)state;
    const char *unit = "small:0";
    float grey[3] = {0.5f, 0.5f, 0.5f};
    const fv_image photo = {.channels = 3, .height = 1, .width = 1, .data = grey};
    fv_error err = {0};
    expect_size(&unit, 1, "fovea-layer", "size=64x32", "64x32", "model");
    expect_size(&unit, 1, "wolfram", "", "224x256", "model");
    expect_size(&unit, 1, "lucid", "", "128x128", "model");
    expect_size(&unit, 1, "wolfram", "size=receptive", "96x96", "picture");
    fv_recipe *r = recipe_of(model, NULL, unit, "");
    assert_string_equal(recipe_text(r, "recipe"), "fovea-layer");
    assert_int_equal(fv_recipe_set_image(r, "start", &photo, &err), FV_OK);
    assert_string_equal(recipe_text(r, "size"), "224x256");
    assert_string_equal(recipe_text(r, "view"), "model");
    assert_int_equal(fv_recipe_set_image(r, "start", NULL, &err), FV_OK);
    assert_string_equal(recipe_text(r, "size"), "96x96");
    assert_string_equal(recipe_text(r, "start"), "normal");
    assert_string_equal(recipe_text(r, "start-sd"), "0.05");
    fv_recipe_free(r);
}

static fv_image *rendered(const char *options, int with_units) {
    fv_error err = {0};
    fv_image *image = NULL;
    fv_recipe *r = recipe_of(model, "fovea-layer", with_units ? "small:1" : NULL, options);
    recipe_set(r, "steps=2; transforms=crop(0.85,1.1,0.85,1.1,10)"); /* which resamples */
    if (render_text(model, "small:1", r, &image, &err)) fail_msg("%s", err.text);
    fv_recipe_free(r);
    return image;
}

static int same(const fv_image *x, const fv_image *y) {
    const size_t n = 3 * (size_t)x->height * (size_t)x->width;
    return x->height == y->height && x->width == y->width &&
           !memcmp(x->data, y->data, n * sizeof(float));
}

/* The default, the same asked for, the same where only the call knows the units, and the same size
 * looked at by the network at its own. */
static void the_picture_is_that_of_its_options(void **state) {
    (void)state;
    fv_image *seen = rendered("", 1), *later = rendered("", 0);
    fv_image *asked = rendered("size=96; view=picture", 1), *enlarged = rendered("size=96", 1);
    assert_int_equal(seen->height, 96);
    assert_int_equal(seen->width, 96);
    assert_non_null(strstr(fv_image_text(seen, "fovea.options"), "; size=96x96; "));
    assert_non_null(strstr(fv_image_text(seen, "fovea.options"), "; view=picture; "));
    assert_true(same(seen, asked) && same(seen, later));
    assert_false(same(seen, enlarged));
    fv_image_free(seen);
    fv_image_free(later);
    fv_image_free(asked);
    fv_image_free(enlarged);
}

static void sizes_are_read_and_written(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "fovea-layer", NULL, "");
    assert_string_equal(recipe_text(r, "size"), "receptive");
    recipe_set(r, "size=40x30");
    assert_string_equal(recipe_text(r, "size"), "40x30");
    recipe_set(r, "size=7");
    assert_string_equal(recipe_text(r, "size"), "7x7");
    recipe_set(r, "size=receptive");
    assert_string_equal(recipe_text(r, "size"), "receptive");
    fv_recipe_free(r);
}

/* Every option of every recipe can be read back and set again. */
static void options_survive_their_text(void **state) {
    (void)state;
    fv_error unknown = {0};
    assert_int_equal(fv_recipe_option_check("stpes", "1", &unknown), FV_NOTFOUND);
    assert_string_equal(unknown.text, "there is no option \"stpes\"; the nearest: steps");
    assert_int_equal(fv_recipe_option_check("qqqqqqqqq", "1", &unknown), FV_NOTFOUND);
    assert_non_null(strstr(unknown.text, "fv_recipe_option_at lists them"));
    for (int k = 0; k < fv_recipe_count(); k++) {
        fv_recipe *r = recipe_of(model, fv_recipe_name(k), NULL, "");
        for (int i = 0; i < fv_recipe_option_count(); i++) {
            const char *name = fv_recipe_option_at(i)->name;
            char text[2048];
            fv_error err = {0};
            if (fv_recipe_preset(fv_recipe_name(k), name, text, sizeof text, &err))
                fail_msg("%s", err.text);
            if (text[0] && strcmp(text, "receptive") != 0)
                assert_string_equal(recipe_text(r, name), text);
            strcpy(text, recipe_text(r, name));
            if (fv_recipe_set(r, name, text, &err)) fail_msg("%s", err.text);
            assert_string_equal(recipe_text(r, name), text);
            assert_int_equal(fv_recipe_option_check(name, text, &err), FV_OK);
            const fv_status st = strcmp(name, "regularizer") ? FV_ARG : FV_NOTFOUND;
            assert_int_equal(fv_recipe_set(r, name, "\x01 nonsense", &err), st);
            assert_string_equal(recipe_text(r, name), text);
        }
        fv_recipe_free(r);
    }
}

/* Names and words from before, and what they are now. */
static void former_names_are_read(void **state) {
    (void)state;
    static const char *const names[][4] = {
        {"starts", "3", "restarts", "3"},
        {"reading", "strong", "reduction", "strong"},
        {"squash", "clip", "output-activation", "clip"},
        {"spread", "2", "phase-std", "2"},
        {"walk", "roll(3)", "in-place-transforms", "roll(3)"},
        {"shrink", "0.5", "parameter-decay", "0.5"},
        {"smooth", "2", "blur", "2"},
        {"epsilon-inside", "on", "epsilon-under-root", "on"},
        {"levels-are", "above", "octave-order", "from-size"},
        {"octave-order", "below", "octave-order", "to-size"},
        {"carry", "detail", "octave-carry", "detail"},
        {"redirect", "7", "relu-redirect-steps", "7"},
        {"size", "seen", "size", "receptive"},
    };
    fv_recipe *r = recipe_of(model, "lucid", NULL, "");
    fv_error err = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (fv_recipe_set(r, names[i][0], names[i][1], &err)) fail_msg("%s", err.text);
        assert_string_equal(recipe_text(r, names[i][2]), names[i][3]);
        assert_string_equal(recipe_text(r, names[i][0]), names[i][3]);
    }
    int former = 0;
    for (int i = 0; i < fv_recipe_option_count(); i++) former += !!fv_recipe_option_at(i)->former;
    assert_int_equal(former, 11); /* one of the above each, but for the two that are values */
    fv_recipe_free(r);
}

/* Numbers of options that change nothing else: the recipe's other ones stay. */
static void one_option_leaves_the_others(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "keras-vis", NULL, "rate=0.5; patience=never; tile=never");
    assert_string_equal(recipe_text(r, "optimizer"), "rmsprop");
    assert_string_equal(recipe_text(r, "beta2"), "0.95");
    assert_string_equal(recipe_text(r, "rate"), "0.5");
    assert_string_equal(recipe_text(r, "patience"), "never");
    fv_recipe_free(r);
}

/* A copy holds its own pictures, and what was given may be freed. */
static void copies_are_their_own(void **state) {
    (void)state;
    fv_image *photo = NULL, *one = NULL, *two = NULL;
    fv_recipe *r = recipe_of(model, "lucid", NULL, "size=32; steps=1"), *copy = NULL;
    fv_error err = {0};
    assert_int_equal(fv_image_new(3, 4, 4, &photo, NULL), FV_OK);
    for (int i = 0; i < 48; i++) photo->data[i] = (float)i / 48;
    assert_int_equal(fv_recipe_set_image(r, "start", photo, &err), FV_OK);
    assert_int_equal(fv_recipe_set_image(r, "mask", photo, &err), FV_OK);
    fv_image_free(photo);
    recipe_set(r, "start-sd=0.25");
    assert_int_equal(fv_recipe_copy(r, &copy, &err), FV_OK);
    assert_string_equal(recipe_text(copy, "start-sd"), "0.25");
    assert_int_equal(render_text(model, "small:1", r, &one, &err), FV_OK);
    fv_recipe_free(r);
    assert_int_equal(render_text(model, "small:1", copy, &two, &err), FV_OK);
    assert_true(same(one, two));
    fv_recipe_free(copy);
    fv_image_free(one);
    fv_image_free(two);
}

/* What was given and would not be looked at is refused. */
static void what_does_not_go_together_is_refused(void **state) {
    (void)state;
    const int64_t dim[3] = {3, 4, 3};
    fv_image *photo = NULL, *out = NULL;
    fv_tensor *spectrum = NULL;
    fv_error err = {0};
    assert_int_equal(fv_image_new(3, 4, 4, &photo, NULL), FV_OK);
    assert_int_equal(fv_tensor_new(3, dim, &spectrum, NULL), FV_OK);
    fv_recipe *r = recipe_of(model, "lucid", NULL, "size=32; steps=1");
    assert_int_equal(fv_recipe_set_tensor(r, "spectrum", spectrum, &err), FV_OK);
    assert_int_equal(render_text(model, "small:1", r, &out, &err), FV_ARG);
    assert_non_null(strstr(err.text, "spectrum"));
    assert_int_equal(fv_recipe_set_tensor(r, "spectrum", NULL, &err), FV_OK);
    recipe_set(r, "start=image");
    assert_int_equal(render_text(model, "small:1", r, &out, &err), FV_ARG);
    assert_non_null(strstr(err.text, "no image is given"));
    fv_image_free(photo);
    fv_tensor_free(spectrum);
    fv_recipe_free(r);
}

/* Whether two recipes make the same picture. */
static int alike(const fv_recipe *x, const fv_recipe *y) {
    fv_image *one = NULL, *two = NULL;
    fv_error err = {0};
    if (render_text(model, "small:1", x, &one, &err)) fail_msg("%s", err.text);
    if (render_text(model, "small:1", y, &two, &err)) fail_msg("%s", err.text);
    const int equal = same(one, two);
    fv_image_free(one);
    fv_image_free(two);
    return equal;
}

/* Of a picture to start from and the option start, what was set later counts. */
static void the_later_start_counts(void **state) {
    (void)state;
    float pixels[3] = {0.25f, 0.5f, 0.75f};
    const fv_image photo = {.channels = 3, .height = 1, .width = 1, .data = pixels};
    fv_recipe *plain = recipe_of(model, "lucid", NULL, "size=32; steps=1"), *r = NULL, *p = NULL;
    fv_error err = {0};
    assert_int_equal(fv_recipe_copy(plain, &p, &err), FV_OK);
    assert_int_equal(fv_recipe_set_image(p, "start", &photo, &err), FV_OK);
    assert_int_equal(fv_recipe_copy(p, &r, &err), FV_OK);
    assert_true(alike(r, p) && !alike(r, plain));
    recipe_set(r, "start=normal");
    assert_string_equal(recipe_text(r, "start-sd"), "0.01");
    assert_true(alike(r, plain));
    recipe_set(r, "start=image");
    assert_string_equal(recipe_text(r, "start-sd"), "0");
    assert_true(alike(r, p));
    fv_recipe_free(plain);
    fv_recipe_free(r);
    fv_recipe_free(p);
}

/* A grey picture, and the same in colours, are one start for a network of colours. */
static void grey_starts_are_all_colours(void **state) {
    (void)state;
    float pixels[12];
    for (int i = 0; i < 12; i++) pixels[i] = (float)(i % 4) / 4;
    const fv_image grey = {.channels = 1, .height = 2, .width = 2, .data = pixels};
    const fv_image rgb = {.channels = 3, .height = 2, .width = 2, .data = pixels};
    fv_recipe *r = recipe_of(model, "lucid", NULL, "size=32; steps=1"), *other = NULL;
    fv_error err = {0};
    assert_int_equal(fv_recipe_copy(r, &other, &err), FV_OK);
    assert_int_equal(fv_recipe_set_image(r, "start", &grey, &err), FV_OK);
    assert_int_equal(fv_recipe_set_image(other, "start", &rgb, &err), FV_OK);
    assert_true(alike(r, other));
    fv_recipe_free(r);
    fv_recipe_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_has_its_size),
        cmocka_unit_test(units_of_a_call_share_the_largest),
        cmocka_unit_test(what_is_asked_for_stays),
        cmocka_unit_test(the_picture_is_that_of_its_options),
        cmocka_unit_test(sizes_are_read_and_written),
        cmocka_unit_test(options_survive_their_text),
        cmocka_unit_test(former_names_are_read),
        cmocka_unit_test(one_option_leaves_the_others),
        cmocka_unit_test(copies_are_their_own),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(the_later_start_counts),
        cmocka_unit_test(grey_starts_are_all_colours),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
