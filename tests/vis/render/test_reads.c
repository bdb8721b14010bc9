/* SPDX-License-Identifier: Apache-2.0 */
/* How often texts are read and photos decoded: once, where an objective is made. The linker hands
 * the test each call of the library's reader and of its decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/recipes.h"
#include "support/texts.h"
#include "vis/objective/objective.h"
#include "vis/objective/parse.h"

#define MODEL "tests/golden/residual.new18-free.onnx"
#define PHOTO "tests/data/cli/photo.jpg"

static int reads, decodes;

#pragma GCC visibility push(default)
fv_status __real_fvi_parse(fvi_reader *r, const char *text, fv_error *err);
fv_status __wrap_fvi_parse(fvi_reader *r, const char *text, fv_error *err);
fv_status __wrap_fvi_parse(fvi_reader *r, const char *text, fv_error *err) {
    reads++;
    return __real_fvi_parse(r, text, err);
}

fv_status __real_fv_image_load(const char *path, fv_image **out, fv_error *err);
fv_status __wrap_fv_image_load(const char *path, fv_image **out, fv_error *err);
fv_status __wrap_fv_image_load(const char *path, fv_image **out, fv_error *err) {
    decodes++;
    return __real_fv_image_load(path, out, err);
}
#pragma GCC visibility pop

static fv_model *model;
static fv_session *session;

static int setup(void **state) {
    (void)state;
    return fv_model_load(MODEL, NULL, &model, NULL) || fv_session_new(model, NULL, &session, NULL);
}

static int teardown(void **state) {
    (void)state;
    fv_session_free(session);
    fv_model_free(model);
    return 0;
}

/* Renders for two updates; counts what that takes. */
static void render(fv_objective *const *list, int n, const char *recipe, const char *options) {
    fv_rendering *made[4];
    fv_recipe *r = recipe_of(model, recipe, NULL, "steps=2; levels=1; copies=1");
    fv_error err = {0};
    recipe_set(r, options);
    reads = decodes = 0;
    if (fv_render_many(session, (objective_list)list, n, r, NULL, made, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < n; i++) fv_rendering_free(made[i]);
    fv_recipe_free(r);
}

static void texts_are_read_once(void **state) {
    (void)state;
    static const char *const texts[] = {"#5:2", "#5:3 - 0.1*tv", "class:1"};
    fv_objective **list;
    fv_error err = {0};
    reads = 0;
    if (read_objectives(model, texts, 3, &list, &err)) fail_msg("%s", err.text);
    assert_int_equal(reads, 3);
    render(list, 3, "lucid", "regularizer=none");
    assert_int_equal(reads, 0);
    render(list, 3, "lucid", "regularizer=- 0.2*tv");
    assert_int_equal(reads, 0); /* the regulariser was read when it was set */
    free_objectives(list, 3);
}

static void a_regularizer_is_read_when_it_is_set(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "lucid", NULL, ""), *copy = NULL;
    reads = 0;
    recipe_set(r, "regularizer=- 0.2*tv; steps=2");
    assert_int_equal(reads, 1);
    assert_int_equal(fv_recipe_copy(r, &copy, NULL), FV_OK);
    assert_int_equal(reads, 1);
    fv_recipe_free(r);
    fv_recipe_free(copy);
}

static void the_convenience_reads_once(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "lucid", NULL, "steps=2; regularizer=none");
    fv_image *picture = NULL;
    fv_error err = {0};
    reads = 0;
    if (fv_render(session, "#5:2", r, &picture, &err)) fail_msg("%s", err.text);
    assert_int_equal(reads, 1);
    fv_image_free(picture);
    fv_recipe_free(r);
}

/* Also where two terms look at it. */
static void a_photo_is_decoded_once(void **state) {
    (void)state;
    const char *text = "match(#5, " PHOTO ") + 0.1*caricature(#1, " PHOTO ")";
    fv_objective *o = NULL;
    fv_error err = {0};
    decodes = 0;
    if (fv_objective_new(model, text, NULL, 0, &o, &err)) fail_msg("%s", err.text);
    assert_int_equal(decodes, 1);
    render(&o, 1, "invert", "regularizer=none");
    assert_int_equal(reads + decodes, 0);
    fv_objective_free(o);
}

/* A photo in memory is that of the file, and no file is opened for it. */
static void an_attached_photo_is_not_decoded(void **state) {
    (void)state;
    fv_image *photo = NULL;
    fv_objective *o = NULL, *file = NULL;
    fv_error err = {0};
    if (fv_image_load(PHOTO, &photo, &err) ||
        fv_objective_new(model, "match(#5, " PHOTO ")", NULL, 0, &file, &err))
        fail_msg("%s", err.text);
    const fv_attachment a = {.name = "the photo", .image = photo};
    decodes = 0;
    if (fv_objective_new(model, "match(#5, the photo)", &a, 1, &o, &err)) fail_msg("%s", err.text);
    assert_int_equal(decodes, 0);
    const fv_tensor *mine = o->terms[0].vector, *theirs = file->terms[0].vector;
    assert_int_equal(fv_tensor_count(mine), fv_tensor_count(theirs));
    assert_memory_equal(mine->data, theirs->data,
                        (size_t)fv_tensor_count(mine) * sizeof *mine->data);
    fv_image_free(photo);
    render(&o, 1, "invert", "regularizer=none");
    assert_int_equal(reads + decodes, 0);
    fv_objective_free(o);
    fv_objective_free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_once),
        cmocka_unit_test(a_regularizer_is_read_when_it_is_set),
        cmocka_unit_test(the_convenience_reads_once),
        cmocka_unit_test(a_photo_is_decoded_once),
        cmocka_unit_test(an_attached_photo_is_not_decoded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
