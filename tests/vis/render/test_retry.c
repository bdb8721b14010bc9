/* SPDX-License-Identifier: Apache-2.0 */
/* Units without a gradient from their own start: the first other start with one is taken, its
 * options make the same picture again, and what is dead from all of them is called so. */
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

enum { SIDE = 16, UNITS = 4 };

/* ReLUs of the sum of the colours of a pixel: no weights; above 2.3; below 0.7; above 1. */
static const char *const units[UNITS] = {"relu:0", "relu:1", "relu:2", "relu:3"};
static const char *const begins[UNITS] = {NULL, "a bright picture", "a dark picture", NULL};
static const char *const again[UNITS] = {NULL, "bias=2", "bias=-2", NULL};

static builder *b;
static fv_model *model;

static int setup(void **state) {
    (void)state;
    static const float weights[] = {0, 0, 0, 1, 1, 1, -1, -1, -1, 1, 1, 1};
    static const float bias[] = {0, -2.3f, 0.7f, -1};
    fv_error err = {0};
    b = builder_new(17);
    builder_input(b, "x", FVI_F32, "1,3,h,w");
    builder_metadata(b, "fovea.range", "1");
    builder_f32(b, "w", "4,3,1,1", weights);
    builder_f32(b, "b", "4", bias);
    builder_node(b, "Conv", "conv", "x,w,b", "conv");
    builder_node(b, "Relu", "relu", "conv", "relu");
    builder_output(b, "relu");
    if (fv_model_load(builder_save(b, "net.onnx"), NULL, &model, &err)) fail_msg("%s", err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fv_model_free(model);
    builder_free(b);
    return 0;
}

static int latest_done, latest_total;

static int follow(void *user, const fv_progress *p) {
    (void)user;
    latest_done = p->done;
    latest_total = p->total;
    return FV_MONITOR_GO;
}

/* Without redirected ReLUs, which would help as well. */
static void render(const char *const *list, int n, const char *options, fv_rendering **out) {
    fv_error err = {0};
    fv_recipe *r = recipe_of(model, "lucid", NULL, "size=16; steps=4; transforms=none");
    recipe_set(r, "relu-redirect-steps=never");
    recipe_set(r, options);
    if (render_texts(model, list, n, r, &(render_how){.progress = follow}, out, &err))
        fail_msg("%s", err.text);
    fv_recipe_free(r);
}

static void release(fv_rendering **list, int n) {
    for (int i = 0; i < n; i++) fv_rendering_free(list[i]);
}

static int same(const fv_image *x, const fv_image *y) {
    return !memcmp(x->data, y->data, 3 * (size_t)SIDE * SIDE * sizeof(float));
}

static void the_first_start_with_a_gradient_is_taken(void **state) {
    (void)state;
    fv_rendering *made[UNITS], *one[1];
    render(units, UNITS, "", made);
    assert_int_equal(latest_done, latest_total);
    for (int i = 0; i < UNITS; i++) {
        const char *text = fv_image_text(made[i]->image, "fovea.other-start");
        assert_int_equal(made[i]->dead, i == 0);
        assert_int_equal(text != NULL, begins[i] != NULL);
        if (text) assert_string_equal(text, begins[i]);
        render(&units[i], 1, "", one);
        assert_true(same(made[i]->image, one[0]->image)); /* alone and in company */
        release(one, 1);
        if (!text) continue;
        assert_true(made[i]->reached > made[i]->first && made[i]->first > 0);
        assert_int_equal(made[i]->steps, 4);
        assert_non_null(strstr(fv_image_text(made[i]->image, "fovea.options"), again[i]));
        render(&units[i], 1, again[i], one);
        assert_null(fv_image_text(one[0]->image, "fovea.other-start"));
        assert_true(same(made[i]->image, one[0]->image));
        release(one, 1);
    }
    assert_string_equal(made[0]->why, "its gradient is zero");
    release(made, UNITS);
}

/* What the caller begins with is not changed. */
static void a_start_that_is_set_stays(void **state) {
    (void)state;
    const char *const options[] = {"start=grey; start-mean=0.5", "start-sd=0.02", "bias=0.1"};
    for (int i = 0; i < 3; i++) {
        fv_rendering *made[UNITS];
        render(units, UNITS, options[i], made);
        for (int k = 0; k < UNITS; k++) assert_int_equal(made[k]->dead, k < 3);
        release(made, UNITS);
    }
}

/* Without a sigmoid a start is the picture itself. */
static void a_picture_begins_bright(void **state) {
    (void)state;
    fv_rendering *made[1];
    render(&units[1], 1, "param=pixels; color=rgb; output-activation=clip; start=normal", made);
    assert_true(made[0]->dead); /* set */
    release(made, 1);
    render(&units[1], 1, "param=pixels; color=rgb; output-activation=clip", made);
    assert_false(made[0]->dead);
    assert_non_null(strstr(fv_image_text(made[0]->image, "fovea.options"), "; start-mean=0.9; "));
    release(made, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_with_a_gradient_is_taken),
        cmocka_unit_test(a_start_that_is_set_stays),
        cmocka_unit_test(a_picture_begins_bright),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
