/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as maps: against fv_session_run's values in every layout, which channels are strong,
 * and what is drawn.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"

#define GOLDEN "tests/golden/"

typedef struct fixture {
    fv_model *model;
    fv_session *session;
    fv_tensor *input;
} fixture;

/* A network and a raw input of `samples` samples. */
static fixture open(const char *path, int64_t samples) {
    fixture f = {0};
    fv_error err = {0};
    if (fv_model_load(path, NULL, &f.model, &err) ||
        fv_session_new(f.model, NULL, &f.session, &err))
        fail_msg("%s", err.text);
    const fv_input *in = fv_model_input(f.model);
    int64_t dim[FV_MAX_DIMS];
    memcpy(dim, in->dim, sizeof dim);
    dim[0] = samples;
    for (int i = 1; i < in->ndim; i++)
        if (dim[i] < 0) dim[i] = i == 2 ? in->height : in->width;
    if (fv_tensor_new(in->ndim, dim, &f.input, &err)) fail_msg("%s", err.text);
    for (int64_t i = 0; i < fv_tensor_count(f.input); i++)
        f.input->data[i] = sinf(0.37f * (float)i);
    return f;
}

static void close_all(fixture *f) {
    fv_tensor_free(f->input);
    fv_session_free(f->session);
    fv_model_free(f->model);
}

/* The maps against the value itself: element (n, c, p) of it lies at n * by_n + c * by_c +
 * (p + skipped) * by_p. */
static void check(const char *file, const char *layer, int64_t samples, fv_activation_kind kind,
                  int channels, int height, int width, int skipped, const int64_t by[3]) {
    char path[512] = GOLDEN;
    fv_error err = {0};
    fv_tensor *value = NULL;
    fv_activations *a[4] = {0};
    strcat(path, file);
    fixture f = open(path, samples);
    if (fv_activations_run(f.session, f.input, &layer, 1, a, &err) ||
        fv_session_run(f.session, f.input, layer, &value, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_tensor_count(value), samples * channels * (height * width + skipped));
    for (int64_t n = 0; n < samples; n++) {
        assert_string_equal(a[n]->layer, layer);
        assert_int_equal(a[n]->kind, kind);
        assert_int_equal(a[n]->channels, channels);
        assert_int_equal(a[n]->height, height);
        assert_int_equal(a[n]->width, width);
        assert_int_equal(a[n]->skipped, skipped);
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < height * width; p++)
                assert_true(a[n]->data[c * height * width + p] ==
                            value->data[n * by[0] + c * by[1] + (p + skipped) * by[2]]);
        fv_activations_free(a[n]);
    }
    fv_tensor_free(value);
    close_all(&f);
}

static void maps_are_found_in_every_layout(void **state) {
    (void)state;
    check("residual.new18-free.onnx", "relu", 2, FV_ACTIVATION_MAPS, 8, 12, 12, 0,
          (int64_t[]){8 * 144, 144, 1});
    check("convnext.new20.onnx", "features.0.1", 1, FV_ACTIVATION_MAPS, 6, 3, 3, 0,
          (int64_t[]){0, 1, 6});
    check("transformer.new18-free.onnx", "encoder.layers.encoder_layer_0.ln_1", 3,
          FV_ACTIVATION_TOKENS, 8, 3, 3, 1, (int64_t[]){80, 1, 8});
    check("signal.new18-free.onnx", "node_tanh", 2, FV_ACTIVATION_SIGNALS, 12, 1, 16, 0,
          (int64_t[]){12 * 16, 16, 1});
    check("residual.new18-free.onnx", "mean", 2, FV_ACTIVATION_VECTOR, 12, 1, 1, 0,
          (int64_t[]){12, 1, 0});
    check("residual.new18-free.onnx", "fc", 3, FV_ACTIVATION_VECTOR, 6, 1, 1, 0,
          (int64_t[]){6, 1, 0});
}

/* Several layers are run at once, the same one twice, and a file whose batch is fixed in pieces. */
static void layers_come_in_the_order_asked_for(void **state) {
    (void)state;
    static const char *const layers[] = {"relu_2", "relu", "relu_2"};
    static const char *const files[] = {"residual.new18-free.onnx", "residual.old9.onnx"};
    for (int k = 0; k < 2; k++) {
        char path[512] = GOLDEN;
        fv_activations *all[6], *one = NULL;
        fv_error err = {0};
        strcat(path, files[k]);
        fixture f = open(path, 2);
        const char *names[3];
        for (int i = 0; i < 3; i++) {
            int index = strcmp(layers[i], "relu") ? 7 : 1;
            names[i] = fv_model_layer(f.model, index)->name;
        }
        if (fv_activations_run(f.session, f.input, names, 3, all, &err)) fail_msg("%s", err.text);
        for (int i = 0; i < 6; i++) assert_string_equal(all[i]->layer, names[i % 3]);
        f.input->dim[0] = 1;
        for (int n = 0; n < 2; n++) {
            memmove(f.input->data, f.input->data + n * 3 * 144, 3 * 144 * sizeof(float));
            if (fv_activations_run(f.session, f.input, &names[0], 1, &one, &err))
                fail_msg("%s", err.text);
            for (int i = 0; i < 3; i += 2) {
                const fv_activations *a = all[n * 3 + i];
                assert_int_equal(a->channels * a->height * a->width, 8 * 36);
                for (int j = 0; j < 8 * 36; j++) assert_float_equal(a->data[j], one->data[j], 1e-5);
            }
            fv_activations_free(one);
        }
        for (int i = 0; i < 6; i++) fv_activations_free(all[i]);
        close_all(&f);
    }
}

/* Windows of Swin, cut out of a map that was padded from 6x6 to 8x8, have the numbers of the layer
 * before. */
static void windows_are_one_map(void **state) {
    (void)state;
    fv_activations *a[3] = {0};
    fv_error err = {0};
    fixture f = open(GOLDEN "swin.new18.onnx", 1);
    const char *const norm = fv_model_layer(f.model, 3)->name;
    const char *const names[] = {norm, "view_1", "_unsafe_view"};
    if (fv_activations_run(f.session, f.input, names, 3, a, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(a[i]->kind, i < 2 ? FV_ACTIVATION_MAPS : FV_ACTIVATION_TOKENS);
        assert_int_equal(a[i]->height, 6);
        assert_int_equal(a[i]->width, 6);
        assert_int_equal(a[i]->skipped, 0);
        assert_memory_equal(a[i]->data, a[0]->data, 8 * 36 * sizeof(float));
    }
    for (int i = 0; i < 3; i++) fv_activations_free(a[i]);
    close_all(&f);
}

static void what_has_no_maps_is_refused(void **state) {
    (void)state;
    static const char *const layers[] = {"_unsafe_view_1", "softmax", "nowhere"};
    fv_activations *a[3] = {0};
    fv_error err = {0};
    fixture f = open(GOLDEN "swin.new18.onnx", 1);
    assert_int_equal(fv_activations_run(f.session, f.input, &layers[1], 1, a, &err), FV_SHAPE);
    assert_string_equal(err.text,
                        "layer \"softmax\" is 4x2x16x16, no maps over the picture: it has a number "
                        "for every pair of positions, as attention; the nearest layer with maps is "
                        "\"_unsafe_view_1\"");
    assert_int_equal(fv_activations_run(f.session, f.input, &layers[2], 1, a, &err), FV_NOTFOUND);
    assert_int_equal(fv_activations_run(f.session, f.input, layers, 2, a, &err), FV_SHAPE);
    assert_int_equal(fv_activations_run(f.session, f.input, layers, 0, a, &err), FV_ARG);
    assert_null(a[0]);
    close_all(&f);
}

/* Four channels of 2x3. */
static float numbers[] = {1, 2,  3, 4,    5, 6,  0, 0, 9, 0,   0, 0,
                          5, -7, 5, 1e3f, 5, 20, 6, 6, 6, NAN, 6, 6};
static const fv_activations four = {"conv", FV_ACTIVATION_MAPS, 4, 2, 3, 0, numbers, 1, {0}, {0}};

static void strong_channels_come_first(void **state) {
    (void)state;
    fv_channel c[4];
    fv_error err = {0};
    int n = 0;
    assert_int_equal(fv_activations_choose(&four, NULL, c, &n, NULL), FV_OK);
    assert_int_equal(n, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(c[i].channel, i);
    assert_true(c[0].mean == 3.5f && c[0].min == 1 && c[0].max == 6 && c[0].y == 1 && c[0].x == 2);
    assert_true(c[1].max == 9 && c[1].y == 0 && c[1].x == 2);
    assert_true(c[3].mean == 6 && c[3].min == 6 && c[3].y == 0 && c[3].x == 0);
    fv_activations_desc d = {.struct_size = sizeof d, .top = 3};
    assert_int_equal(fv_activations_choose(&four, &d, c, &n, NULL), FV_OK);
    assert_int_equal(n, 3);
    assert_true(c[0].channel == 2 && c[1].channel == 1 && c[2].channel == 3); /* 6, 6: the mean */
    d = *FV_DESC(fv_activations_desc, .channels = (int[]){1, 0, 3}, .n_channels = 3, .top = 3,
                 .by = FV_SCORE_MEAN);
    assert_int_equal(fv_activations_choose(&four, &d, c, &n, NULL), FV_OK);
    assert_true(c[0].channel == 3 && c[1].channel == 0 && c[2].channel == 1);
    d = *FV_DESC(fv_activations_desc, .channels = (int[]){4}, .n_channels = 1);
    assert_int_equal(fv_activations_choose(&four, &d, c, &n, &err), FV_ARG);
    assert_string_equal(err.text, "layer \"conv\" has 4 channels; 4 does not exist (0..3)");
    d = *FV_DESC(fv_activations_desc, .top = 5);
    assert_int_equal(fv_activations_choose(&four, &d, c, &n, &err), FV_ARG);
}

/* Numbers that are none are counted; a channel of nothing else has no value, and comes last. */
static void channels_without_numbers_come_last(void **state) {
    (void)state;
    float x[] = {-5, -6, NAN, NAN, -7, INFINITY, NAN, -INFINITY, -8, -9};
    const fv_activations a = {"conv", FV_ACTIVATION_MAPS, 5, 1, 2, 0, x, 1, {0}, {0}};
    const fv_activations nothing = {"conv", FV_ACTIVATION_MAPS, 1, 1, 2, 0, x + 2, 1, {0}, {0}};
    const fv_activations vector = {"dense", FV_ACTIVATION_VECTOR, 5, 1, 1, 0, x, 1, {0}, {0}};
    static const int order[] = {0, 2, 4, 1, 3}, none[] = {0, 1, 0, 2, 2};
    fv_channel c[5];
    int n = 0;
    for (int by = 1; by <= 2; by++) {
        fv_activations_desc d = {.struct_size = sizeof d, .top = 5, .by = (fv_score)by};
        assert_int_equal(fv_activations_choose(&a, &d, c, &n, NULL), FV_OK);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(c[i].channel, order[i]);
            assert_int_equal(c[i].not_finite, none[i]);
            assert_true(isnan(c[i].max) == (i > 2) && isnan(c[i].min) == (i > 2) &&
                        isnan(c[i].mean) == (i > 2));
        }
    }
    const fv_activations *const all[] = {&a, &nothing, &vector};
    for (int i = 0; i < 3; i++)
        for (int tile = 0; tile < 2; tile++) {
            fv_activations_desc d = {.struct_size = sizeof d, .scale_tile = tile};
            fv_image *p = NULL;
            fv_paint_desc s = {.struct_size = sizeof s};
            fv_error err = {0};
            if (fv_activations_draw(all[i], &d, &s, &p, &err)) fail_msg("%s", err.text);
            assert_true(isfinite(s.low) && isfinite(s.high));
            if (!i && !tile) assert_true(s.low == -9 && s.high == 9);
            fv_image_free(p);
        }
}

static fv_image *draw(const fv_activations *a, fv_activations_desc d, fv_paint_desc *scale) {
    fv_error err = {0};
    fv_image *out = NULL;
    if (fv_activations_draw(a, &d, scale, &out, &err)) fail_msg("%s", err.text);
    return out;
}

static int has_color(const fv_image *p, float r, float g, float b) {
    const int64_t plane = (int64_t)p->height * p->width;
    for (int64_t i = 0; i < plane; i++)
        if (fabsf(p->data[i] - r) < 0.02f &&
            fabsf(p->data[(p->channels > 1) * plane + i] - g) < 0.02f &&
            fabsf(p->data[(p->channels > 1) * 2 * plane + i] - b) < 0.02f)
            return 1;
    return 0;
}

/* One scale for all channels that are shown, or one each; signed where something is negative. */
static void scales_say_what_colours_mean(void **state) {
    (void)state;
    fv_paint_desc s = {.struct_size = sizeof s};
    fv_image *p =
        draw(&four, (fv_activations_desc){.struct_size = sizeof(fv_activations_desc)}, &s);
    assert_true(s.palette == FV_PALETTE_DIVERGING && s.low == -1000 && s.high == 1000);
    fv_image_free(p);
    fv_activations_desc d = {
        .struct_size = sizeof d, .channels = (int[]){0, 1}, .n_channels = 2, .title = ""};
    p = draw(&four, d, &s);
    assert_true(s.palette == FV_PALETTE_GREY && s.low == 0 && s.high == 9);
    assert_true(has_color(p, 1 / 9.0f, 1 / 9.0f, 1 / 9.0f)); /* channel 0's own 1 */
    fv_image_free(p);
    d.scale_tile = 1;
    p = draw(&four, d, &s);
    assert_true(s.palette == FV_PALETTE_GREY && s.low == 0 && s.high == 0);
    assert_true(has_color(p, 0.2f, 0.2f, 0.2f)); /* 2 of 1..6 */
    fv_image_free(p);
    d.palette = FV_PALETTE_SEQUENTIAL;
    p = draw(&four, d, &s);
    assert_true(s.palette == FV_PALETTE_SEQUENTIAL && p->channels == 3);
    fv_image_free(p);
}

static void tiles_are_laid_over_a_photo(void **state) {
    (void)state;
    fv_image *photo = NULL, *bare = NULL, *over = NULL, *none = NULL;
    fv_error err = {0};
    fv_paint_desc s = {.struct_size = sizeof s};
    assert_int_equal(fv_image_new(3, 60, 90, &photo, NULL), FV_OK);
    for (int i = 0; i < 60 * 90; i++) photo->data[i] = 1; /* red */
    fv_activations_desc d = {
        .struct_size = sizeof d, .channels = (int[]){1}, .n_channels = 1, .columns = 2};
    bare = draw(&four, d, &s);
    d.photo = photo;
    over = draw(&four, d, &s);
    assert_int_equal(s.palette, FV_PALETTE_SEQUENTIAL);
    assert_true(over->width >= 2 * 90 && over->channels == 3);
    assert_true(has_color(over, 1, 0, 0)); /* the photo itself stands first */
    assert_false(has_color(bare, 1, 0, 0));
    const fv_activations vector = {"dense", FV_ACTIVATION_VECTOR, 4, 1, 1, 0, numbers, 1, {0}, {0}};
    d = *FV_DESC(fv_activations_desc, .photo = photo);
    assert_int_equal(fv_activations_draw(&vector, &d, &s, &none, &err), FV_ARG);
    assert_string_equal(err.text, "layer \"dense\" has no maps to lay over a photo: it gives 4 "
                                  "numbers, one a channel");
    assert_null(none);
    fv_image_free(photo);
    fv_image_free(bare);
    fv_image_free(over);
}

/* Signals: together as lines, or a plot each; what is not finite does not stop them. */
static void signals_and_vectors_are_plotted(void **state) {
    (void)state;
    const fv_activations few = {"conv1d", FV_ACTIVATION_SIGNALS, 4, 1, 6, 0, numbers, 1, {0}, {0}};
    const fv_activations many = {"conv1d", FV_ACTIVATION_SIGNALS, 12, 1, 2, 0, numbers, 1, {0},
                                 {0}};
    const fv_activations vector = {"dense", FV_ACTIVATION_VECTOR, 20, 1, 1, 0, numbers, 1, {0},
                                   {0}};
    fv_image *p = draw(&few, (fv_activations_desc){.struct_size = sizeof(fv_activations_desc)},
                       NULL),
             *q, *r;
    q = draw(&many, *FV_DESC(fv_activations_desc, .columns = 3), NULL);
    assert_true(q->width > 3 * 300 && q->height > 4 * 150);
    r = draw(&vector, *FV_DESC(fv_activations_desc, .top = 5), NULL);
    assert_true(r->width == p->width && r->height == p->height);
    fv_image_free(p);
    fv_image_free(q);
    fv_image_free(r);
}

static void activations_are_compared(void **state) {
    (void)state;
    float x[] = {3, 0, 4, 0}, y[] = {0, 0, 4, 0};
    const fv_activations a = {"l", FV_ACTIVATION_MAPS, 2, 1, 2, 0, x, 1, {0}, {0}};
    const fv_activations b = {"l", FV_ACTIVATION_MAPS, 2, 1, 2, 0, y, 1, {0}, {0}};
    const fv_activations c = {"l", FV_ACTIVATION_MAPS, 1, 2, 2, 0, y, 1, {0}, {0}};
    double error = -1, cosine = -1;
    assert_int_equal(fv_activations_compare(&a, &b, &error, &cosine, NULL), FV_OK);
    assert_float_equal(error, 0.75, 1e-12);
    assert_float_equal(cosine, 0.8, 1e-12);
    assert_int_equal(fv_activations_compare(&a, &a, &error, &cosine, NULL), FV_OK);
    assert_true(error == 0 && cosine == 1);
    assert_int_equal(fv_activations_compare(&a, &c, &error, &cosine, NULL), FV_SHAPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_found_in_every_layout),
        cmocka_unit_test(layers_come_in_the_order_asked_for),
        cmocka_unit_test(windows_are_one_map),
        cmocka_unit_test(what_has_no_maps_is_refused),
        cmocka_unit_test(strong_channels_come_first),
        cmocka_unit_test(channels_without_numbers_come_last),
        cmocka_unit_test(scales_say_what_colours_mean),
        cmocka_unit_test(tiles_are_laid_over_a_photo),
        cmocka_unit_test(signals_and_vectors_are_plotted),
        cmocka_unit_test(activations_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
