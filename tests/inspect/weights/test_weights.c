/* SPDX-License-Identifier: Apache-2.0 */
/* Weights as pictures: which value becomes which colour, in which tile, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fovea/fovea.h"
#include "weights_net.h"

static fv_weights *draw(const char *layer, const fv_weights_desc *desc) {
    fv_weights *w = NULL;
    fv_error err = {0};
    if (fv_weights_render(model, net_layer(model, layer), desc, &w, &err)) fail_msg("%s", err.text);
    return w;
}

static void refuse(const char *layer, fv_weights_desc desc, fv_status status, const char *text) {
    fv_weights *w = NULL;
    fv_error err = {0};
    assert_int_equal(fv_weights_render(model, net_layer(model, layer), &desc, &w, &err), status);
    assert_string_equal(err.text, text);
    assert_null(w);
}

static float at(const fv_weights *w, int tile, int c, int y, int x) {
    const fv_image *p = w->tiles[tile].image;
    assert_true(c < p->channels && y < p->height && x < p->width);
    return p->data[((int64_t)c * p->height + y) * p->width + x];
}

static void expect(float a, double wanted) {
    if (!(fabs(a - wanted) < 1e-5)) fail_msg("%g, not %g", (double)a, wanted);
}

/* A grey of a palette of 256. */
static void expect_grey(float a, double wanted) {
    if (!(fabs(a - wanted) <= 0.5 / 255 + 1e-5)) fail_msg("%g, not %g", (double)a, wanted);
}

/* Below zero blue, above zero red: -1, 1, or 0 for white. */
static int sign_at(const fv_weights *w, int tile, int y, int x) {
    const float red = at(w, tile, 0, y, x), blue = at(w, tile, 2, y, x);
    return red > blue + 0.05f ? 1 : blue > red + 0.05f ? -1 : 0;
}

/* ---- kernels that see the picture ----------------------------------------------------------- */

/* w[o][c][y][x], 2 filters of 3x2x2, the second half as strong. */
static const float colours[24] = {1, 0,     0,  0, 0, 0.5f, 0, 0, 0, 0, -2, 0,
                                  0, 0.25f, -1, 0, 0, 0,    0, 0, 1, 0, 0,  0};

static void picture_net(const char *dims, int nhwc) {
    builder_input(b, "x", FVI_F32, dims);
    builder_f32(b, "w", "2,3,2,2", colours);
    if (nhwc) builder_ints(b, builder_node(b, "Transpose", "turn", "x", "t"), "perm", "0,3,1,2");
    builder_node(b, "Relu", "pre", nhwc ? "t" : "x", "p");
    builder_node(b, "Conv", "conv", "p,w", "y");
}

static void expect_colours(const fv_weights *w, const int order[3]) {
    assert_int_equal(w->count, 2);
    assert_true(w->rgb);
    for (int o = 0; o < 2; o++) {
        expect(w->tiles[o].low, -2);
        expect(w->tiles[o].high, 2);
        assert_int_equal(w->tiles[o].output, o);
        assert_int_equal(w->tiles[o].input, -1);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 4; i++)
                expect(at(w, o, c, i / 2, i % 2), colours[(o * 3 + order[c]) * 4 + i] / 4 + 0.5);
    }
    assert_string_equal(w->tiles[1].label, "1");
}

static void test_rgb(void **state) {
    (void)state;
    picture_net("N,3,8,8", 0);
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", NULL);
    expect_colours(w, (const int[]){0, 1, 2});
    assert_non_null(fv_image_text(w->tiles[0].image, "fovea.model-sha256"));
    assert_string_equal(fv_image_text(w->tiles[0].image, "fovea.weights"),
                        "layer=conv form=tiles scale=all low=-2 high=2");
    fv_weights_free(w);
}

static void test_bgr_is_turned_round(void **state) {
    (void)state;
    picture_net("N,3,8,8", 0);
    model = net_load(b, FV_DESC(fv_model_desc, .channel_order = FV_BGR));
    fv_weights *w = draw("conv", NULL);
    expect_colours(w, (const int[]){2, 1, 0});
    fv_weights_free(w);
}

static void test_channels_last_is_followed(void **state) {
    (void)state;
    picture_net("N,8,8,3", 1);
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", NULL);
    expect_colours(w, (const int[]){0, 1, 2});
    fv_weights_free(w);
}

static void test_scales(void **state) {
    (void)state;
    picture_net("N,3,8,8", 0);
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", FV_DESC(fv_weights_desc, .each = 1));
    expect(w->tiles[0].high, 2);
    expect(w->tiles[1].high, 1);
    expect(w->tiles[1].low, -1);
    expect(at(w, 1, 0, 0, 1), 0.25 / 2 + 0.5);
    fv_weights_free(w);
    w = draw("conv", FV_DESC(fv_weights_desc, .min_max = 1));
    expect(w->tiles[0].low, -2);
    expect(w->tiles[0].high, 1);
    expect(at(w, 0, 0, 0, 0), 1);
    expect(at(w, 0, 0, 0, 1), 2.0 / 3); /* zero is not grey */
    fv_weights_free(w);
    w = draw("conv", FV_DESC(fv_weights_desc, .channels = (const int[]){1}, .n_channels = 1));
    assert_int_equal(w->count, 1);
    expect(w->tiles[0].high, 1); /* of what is shown */
    fv_weights_free(w);
}

static void test_colours_apart(void **state) {
    (void)state;
    picture_net("N,3,8,8", 0);
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", FV_DESC(fv_weights_desc, .grey = 1));
    assert_int_equal(w->count, 6);
    assert_int_equal(w->columns, 3);
    assert_int_equal(w->tiles[2].image->channels, 1);
    expect(at(w, 2, 0, 1, 0), 0); /* output 0, blue: -2 */
    assert_string_equal(w->tiles[2].label, "2 > 0");
    fv_weights_free(w);
    w = draw("conv", FV_DESC(fv_weights_desc, .top = 1));
    assert_int_equal(w->count, 2);
    assert_int_equal(w->tiles[0].input, 2);
    assert_int_equal(w->tiles[1].input, 0); /* its norm is 1.03; that of input 2 is 1 */
    assert_int_equal(sign_at(w, 0, 1, 0), -1);
    assert_int_equal(sign_at(w, 0, 0, 0), 0);
    fv_weights_free(w);
}

static void test_grey_picture(void **state) {
    (void)state;
    const float sobel[9] = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
    builder_input(b, "x", FVI_F32, "1,1,8,8");
    builder_f32(b, "w", "1,1,3,3", sobel);
    builder_node(b, "Conv", "conv", "x,w", "y");
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", NULL);
    assert_int_equal(w->palette, FV_PALETTE_GREY);
    for (int i = 0; i < 9; i++) expect_grey(at(w, 0, 0, i / 3, i % 3), sobel[i] / 4 + 0.5);
    fv_weights_free(w);
}

/* ---- deeper kernels ------------------------------------------------------------------------- */

/* x -> conv1 [4] -> pointwise [20][4][1][1] -> depthwise [20][1][3][3] in 20 groups */
static void deep_net(void) {
    builder_input(b, "x", FVI_F32, "1,3,16,16");
    builder_f32(b, "w1", "4,3,3,3", NULL);
    builder_f32(b, "w2", "20,4,1,1", NULL);
    builder_f32(b, "w3", "20,1,3,3", NULL);
    builder_node(b, "Conv", "conv1", "x,w1", "a");
    builder_node(b, "Conv", "point", "a,w2", "c");
    builder_int(b, builder_node(b, "Conv", "depth", "c,w3", "y"), "group", 20);
    model = net_load(b, NULL);
}

static void test_depthwise_is_one_tile_an_output(void **state) {
    (void)state;
    deep_net();
    fv_weights *w = draw("depth", NULL);
    assert_int_equal(w->count, 20);
    assert_int_equal(w->palette, FV_PALETTE_DIVERGING);
    assert_string_equal(w->tiles[19].label, "19");
    fv_weights_free(w);
}

static void test_single_numbers(void **state) {
    (void)state;
    deep_net();
    fv_tensor *raw = NULL;
    assert_int_equal(fv_model_weights(model, net_layer(model, "point"), &raw, NULL, NULL), FV_OK);
    fv_weights *w = draw("point", NULL); /* 20 rows: more than are drawn as bars */
    assert_int_equal(w->form, FV_WEIGHTS_MATRIX);
    assert_int_equal(w->count, 1);
    assert_int_equal(w->tiles[0].image->height, 20);
    assert_int_equal(w->tiles[0].image->width, 4);
    for (int i = 0; i < 80; i++)
        if (fabsf(raw->data[i]) > 0.2f * w->tiles[0].high)
            assert_int_equal(sign_at(w, 0, i / 4, i % 4), raw->data[i] > 0 ? 1 : -1);
    fv_weights_free(w);
    const int some[] = {3, 5};
    w = draw("point", FV_DESC(fv_weights_desc, .channels = some, .n_channels = 2));
    assert_int_equal(w->form, FV_WEIGHTS_BARS);
    assert_int_equal(w->count, 2);
    assert_int_equal(w->tiles[1].output, 5);
    fv_weights_free(w);
    w = draw("point", FV_DESC(fv_weights_desc, .inputs = some, .n_inputs = 1));
    assert_int_equal(w->tiles[0].image->width, 1);
    fv_weights_free(w);
    fv_tensor_free(raw);
}

static void test_vectors_and_signals_are_bars(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,2,16");
    builder_f32(b, "w", "3,2,5", NULL);
    builder_f32(b, "s", "3,1", NULL);
    builder_node(b, "Conv", "conv", "x,w", "c");
    builder_node(b, "Mul", "scale", "c,s", "y");
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", NULL);
    assert_int_equal(w->form, FV_WEIGHTS_BARS);
    assert_int_equal(w->count, 6);
    assert_string_equal(w->tiles[5].label, "1 > 2");
    fv_weights_free(w);
    w = draw("scale", NULL);
    assert_int_equal(w->form, FV_WEIGHTS_BARS);
    assert_int_equal(w->count, 1);
    assert_string_equal(w->tiles[0].label, "");
    fv_weights_free(w);
    refuse("scale", *FV_DESC(fv_weights_desc, .shape = {1, 1, 3}), FV_SHAPE,
           "net: layer \"scale\" is a multiplication; a shape is for the rows of a matrix product");
}

static void test_zero_and_odd_numbers(void **state) {
    (void)state;
    const float odd[12] = {0, 0, 0, 0, NAN, 1, INFINITY, -3, 0, 0, 0, 0};
    builder_input(b, "x", FVI_F32, "1,3,4,4");
    builder_f32(b, "w", "1,3,2,2", odd);
    builder_node(b, "Conv", "conv", "x,w", "y");
    model = net_load(b, NULL);
    fv_weights *w = draw("conv", NULL);
    expect(w->tiles[0].high, 3);
    expect(at(w, 0, 1, 0, 0), 0.5); /* what is no number is mid grey */
    expect(at(w, 0, 1, 0, 1), 1.0 / 6 + 0.5);
    fv_weights_free(w);
    const int zeros[] = {0, 2};
    w = draw("conv", FV_DESC(fv_weights_desc, .inputs = zeros, .n_inputs = 2, .grey = 1));
    expect(w->tiles[0].high, 1);
    expect_grey(at(w, 1, 0, 0, 0), 0.5);
    fv_weights_free(w);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void test_rows_of_the_flattened_picture(void **state) {
    (void)state;
    float rows[2 * 12];
    for (int i = 0; i < 24; i++) rows[i] = (float)(i - 12);
    for (int nhwc = 0; nhwc < 2; nhwc++) {
        if (nhwc) {
            teardown(NULL);
            setup(NULL);
        }
        builder_input(b, "x", FVI_F32, nhwc ? "1,2,2,3" : "1,3,2,2");
        builder_f32(b, "w", "2,12", rows);
        builder_node(b, "Flatten", "flat", "x", "f");
        builder_int(b, builder_node(b, "Gemm", "fc", "f,w", "y"), "transB", 1);
        builder_metadata(b, "fovea.layout", nhwc ? "NHWC" : "NCHW");
        model = net_load(b, NULL);
        fv_weights *w = draw("fc", NULL);
        assert_true(w->rgb && w->found);
        assert_int_equal(w->channels_last, nhwc);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 4; i++)
                expect(at(w, 1, c, i / 2, i % 2),
                       rows[12 + (nhwc ? i * 3 + c : c * 4 + i)] / 24 + 0.5);
        fv_weights_free(w);
    }
}

static void test_given_shapes(void **state) {
    (void)state;
    float rows[12];
    for (int i = 0; i < 12; i++) rows[i] = (float)(i - 6);
    builder_input(b, "x", FVI_F32, "N,12");
    builder_f32(b, "w", "12,1", rows); /* MatMul's order: a unit is a column */
    builder_node(b, "MatMul", "fc", "x,w", "y");
    model = net_load(b, NULL);
    fv_weights *w = draw("fc", NULL);
    assert_int_equal(w->form, FV_WEIGHTS_BARS);
    fv_weights_free(w);
    w = draw("fc", FV_DESC(fv_weights_desc, .shape = {1, 3, 4}));
    assert_int_equal(w->palette, FV_PALETTE_GREY);
    assert_int_equal(w->tiles[0].image->width, 4);
    expect_grey(at(w, 0, 0, 1, 2), 0.5);
    expect(at(w, 0, 0, 0, 0), 0);
    fv_weights_free(w);
    w = draw("fc", FV_DESC(fv_weights_desc, .shape = {3, 2, 2}, .channels_last = 1));
    expect(at(w, 0, 2, 1, 0), rows[8] / 12 + 0.5);
    fv_weights_free(w);
    w = draw("fc", FV_DESC(fv_weights_desc, .shape = {6, 1, 2})); /* a map: pairs in red and blue */
    assert_int_equal(w->count, 6);
    assert_int_equal(sign_at(w, 0, 0, 0), -1);
    assert_int_equal(sign_at(w, 5, 0, 1), 1);
    fv_weights_free(w);
    refuse("fc", *FV_DESC(fv_weights_desc, .shape = {1, 3, 5}), FV_SHAPE,
           "net: layer \"fc\" has rows of 12 numbers; the shape 1x3x5 has 15");
    refuse("fc", *FV_DESC(fv_weights_desc, .shape = {3, 3, 2}, .channels_last = 1), FV_SHAPE,
           "net: layer \"fc\" has rows of 12 numbers; the shape 3x2x3 has 18");
    refuse("fc", *FV_DESC(fv_weights_desc, .shape = {-1, -3, 4}), FV_SHAPE,
           "net: layer \"fc\" has rows of 12 numbers; the shape -1x-3x4 has 12");
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_refused(void **state) {
    (void)state;
    deep_net();
    const int bad[] = {4, -1};
    refuse("conv1", *FV_DESC(fv_weights_desc, .channels = bad, .n_channels = 1), FV_ARG,
           "net: layer \"conv1\" has 4 channels; 4 does not exist (0..3)");
    refuse("conv1", *FV_DESC(fv_weights_desc, .inputs = bad + 1, .n_inputs = 1), FV_ARG,
           "net: layer \"conv1\" has 3 inputs; -1 does not exist (0..2)");
    refuse("conv1", *FV_DESC(fv_weights_desc, .channels = bad), FV_ARG,
           "a list of 0 channels to show");
    refuse("conv1", *FV_DESC(fv_weights_desc, .top = 1, .form = FV_WEIGHTS_MATRIX), FV_ARG,
           "inputs are ranked in tiles only");
    refuse("conv1", *FV_DESC(fv_weights_desc, .top = -1), FV_ARG,
           "the strongest -1 inputs: at least 0");
    refuse("conv1", *FV_DESC(fv_weights_desc, .form = 7), FV_ARG,
           "there is no form 7 of weights; allowed: 0..3");
    refuse("depth", *FV_DESC(fv_weights_desc, .min_max = 1), FV_ARG,
           "net: layer \"depth\" is drawn in red and blue, whose middle is zero; a scale from the "
           "least to the greatest value is for grey and for colours");
    fv_weights *w = NULL;
    assert_int_equal(fv_weights_render(model, 99, NULL, &w, NULL), FV_ARG);
    assert_int_equal(fv_weights_render(NULL, 0, NULL, &w, NULL), FV_ARG);
    assert_int_equal(fv_weights_render(model, 0, NULL, NULL, NULL), FV_ARG);
}

static void test_too_many_tiles(void **state) {
    (void)state;
    builder_input(b, "x", FVI_F32, "1,64,4,4");
    builder_f32(b, "w", "65,64,2,2", NULL);
    builder_node(b, "Conv", "conv", "x,w", "y");
    model = net_load(b, NULL);
    refuse("conv", (fv_weights_desc){.struct_size = sizeof(fv_weights_desc)}, FV_ARG,
           "net: layer \"conv\" makes 65x64 = 4160 tiles; at most 4096: choose channels, inputs or "
           "only the strongest inputs");
    refuse("conv", *FV_DESC(fv_weights_desc, .form = FV_WEIGHTS_BARS), FV_ARG,
           "net: layer \"conv\" makes 65x64 = 4160 plots; at most 256: choose channels, inputs or "
           "only the strongest inputs");
    fv_weights *w = draw("conv", FV_DESC(fv_weights_desc, .top = 2));
    assert_int_equal(w->count, 130);
    assert_int_equal(w->columns, 2);
    fv_weights_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rgb, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bgr_is_turned_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels_last_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scales, setup, teardown),
        cmocka_unit_test_setup_teardown(test_colours_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_grey_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depthwise_is_one_tile_an_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_single_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vectors_and_signals_are_bars, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zero_and_odd_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_of_the_flattened_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_tiles, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
