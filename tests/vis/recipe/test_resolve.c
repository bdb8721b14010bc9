/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that follow what units see: which size every kind of unit gets, and that a picture of it is
 * the one that is made when the same size is asked for. */
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

static fv_render_desc resolved(fv_render_desc d) {
    fv_error err = {0};
    if (!*d.recipe) strcpy(d.recipe, "fovea-layer");
    if (fv_render_desc_resolve(model, &d, &d, &err)) fail_msg("%s", err.text);
    return d;
}

static void expect(const char *const *units, int n, fv_render_desc d, int height, int width,
                   fv_view view) {
    fv_error err = {0};
    d = resolved(d);
    if (fv_render_desc_settle(model, units, n, &d, &err)) fail_msg("%s: %s", units[0], err.text);
    if (d.height != height || d.width != width || d.view != view)
        fail_msg("%s and %d more: %dx%d, view %d", units[0], n - 1, d.height, d.width, d.view);
}

static void every_unit_has_its_size(void **state) {
    (void)state;
    const fv_render_desc none = {0};
    const struct {
        const char *unit;
        int height, width;
    } small[] = {{"small:0", 96, 96},          {"small", 96, 96},    {"neuron(small:1)", 96, 96},
                 {"small:0 - 0.1*tv", 96, 96}, {"wide:0", 128, 128}, {"tall:0", 160, 96},
                 {"large:3", 192, 192}, /* three quarters of the whole */
                 {"wide:0 + tall:1", 160, 128}},
      whole[] = {{"most:0", 0, 0},      /* 224x224: nearly all there is */
                 {"small:0@3,4", 0, 0}, /* a given place */
                 {"small:0 + small:1@3,4", 0, 0},
                 {"pool:0", 0, 0},    /* sees everything */
                 {"placed:0", 0, 0}}; /* the network runs at no other size */
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        expect(&small[i].unit, 1, none, small[i].height, small[i].width, FV_VIEW_PICTURE);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        expect(&whole[i].unit, 1, none, HEIGHT, WIDTH, FV_VIEW_MODEL);
}

static void units_of_a_call_share_the_largest(void **state) {
    (void)state;
    const char *units[] = {"small:0", "wide:0", "tall:0", "pool:0"};
    const fv_render_desc none = {0};
    expect(units, 2, none, 128, 128, FV_VIEW_PICTURE);
    expect(units, 3, none, 160, 128, FV_VIEW_PICTURE);
    expect(units, 4, none, HEIGHT, WIDTH, FV_VIEW_MODEL);
}

static void what_is_asked_for_stays(void **state) {
    (void)state;
    const char *unit = "small:0";
    float grey[3] = {0.5f, 0.5f, 0.5f};
    const fv_image photo = {.channels = 3, .height = 1, .width = 1, .data = grey};
    expect(&unit, 1, (fv_render_desc){.width = 64, .height = 32}, 32, 64, FV_VIEW_MODEL);
    expect(&unit, 1, (fv_render_desc){.width = 64}, HEIGHT, 64, FV_VIEW_MODEL);
    expect(&unit, 1, (fv_render_desc){.height = 64}, 64, WIDTH, FV_VIEW_MODEL);
    expect(&unit, 1, (fv_render_desc){.recipe = "wolfram"}, HEIGHT, WIDTH, FV_VIEW_MODEL);
    expect(&unit, 1, (fv_render_desc){.recipe = "lucid"}, 128, 128, FV_VIEW_MODEL);
    expect(&unit, 1,
           (fv_render_desc){
               .recipe = "wolfram", .width = FV_SIZE_RECEPTIVE, .height = FV_SIZE_RECEPTIVE},
           96, 96, FV_VIEW_PICTURE);
    expect(&unit, 1, (fv_render_desc){.start = {FV_START_IMAGE, 0, 0, &photo, NULL}}, HEIGHT, WIDTH,
           FV_VIEW_MODEL);
}

static fv_image *rendered(fv_render_desc d) {
    fv_error err = {0};
    fv_image *image = NULL;
    d.schedule.steps = 2;
    if (fv_render(model, "small:1", &d, &image, &err)) fail_msg("%s", err.text);
    return image;
}

static int same(const fv_image *x, const fv_image *y) {
    const size_t n = 3 * (size_t)x->height * (size_t)x->width;
    return x->height == y->height && x->width == y->width &&
           !memcmp(x->data, y->data, n * sizeof(float));
}

/* The default, the same asked for, and the same size looked at by the network at its own. */
static void the_picture_is_that_of_its_options(void **state) {
    (void)state;
    fv_image *seen = rendered((fv_render_desc){0});
    fv_image *asked =
        rendered((fv_render_desc){.width = 96, .height = 96, .view = FV_VIEW_PICTURE});
    fv_image *enlarged = rendered((fv_render_desc){.width = 96, .height = 96});
    assert_int_equal(seen->height, 96);
    assert_int_equal(seen->width, 96);
    assert_non_null(strstr(fv_image_text(seen, "fovea.options"), "; size=96x96; "));
    assert_non_null(strstr(fv_image_text(seen, "fovea.options"), "; view=picture; "));
    assert_true(same(seen, asked));
    assert_false(same(seen, enlarged));
    fv_image_free(seen);
    fv_image_free(asked);
    fv_image_free(enlarged);
}

static void sizes_are_read_and_written(void **state) {
    (void)state;
    fv_render_desc d = resolved((fv_render_desc){0});
    char text[64];
    assert_int_equal(fv_render_desc_get(&d, "size", text, sizeof text, NULL), FV_OK);
    assert_string_equal(text, "seen");
    assert_int_equal(fv_render_desc_set(&d, "size", "40x30", NULL), FV_OK);
    assert_int_equal(d.width, 40);
    assert_int_equal(d.height, 30);
    assert_int_equal(fv_render_desc_set(&d, "size", "seen", NULL), FV_OK);
    assert_int_equal(d.width, FV_SIZE_RECEPTIVE);
    assert_int_equal(d.height, FV_SIZE_RECEPTIVE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_has_its_size),
        cmocka_unit_test(units_of_a_call_share_the_largest),
        cmocka_unit_test(what_is_asked_for_stays),
        cmocka_unit_test(the_picture_is_that_of_its_options),
        cmocka_unit_test(sizes_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
