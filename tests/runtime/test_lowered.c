/* SPDX-License-Identifier: Apache-2.0 */
/* Every shape is lowered once, whatever asks: runs, gradients, whether a size can be run, which
 * part of a picture a neuron sees, what a plan takes of memory, and where NaN comes from. */
#include "model/network/lower.h"
#include "runtime/lowered.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/model_state.h"
#include "support/recipes.h"
#include "support/texts.h"

#define GOLDEN(name) "tests/golden/" name ".onnx"

static int lowerings(const fv_model *m) { return fvi_network_lowerings(m->network); }

static fv_model *load(const char *path, int64_t memory) {
    fv_model *m = NULL;
    fv_error err;
    if (fv_model_load(path, FV_DESC(fv_model_desc, .memory = memory), &m, &err))
        fail_msg("%s", err.text);
    return m;
}

static void test_graph(void **state) {
    (void)state;
    fv_model *m = load(GOLDEN("residual.new18-free"), 0);
    const int before = lowerings(m);
    const char *wanted[] = {fv_model_layer(m, 2)->output, fv_model_layer(m, 3)->output};
    fvi_shape shape = fvi_network_input_shape(m->network, 2, 64, 48);
    fvi_graph *a = NULL, *b = NULL, *copy = NULL;
    fv_error err;
    assert_int_equal(fvi_model_lower(m, &shape, wanted, 2, &a, &err), FV_OK);
    assert_int_equal(fvi_model_lower(m, &shape, wanted, 2, &b, &err), FV_OK);
    assert_ptr_equal(a, b);
    assert_int_equal(lowerings(m), before + 1);
    fvi_graph_free(b);
    assert_int_equal(fvi_model_lower(m, &shape, wanted, 1, &b, &err), FV_OK);
    assert_ptr_not_equal(a, b);
    fvi_graph_free(b);
    assert_int_equal(lowerings(m), before + 2);
    assert_int_equal(fvi_graph_copy(a, &copy, &err), FV_OK);
    fvi_graph_free(a);
    for (int side = 33; side < 200; side++) { /* more than are kept */
        shape.dim[2] = side;
        assert_int_equal(fvi_model_lower(m, &shape, wanted, 2, &a, &err), FV_OK);
        fvi_graph_free(a);
    }
    assert_string_equal(copy->values[copy->outputs[0]].name, wanted[0]);
    assert_int_equal(copy->values[copy->outputs[0]].shape.dim[0], 2);
    fvi_graph_free(copy);
    fv_model_free(m);
}

/* A size that is refused is refused again without lowering. */
static void test_refused(void **state) {
    (void)state;
    fv_model *m = load(GOLDEN("caffe.old11"), 0);
    const int before = lowerings(m);
    const char *last = fv_model_layer(m, fv_model_layer_count(m) - 1)->output;
    const fvi_shape shape = fvi_network_input_shape(m->network, 1, 40, 40);
    fvi_graph *g = NULL;
    int takes = 1;
    fv_error err, again;
    const fv_status st = fvi_model_lower(m, &shape, &last, 1, &g, &err);
    assert_int_not_equal(st, FV_OK);
    assert_int_equal(fvi_model_lower(m, &shape, &last, 1, &g, &again), st);
    assert_string_equal(err.text, again.text);
    assert_int_equal(fvi_model_takes(m, &shape, &last, 1, &takes, &err), FV_OK);
    assert_int_equal(takes, 0);
    assert_int_equal(lowerings(m), before + 1);
    fv_model_free(m);
}

static void count_notes(void *user, const char *text) {
    assert_true(*text);
    ++*(int *)user;
}

/* A session's runs and gradients at one size, with a limit of memory that has plans counted first.
 */
static void test_session(void **state) {
    (void)state;
    fv_model *m = load(GOLDEN("residual.new18-free"), (int64_t)1 << 32);
    fv_session *s = NULL;
    fv_tensor *x = NULL, *y = NULL, *dx = NULL;
    fv_error err;
    const fv_input *in = fv_model_input(m);
    const char *layer = fv_model_layer(m, 2)->name;
    const int before = lowerings(m);
    int notes = 0;
    fv_monitor *monitor = NULL;
    assert_int_equal(
        fv_session_new(m, FV_DESC(fv_session_desc, .on_nan = FV_ON_NAN_KEEP), &s, &err), FV_OK);
    assert_int_equal(
        fv_tensor_new(4, (int64_t[]){1, in->channels, in->height, in->width}, &x, &err), FV_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fv_session_run(s, x, layer, &y, &err), FV_OK);
        fv_tensor_free(y);
        assert_int_equal(gradient_text(m, s, x, layer, NULL, &dx, &err), FV_OK);
        fv_tensor_free(dx);
    }
    assert_int_equal(lowerings(m), before + 1);
    assert_int_equal(fv_monitor_new(NULL, count_notes, &notes, &monitor, &err), FV_OK);
    assert_int_equal(fv_session_set_monitor(s, monitor, &err), FV_OK);
    x->data[0] = INFINITY; /* has the run explained */
    assert_int_equal(fv_session_run(s, x, layer, &y, &err), FV_OK);
    assert_int_equal(notes, 1);
    assert_int_equal(lowerings(m), before + 1);
    fv_tensor_free(y);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_monitor_free(monitor);
    fv_model_free(m);
}

/* How many lowerings one picture takes, and then the same picture again. */
static void check_render(const char *unit, int64_t memory, int side, int tile, int expected) {
    fv_model *m = load(GOLDEN("residual.new18-free"), memory);
    fv_image *image = NULL;
    fv_error err;
    char options[80], tiles[16] = "never";
    if (tile > 0) snprintf(tiles, sizeof tiles, "%d", tile);
    snprintf(options, sizeof options, "size=%d; transforms=none; steps=2; tile=%s", side, tiles);
    fv_recipe *recipe = recipe_of(m, "fovea", NULL, options);
    const int before = lowerings(m);
    for (int i = 0; i < 2; i++) {
        if (render_text(m, unit, recipe, &image, &err)) fail_msg("%s: %s", unit, err.text);
        fv_image_free(image);
    }
    fv_recipe_free(recipe);
    if (lowerings(m) != before + expected)
        fail_msg("%s at %d: %d lowerings, not %d", unit, side, lowerings(m) - before, expected);
    fv_model_free(m);
}

static void test_render(void **state) {
    (void)state;
    const int64_t limited = (int64_t)1 << 32;
    check_render("#2:0", 0, 96, -1, 1);
    check_render("#2:0", limited, 96, -1, 1);
    check_render("#2:0", 0, 160, 64, 1);       /* tiles of one size */
    check_render("#2:0@centre", 0, 96, -1, 2); /* the whole picture, and the part that is seen */
    check_render("#2:0@centre", limited, 96, -1, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_render),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
