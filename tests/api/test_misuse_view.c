/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of view.h: montages, plots, maps, weights, comparisons, activations. */
#include "misuse.h"

/* ---- montages and stacks -------------------------------------------------------------------- */

static void test_montage(void **state) {
    const fv_image *two[] = {t.photo, t.photo}, *none[] = {t.photo, NULL};
    const fv_image *bad[] = {&no_data}, *huge[] = {&huge_image};
    (void)state;
    REFUSED(FV_ARG, "images must", fv_montage(NULL, NULL, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_montage(two, NULL, 2, NULL, NULL, err));
    REFUSED(FV_ARG, "0 pictures", fv_montage(two, NULL, 0, NULL, &o.image, err));
    REFUSED(FV_ARG, "-1 pictures", fv_montage(two, NULL, -1, NULL, &o.image, err));
    REFUSED(FV_ARG, "picture 1", fv_montage(none, NULL, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "picture 0", fv_montage(bad, NULL, 1, NULL, &o.image, err));
    REFUSED(FV_ARG, "picture 0", fv_montage(huge, NULL, 1, NULL, &o.image, err));
#define MONTAGE(...) fv_montage(two, NULL, 2, FV_DESC(fv_montage_desc, __VA_ARGS__), &o.image, err)
    REFUSED(FV_ARG, "-1 columns", MONTAGE(.columns = -1));
    REFUSED(FV_ARG, "tiles of -1", MONTAGE(.tile = -1));
    REFUSED(FV_ARG, "at most", MONTAGE(.tile = INT_MAX));
    WORKS(MONTAGE(.columns = INT_MAX, .title = ""));
    fv_image_free(o.image);

    REFUSED(FV_ARG, "images must", fv_stack(NULL, 2, 0, 0, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_stack(two, 2, 1, 0, NULL, err));
    REFUSED(FV_ARG, "0 pictures", fv_stack(two, 0, 0, 0, &o.image, err));
    REFUSED(FV_ARG, "gap is -1", fv_stack(two, 2, 0, -1, &o.image, err));
    REFUSED(FV_ARG, "gap is 2147483647", fv_stack(two, 2, 0, INT_MAX, &o.image, err));
    REFUSED(FV_ARG, "picture 1", fv_stack(none, 2, 0, 0, &o.image, err));
    REFUSED(FV_ARG, "picture 0", fv_stack(bad, 1, 0, 0, &o.image, err));
}

/* ---- plots ---------------------------------------------------------------------------------- */

static const float numbers[] = {1, 2, 3, 4}, not_numbers[] = {1, NAN, INFINITY, 4};
static const float *series[] = {numbers, numbers}, *no_series[] = {numbers, NULL};
static const float *bad_series[] = {numbers, not_numbers};

static void test_bars(void **state) {
    (void)state;
    REFUSED(FV_ARG, "values must", fv_plot_bars(NULL, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_plot_bars(numbers, 4, NULL, NULL, err));
    REFUSED(FV_ARG, "0 values", fv_plot_bars(numbers, 0, NULL, &o.image, err));
    REFUSED(FV_ARG, "-1 values", fv_plot_bars(numbers, -1, NULL, &o.image, err));
    REFUSED(FV_ARG, "not finite", fv_plot_bars(not_numbers, 4, NULL, &o.image, err));
#define BARS(...) fv_plot_bars(numbers, 4, FV_DESC(fv_plot_desc, __VA_ARGS__), &o.image, err)
    REFUSED(FV_ARG, "64", BARS(.width = 63));
    REFUSED(FV_ARG, "16384", BARS(.width = 16385));
    REFUSED(FV_ARG, "64", BARS(.height = -1));
    REFUSED(FV_ARG, "16384", BARS(.height = 16385));
    WORKS(BARS(.title = "", .low = "", .high = "", .like = &no_image));
    fv_image_free(o.image);
}

static void test_lines(void **state) {
    (void)state;
    REFUSED(FV_ARG, "values must", fv_plot_lines(NULL, NULL, 2, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_plot_lines(series, NULL, 2, 4, NULL, NULL, err));
    REFUSED(FV_ARG, "1..8", fv_plot_lines(series, NULL, 0, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "1..8", fv_plot_lines(series, NULL, 9, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "1 values", fv_plot_lines(series, NULL, 2, 1, NULL, &o.image, err));
    REFUSED(FV_ARG, "line 1", fv_plot_lines(no_series, NULL, 2, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "not finite", fv_plot_lines(bad_series, NULL, 2, 4, NULL, &o.image, err));
    const fv_plot_desc small = {.struct_size = sizeof small, .width = 8, .height = 8};
    REFUSED(FV_ARG, "64", fv_plot_lines(series, NULL, 2, 4, &small, &o.image, err));
}

static void test_histogram(void **state) {
    (void)state;
#define HISTOGRAM(VALUES, COUNT, MARKS, N, OUT) \
    fv_plot_histogram(VALUES, COUNT, MARKS, N, NULL, OUT, err)
    REFUSED(FV_ARG, "values must", HISTOGRAM(NULL, 4, NULL, 0, &o.image));
    REFUSED(FV_ARG, "values must", fv_plot_histogram(NULL, 4, numbers, 4, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_plot_histogram(numbers, 4, numbers, 4, NULL, NULL, err));
    REFUSED(FV_ARG, "marks must", fv_plot_histogram(numbers, 4, NULL, 1, NULL, &o.image, err));
    REFUSED(FV_ARG, "-1 marks", HISTOGRAM(numbers, 4, numbers, -1, &o.image));
    REFUSED(FV_ARG, "0 values", HISTOGRAM(numbers, 0, numbers, 1, &o.image));
    REFUSED(FV_ARG, "-1 values", HISTOGRAM(numbers, -1, numbers, 1, &o.image));
    REFUSED(FV_ARG, "finite", HISTOGRAM(not_numbers + 1, 2, NULL, 0, &o.image));
}

/* ---- maps ----------------------------------------------------------------------------------- */

static void test_paint(void **state) {
    const fv_paint_desc whole = {.struct_size = sizeof whole, .low = 0, .high = 1};
    const fv_paint_desc before = {.struct_size = sizeof before, .palette = 9};
    fv_paint_desc d = before;
    (void)state;
    REFUSED(FV_ARG, "values must", fv_paint_scale(NULL, 4, &d, err));
    REFUSED(FV_ARG, "desc must", fv_paint_scale(numbers, 4, NULL, err));
    REFUSED(FV_ARG, "0 numbers", fv_paint_scale(numbers, 0, &d, err));
    REFUSED(FV_ARG, "-1 numbers", fv_paint_scale(numbers, -1, &d, err));
    GIVES(NULL, fv_palette_name(0));
    GIVES(NULL, fv_palette_name(FV_PALETTE_SEQUENTIAL + 1));
    GIVES(NULL, fv_weights_form_name(0));
    GIVES(NULL, fv_weights_form_name(FV_WEIGHTS_MATRIX + 1));
    REFUSED(FV_ARG, "palette 9", fv_paint_scale(numbers, 4, &d, err));
    assert_memory_equal(&d, &before, sizeof d);

    REFUSED(FV_ARG, "values must", fv_paint(NULL, 2, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_paint(numbers, 2, 2, NULL, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_paint(numbers, 0, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "at least 1", fv_paint(numbers, 2, -1, NULL, &o.image, err));
    REFUSED(FV_ARG, "at most", fv_paint(numbers, INT_MAX, INT_MAX, NULL, &o.image, err));
#define PAINT(...) fv_paint(numbers, 2, 2, FV_DESC(fv_paint_desc, __VA_ARGS__), &o.image, err)
    REFUSED(FV_ARG, "palette -1", PAINT(.palette = -1));
    REFUSED(FV_ARG, "palette 4", PAINT(.palette = 4));
    REFUSED(FV_ARG, "below", PAINT(.low = 1, .high = 1));
    REFUSED(FV_ARG, "below", PAINT(.low = NAN, .high = 1));
    REFUSED(FV_ARG, "below", PAINT(.low = 0, .high = INFINITY));
    REFUSED(FV_ARG, "equally", PAINT(.palette = FV_PALETTE_DIVERGING, .low = -1, .high = 2));

    REFUSED(FV_ARG, "desc must", fv_paint_bar(NULL, 64, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_paint_bar(&whole, 64, NULL, err));
    REFUSED(FV_ARG, "64..16384", fv_paint_bar(&whole, 63, &o.image, err));
    REFUSED(FV_ARG, "64..16384", fv_paint_bar(&whole, 16385, &o.image, err));
    REFUSED(FV_ARG, "below", fv_paint_bar(FV_DESC(fv_paint_desc, .low = 0), 64, &o.image, err));

#define OVERLAY(H, W, ...)                                                                      \
    fv_overlay(t.photo, numbers, H, W,                                                          \
               FV_DESC(fv_paint_desc, .palette = FV_PALETTE_SEQUENTIAL, __VA_ARGS__), &o.image, \
               err)
    REFUSED(FV_ARG, "photo must", fv_overlay(NULL, numbers, 2, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "values must", fv_overlay(t.photo, NULL, 2, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_overlay(t.photo, numbers, 2, 2, NULL, NULL, err));
    REFUSED(FV_ARG, "0 channels", fv_overlay(&no_image, numbers, 2, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "data", fv_overlay(&no_data, numbers, 2, 2, NULL, &o.image, err));
    REFUSED(FV_ARG, "at least 1", OVERLAY(0, 2, .low = 0));
    REFUSED(FV_ARG, "at least 1", OVERLAY(2, -1, .low = 0));
    REFUSED(FV_ARG, "at most", OVERLAY(INT_MAX, INT_MAX, .low = 0));
    REFUSED(FV_ARG, "strength", OVERLAY(2, 2, .strength = -1));
    REFUSED(FV_ARG, "strength", OVERLAY(2, 2, .strength = 2));
    REFUSED(FV_ARG, "strength", OVERLAY(2, 2, .strength = NAN));
    const fv_paint_desc grey = {.struct_size = sizeof grey, .palette = FV_PALETTE_GREY};
    REFUSED(FV_ARG, "grey", fv_overlay(t.photo, numbers, 2, 2, &grey, &o.image, err));
    WORKS(OVERLAY(2, 2, .strength = 1));
    fv_image_free(o.image);
}

/* ---- weights -------------------------------------------------------------------------------- */

static void test_weights(void **state) {
    static const int channels[] = {0}, below[] = {-1}, above[] = {10};
    (void)state;
    REFUSED(FV_ARG, "model must", fv_weights_render(NULL, 0, NULL, &o.weights, err));
    REFUSED(FV_ARG, "out must", fv_weights_render(t.net, 0, NULL, NULL, err));
    REFUSED(FV_ARG, "0..9", fv_weights_render(t.net, -1, NULL, &o.weights, err));
    REFUSED(FV_ARG, "0..9", fv_weights_render(t.net, 10, NULL, &o.weights, err));
    REFUSED(FV_NOTFOUND, "no weights", fv_weights_render(t.net, 6, NULL, &o.weights, err));
#define WEIGHTS(...) \
    fv_weights_render(t.net, 0, FV_DESC(fv_weights_desc, __VA_ARGS__), &o.weights, err)
    REFUSED(FV_ARG, "0 channels", WEIGHTS(.channels = channels, .n_channels = 0));
    REFUSED(FV_ARG, "-1 channels", WEIGHTS(.channels = channels, .n_channels = -1));
    REFUSED(FV_ARG, "-1 does not", WEIGHTS(.channels = below, .n_channels = 1));
    REFUSED(FV_ARG, "10 does not", WEIGHTS(.channels = above, .n_channels = 1));
    REFUSED(FV_ARG, "0 inputs", WEIGHTS(.inputs = channels, .n_inputs = 0));
    REFUSED(FV_ARG, "-1 inputs", WEIGHTS(.inputs = channels, .n_inputs = -1));
    REFUSED(FV_ARG, "-1 does not", WEIGHTS(.inputs = below, .n_inputs = 1));
    REFUSED(FV_ARG, "10 does not", WEIGHTS(.inputs = above, .n_inputs = 1));
    REFUSED(FV_ARG, "at least 0", WEIGHTS(.top = -1));
    REFUSED(FV_ARG, "form", WEIGHTS(.form = -1));
    REFUSED(FV_ARG, "form", WEIGHTS(.form = 4));
    REFUSED(FV_ARG, "tiles only", WEIGHTS(.form = FV_WEIGHTS_BARS, .top = 1));
    REFUSED(FV_SHAPE, "matrix product", WEIGHTS(.shape = {1, 3, 9}));
    const fv_weights_desc long_row = {.struct_size = sizeof long_row,
                                      .shape = {INT_MAX, INT_MAX, INT_MAX}};
    const fv_weights_desc negative = {.struct_size = sizeof negative, .shape = {-1, 1, -12}};
    REFUSED(FV_SHAPE, "12", fv_weights_render(t.net, 8, &long_row, &o.weights, err));
    REFUSED(FV_SHAPE, "-1", fv_weights_render(t.net, 8, &negative, &o.weights, err));
    WORKS(WEIGHTS(.channels = channels, .n_channels = 1));
    fv_weights_free(o.weights);
    HARMLESS(fv_weights_free(NULL));

    REFUSED(FV_ARG, "model must", fv_filters_measure(NULL, 0, &o.filters, err));
    REFUSED(FV_ARG, "out must", fv_filters_measure(t.net, 0, NULL, err));
    REFUSED(FV_ARG, "0..9", fv_filters_measure(t.net, -1, &o.filters, err));
    REFUSED(FV_ARG, "0..9", fv_filters_measure(t.net, 10, &o.filters, err));
    REFUSED(FV_SHAPE, "no filters", fv_filters_measure(t.net, 1, &o.filters, err));
    HARMLESS(fv_filter_stats_free(NULL));
}

/* ---- comparisons ---------------------------------------------------------------------------- */

#define COMPARISON(A, B, LAYER) fv_comparison_new(A, B, LAYER, &o.comparison, err)

static void test_comparison(void **state) {
    (void)state;
    REFUSED(FV_ARG, "a must", fv_comparison_new(NULL, t.session, "pool", &o.comparison, err));
    REFUSED(FV_ARG, "b must", fv_comparison_new(t.session, NULL, "pool", &o.comparison, err));
    REFUSED(FV_ARG, "layer must",
            fv_comparison_new(t.session, t.session, NULL, &o.comparison, err));
    REFUSED(FV_ARG, "out must", fv_comparison_new(t.session, t.session, "pool", NULL, err));
    REFUSED(FV_NOTFOUND, "nothing", COMPARISON(t.session, t.session, "nothing"));
    REFUSED(FV_NOTFOUND, "no layer", COMPARISON(t.session, t.session, ""));
    REFUSED(FV_NOTFOUND, "pool", COMPARISON(t.session, t.vector_session, "pool"));
    HARMLESS(fv_comparison_free(NULL));
    HARMLESS(fv_changes_free(NULL));
}

static void test_comparing(void **state) {
    (void)state;
    fv_comparison *c = NULL;
    WORKS(fv_comparison_new(t.session, t.session, "head/conv", &c, err));
    REFUSED(FV_ARG, "comparison must", fv_comparison_add(NULL, t.photo, err));
    REFUSED(FV_ARG, "photo must", fv_comparison_add(c, NULL, err));
    REFUSED(FV_ARG, "0 channels", fv_comparison_add(c, &no_image, err));
    REFUSED(FV_ARG, "data", fv_comparison_add(c, &no_data, err));
    REFUSED(FV_ARG, "comparison must", fv_comparison_add_input(NULL, t.input, err));
    REFUSED(FV_ARG, "input must", fv_comparison_add_input(c, NULL, err));
    REFUSED(FV_SHAPE, "wants", fv_comparison_add_input(c, t.vector_input, err));
    REFUSED(FV_ARG, "data", fv_comparison_add_input(c, &no_numbers, err));
    REFUSED(FV_ARG, "comparison must", fv_comparison_rank(NULL, &o.changes, err));
    REFUSED(FV_ARG, "out must", fv_comparison_rank(c, NULL, err));
    REFUSED(FV_ARG, "nothing was added", fv_comparison_rank(c, &o.changes, err));
#define DRAW(PHOTO, INPUT, CHANNEL) \
    fv_comparison_draw(c, PHOTO, INPUT, CHANNEL, o.peaks, o.images, err)
    REFUSED(FV_ARG, "comparison must",
            fv_comparison_draw(NULL, t.photo, NULL, 0, NULL, o.images, err));
    REFUSED(FV_ARG, "out must", fv_comparison_draw(c, NULL, t.input, 0, NULL, NULL, err));
    REFUSED(FV_ARG, "neither", DRAW(NULL, NULL, 0));
    REFUSED(FV_ARG, "one of the two", DRAW(t.photo, t.input, 0));
    REFUSED(FV_ARG, "0..11", DRAW(t.photo, NULL, -1));
    REFUSED(FV_ARG, "0..11", DRAW(t.photo, NULL, 12));
    REFUSED(FV_ARG, "data", DRAW(&no_data, NULL, 0));
    REFUSED(FV_ARG, "data", DRAW(NULL, &no_numbers, 0));
    REFUSED(FV_SHAPE, "wants", DRAW(NULL, t.vector_input, 0));
    fv_tensor *small = NULL; /* fewer channels than the network's */
    WORKS(fv_tensor_new(4, (int64_t[]){1, 1, 2, 2}, &small, err));
    REFUSED(FV_SHAPE, "wants", DRAW(NULL, small, 0));
    fv_tensor_free(small);
    WORKS(fv_tensor_new(4, (int64_t[]){2, 3, 32, 32}, &small, err));
    REFUSED(FV_SHAPE, "2 samples", DRAW(NULL, small, 0));
    fv_tensor_free(small);
    WORKS(DRAW(t.photo, NULL, 11));
    for (int i = 0; i < 3; i++) fv_image_free(o.images[i]);
    WORKS(fv_comparison_add(c, t.photo, err));
    WORKS(fv_comparison_rank(c, &o.changes, err));
    fv_changes_free(o.changes);
    fv_comparison_free(c);
}

/* ---- activations ---------------------------------------------------------------------------- */

static void test_run(void **state) {
    const char *one[] = {"pool"}, *none[] = {"pool", NULL}, *wrong[] = {"nothing"};
    (void)state;
#define RUN(INPUT, LAYERS, COUNT) \
    fv_activations_run(t.session, INPUT, LAYERS, COUNT, o.activations, err)
    REFUSED(FV_ARG, "session must", fv_activations_run(NULL, t.input, one, 1, o.activations, err));
    REFUSED(FV_ARG, "input must", fv_activations_run(t.session, NULL, one, 1, o.activations, err));
    REFUSED(FV_ARG, "layers must",
            fv_activations_run(t.session, t.input, NULL, 1, o.activations, err));
    REFUSED(FV_ARG, "out must", fv_activations_run(t.session, t.input, one, 1, NULL, err));
    REFUSED(FV_ARG, "1..256", RUN(t.input, one, 0));
    REFUSED(FV_ARG, "1..256", RUN(t.input, one, 257));
    REFUSED(FV_ARG, "layer 1", RUN(t.input, none, 2));
    REFUSED(FV_NOTFOUND, "nothing", RUN(t.input, wrong, 1));
    REFUSED(FV_SHAPE, "wants", RUN(t.vector_input, one, 1));
    REFUSED(FV_ARG, "data", RUN(&no_numbers, one, 1));
    HARMLESS(fv_activations_free(NULL));
}

static void test_activations(void **state) {
    const char *layer[] = {"head/conv", "pool"};
    static const int below[] = {-1}, above[] = {12};
    fv_activations *made[2], zero = {0};
    (void)state;
    WORKS(fv_activations_run(t.session, t.input, layer, 2, made, err));
    const fv_activations *a = made[0], *b = made[1];
    REFUSED(FV_ARG, "a must", fv_activations_compare(NULL, a, &o.value, o.values, err));
    REFUSED(FV_ARG, "b must", fv_activations_compare(a, NULL, &o.value, o.values, err));
    REFUSED(FV_ARG, "error must", fv_activations_compare(a, a, NULL, o.values, err));
    REFUSED(FV_ARG, "cosine must", fv_activations_compare(a, a, &o.value, NULL, err));
    REFUSED(FV_SHAPE, "cannot be compared", fv_activations_compare(a, b, &o.value, o.values, err));
    REFUSED(FV_ARG, "are none", fv_activations_compare(&zero, &zero, &o.value, o.values, err));

    REFUSED(FV_ARG, "a must", fv_activations_choose(NULL, NULL, o.channels, &o.count, err));
    REFUSED(FV_ARG, "out must", fv_activations_choose(a, NULL, NULL, &o.count, err));
    REFUSED(FV_ARG, "count must", fv_activations_choose(a, NULL, o.channels, NULL, err));
    REFUSED(FV_ARG, "are none", fv_activations_choose(&zero, NULL, o.channels, &o.count, err));
#define CHOOSE(...) \
    fv_activations_choose(a, FV_DESC(fv_activations_desc, __VA_ARGS__), o.channels, &o.count, err)
    REFUSED(FV_ARG, "0 channels", CHOOSE(.channels = below, .n_channels = 0));
    REFUSED(FV_ARG, "13 channels", CHOOSE(.channels = below, .n_channels = 13));
    REFUSED(FV_ARG, "-1 does not", CHOOSE(.channels = below, .n_channels = 1));
    REFUSED(FV_ARG, "12 does not", CHOOSE(.channels = above, .n_channels = 1));
    REFUSED(FV_ARG, "-1 strongest", CHOOSE(.top = -1));
    REFUSED(FV_ARG, "13 strongest", CHOOSE(.top = 13));
    REFUSED(FV_ARG, "by is -1", CHOOSE(.by = -1));
    REFUSED(FV_ARG, "by is 3", CHOOSE(.by = 3));

    const fv_paint_desc nothing = {.struct_size = sizeof nothing};
    fv_paint_desc scale = nothing;
    REFUSED(FV_ARG, "a must", fv_activations_draw(NULL, NULL, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_activations_draw(a, NULL, NULL, NULL, err));
    REFUSED(FV_ARG, "activations", fv_activations_draw(&zero, NULL, &scale, &o.image, err));
#define PICTURE(...) \
    fv_activations_draw(a, FV_DESC(fv_activations_desc, __VA_ARGS__), &scale, &o.image, err)
    REFUSED(FV_ARG, "palette -1", PICTURE(.palette = -1));
    REFUSED(FV_ARG, "palette 4", PICTURE(.palette = 4));
    REFUSED(FV_ARG, "columns is -1", PICTURE(.columns = -1));
    REFUSED(FV_ARG, "tile is -1", PICTURE(.tile = -1));
    REFUSED(FV_ARG, "tile is 16385", PICTURE(.tile = 16385));
    REFUSED(FV_ARG, "photo", PICTURE(.photo = &no_data));
    REFUSED(FV_ARG, "photo", PICTURE(.photo = &huge_image));
    const fv_activations_desc over = {.struct_size = sizeof over, .photo = t.photo};
    REFUSED(FV_ARG, "no maps", fv_activations_draw(b, &over, &scale, &o.image, err));
    assert_memory_equal(&scale, &nothing, sizeof scale);
    WORKS(PICTURE(.top = 1, .columns = 1000));
    fv_image_free(o.image);
    for (int i = 0; i < 2; i++) fv_activations_free(made[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_montage),    cmocka_unit_test(test_bars),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_paint),      cmocka_unit_test(test_weights),
        cmocka_unit_test(test_comparison), cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_run),        cmocka_unit_test(test_activations),
    };
    return cmocka_run_group_tests(tests, misuse_setup, misuse_teardown);
}
