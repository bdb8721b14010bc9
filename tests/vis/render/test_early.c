/* SPDX-License-Identifier: Apache-2.0 */
/* Units of early layers, by the default recipe: a unit that is red minus green minus blue becomes
 * red to the border, whatever else the call draws; each unit of a call has the values that its own
 * receptive field gives, and what is set counts for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/builder.h"
#include "support/recipes.h"
#include "support/texts.h"

enum { SIDE = 64, UNITS = 4 };

/* One pixel, 9 of 64, all of them, one at a place. */
static const char *const units[UNITS] = {"colour:0", "texture:1", "dense:2", "colour:0@5,5"};

static builder *b;
static fv_model *model;

static int setup(void **state) {
    (void)state;
    static const float red[] = {1, -1, -1};
    fv_error err = {0};
    b = builder_new(17);
    builder_input(b, "x", FVI_F32, "1,3,64,64");
    builder_metadata(b, "fovea.range", "1");
    builder_f32(b, "colour_w", "1,3,1,1", red);
    builder_node(b, "Conv", "colour", "x,colour_w", "colour");
    builder_f32(b, "texture_w", "4,1,3,3", NULL);
    Onnx__NodeProto *n = builder_node(b, "Conv", "texture", "colour,texture_w", "texture");
    builder_ints(b, n, "dilations", "4,4");
    builder_ints(b, n, "pads", "4,4,4,4");
    builder_node(b, "GlobalAveragePool", "pool", "texture", "pool");
    builder_node(b, "Flatten", "flat", "pool", "flat");
    builder_f32(b, "dense_w", "4,3", NULL);
    builder_node(b, "MatMul", "dense", "flat,dense_w", "dense");
    builder_output(b, "dense");
    if (fv_model_load(builder_save(b, "net.onnx"), NULL, &model, &err)) fail_msg("%s", err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fv_model_free(model);
    builder_free(b);
    return 0;
}

/* Pictures of units at one size, by a recipe for all of them, or by none. */
static void render(const char *const *list, int n, const char *recipe, const char *options,
                   fv_rendering **out) {
    fv_error err = {0};
    fv_recipe *r = NULL;
    if (recipe_texts(model, recipe, list, n, &r, &err)) fail_msg("%s", err.text);
    recipe_set(r, "size=64");
    recipe_set(r, options);
    if (render_texts(model, list, n, r, NULL, out, &err)) fail_msg("%s", err.text);
    fv_recipe_free(r);
}

static void release(fv_rendering **list, int n) {
    for (int i = 0; i < n; i++) fv_rendering_free(list[i]);
}

static int same(const fv_image *x, const fv_image *y) {
    const size_t n = 3 * (size_t)SIDE * SIDE;
    return x->height == SIDE && y->height == SIDE && x->width == SIDE && y->width == SIDE &&
           !memcmp(x->data, y->data, n * sizeof(float));
}

/* Mean of a channel over rows and columns from..to - 1. */
static double mean_of(const fv_image *image, int channel, int from, int to) {
    const float *plane = image->data + (int64_t)channel * SIDE * SIDE;
    double sum = 0;
    for (int y = from; y < to; y++)
        for (int x = from; x < to; x++) sum += (double)plane[y * SIDE + x];
    return sum / ((to - from) * (to - from));
}

/* The largest value, 1, is that of pure red, and every pixel counts alike. */
static void a_colour_unit_is_its_colour(void **state) {
    (void)state;
    fv_rendering *made[1];
    render(units, 1, NULL, "steps=512", made);
    for (int at = 0; at <= SIDE - 4; at += 20) { /* from corner to corner */
        assert_true(mean_of(made[0]->image, 0, at, at + 4) > 0.9);
        assert_true(mean_of(made[0]->image, 1, at, at + 4) < 0.1);
        assert_true(mean_of(made[0]->image, 2, at, at + 4) < 0.1);
    }
    assert_true(made[0]->reached > 0.8);
    release(made, 1);
}

/* In both orders, and whichever way the recipe is said. */
static void company_changes_no_picture(void **state) {
    (void)state;
    const char *backwards[UNITS];
    const char *const recipes[] = {NULL, "fovea-layer"};
    for (int i = 0; i < UNITS; i++) backwards[i] = units[UNITS - 1 - i];
    for (int k = 0; k < 2; k++) {
        fv_rendering *made[UNITS], *turned[UNITS], *alone[1];
        render(units, UNITS, recipes[k], "steps=3", made);
        render(backwards, UNITS, recipes[k], "steps=3", turned);
        for (int i = 0; i < UNITS; i++) {
            render(&units[i], 1, recipes[k], "steps=3", alone);
            assert_true(same(made[i]->image, alone[0]->image));
            assert_true(same(turned[UNITS - 1 - i]->image, alone[0]->image));
            assert_string_equal(fv_image_text(made[i]->image, "fovea.options"),
                                fv_image_text(alone[0]->image, "fovea.options"));
            release(alone, 1);
        }
        release(made, UNITS);
        release(turned, UNITS);
    }
}

/* By no recipe at all: the one that is made for the call has the same values. */
static void no_recipe_is_the_default(void **state) {
    (void)state;
    fv_error err = {0};
    fv_image *image = NULL;
    fv_rendering *made[UNITS];
    if (render_texts(model, units, UNITS, NULL, NULL, made, &err)) fail_msg("%s", err.text);
    fv_recipe *r = recipe_of(model, NULL, "colour:0", "size=64");
    if (render_text(model, "colour:0", r, &image, &err)) fail_msg("%s", err.text);
    assert_true(same(made[0]->image, image));
    fv_recipe_free(r);
    fv_image_free(image);
    release(made, UNITS);
}

/* An option as a recipe for all units has it for one of them. */
static const char *value_for(const char *unit, const char *recipe, const char *options,
                             const char *name) {
    static char text[2048];
    fv_error err = {0};
    fv_recipe *all = NULL, *one = NULL;
    fv_objective *objective = NULL;
    if (recipe_texts(model, recipe, units, UNITS, &all, &err)) fail_msg("%s", err.text);
    recipe_set(all, options);
    if (fv_objective_new(model, unit, NULL, 0, &objective, &err) ||
        fv_recipe_for(all, objective, &one, &err))
        fail_msg("%s", err.text);
    strcpy(text, recipe_text(one, name));
    fv_objective_free(objective);
    fv_recipe_free(one);
    fv_recipe_free(all);
    return text;
}

static void each_unit_has_its_values(void **state) {
    (void)state;
    const struct {
        const char *unit, *recipe, *options, *name, *value;
    } rows[] = {
        {"colour:0", NULL, "", "param", "pixels"},
        {"texture:1", NULL, "", "param", "fourier"},
        {"dense:2", NULL, "", "param", "bounded"},
        {"colour:0@5,5", NULL, "", "param", "bounded"},
        {"colour:0", NULL, "", "recipe", "fovea-layer"},
        {"dense:2", NULL, "", "recipe", "fovea"},
        {"dense:2", "fovea-layer", "", "recipe", "fovea-layer"},
        {"colour:0", "fovea-layer", "", "param", "pixels"},
        {"colour:0", "lucid", "", "margin", "0"},
        {"colour:0", NULL, "", "size", "64x64"}, /* the call's */
        /* what is set counts, also where it is what another unit has anyway */
        {"colour:0", NULL, "margin=0", "margin", "0"},
        {"dense:2", NULL, "margin=0", "margin", "0"},
        {"texture:1", NULL, "transforms=none", "transforms", "none"},
        {"texture:1", NULL, "start-sd=0.5", "start-sd", "0.5"},
        {"texture:1", NULL, "start-sd=0.5", "param", "fourier"},
        {"colour:0", NULL, "gain=3", "gain", "3"},
        {"colour:0", NULL, "gain=3", "param", "pixels"},
        {"colour:0", NULL, "steps=7", "steps", "7"},
        /* a parametrisation that is chosen has the recipe's values */
        {"colour:0", NULL, "param=bounded", "gain", "2"},
        {"colour:0", NULL, "param=bounded", "decay", "1.3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = value_for(rows[i].unit, rows[i].recipe, rows[i].options, rows[i].name);
        if (strcmp(got, rows[i].value) != 0)
            fail_msg("%s of %s, %s %s: %s, not %s", rows[i].name, rows[i].unit,
                     rows[i].recipe ? rows[i].recipe : "default", rows[i].options, got,
                     rows[i].value);
    }
}

/* A picture to start from is neither made larger nor cropped, nor is one with a mask. */
static void pictures_that_are_given_keep_their_place(void **state) {
    (void)state;
    float grey[3] = {0.5f, 0.5f, 0.5f};
    const fv_image photo = {.channels = 3, .height = 1, .width = 1, .data = grey};
    const char *const inputs[] = {"start", "mask"};
    for (int i = 0; i < 2; i++) {
        fv_error err = {0};
        fv_recipe *r = recipe_of(model, NULL, "colour:0", "");
        assert_int_equal(fv_recipe_set_image(r, inputs[i], &photo, &err), FV_OK);
        assert_string_equal(recipe_text(r, "margin"), "0");
        assert_string_equal(recipe_text(r, "param"), "bounded");
        assert_int_equal(fv_recipe_set_image(r, inputs[i], NULL, &err), FV_OK);
        assert_string_equal(recipe_text(r, "margin"), "0.2");
        assert_string_equal(recipe_text(r, "param"), "pixels");
        fv_recipe_free(r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_colour_unit_is_its_colour),
        cmocka_unit_test(company_changes_no_picture),
        cmocka_unit_test(no_recipe_is_the_default),
        cmocka_unit_test(each_unit_has_its_values),
        cmocka_unit_test(pictures_that_are_given_keep_their_place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
