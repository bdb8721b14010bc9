/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures become inputs: those with alpha as if they had been laid over mid grey before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "fovea/fovea.h"

static void test_alpha_is_laid_over_mid_grey(void **state) {
    (void)state;
    enum { SIDE = 40, PLANE = SIDE * SIDE };
    fv_model *model = NULL;
    fv_image *p = NULL, *flat = NULL;
    fv_tensor *x = NULL, *y = NULL;
    fv_error err;
    if (fv_model_load("tests/golden/convnext.new20.onnx", NULL, &model, &err) ||
        fv_image_new(4, SIDE, SIDE, &p, &err) || fv_image_new(3, SIDE, SIDE, &flat, &err))
        fail_msg("%s", err.text);
    const float grey = 128.0f / 255;
    for (int i = 0; i < PLANE; i++) {
        float alpha = p->data[3 * PLANE + i] = (float)(i % 5) / 4;
        for (int c = 0; c < 3; c++) {
            float colour = p->data[c * PLANE + i] = (float)((i * 7 + c * 31) % 97) / 96;
            flat->data[c * PLANE + i] = alpha == 0   ? grey
                                        : alpha == 1 ? colour
                                                     : grey + alpha * (colour - grey);
        }
    }
    if (fv_input_from_image(model, p, &x, &err) || fv_input_from_image(model, flat, &y, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_tensor_count(x), fv_tensor_count(y));
    assert_memory_equal(x->data, y->data, (size_t)fv_tensor_count(x) * sizeof(float));
    p->channels = 2; /* its second plane is now alpha: grey, for a network of colours */
    fv_tensor_free(x);
    assert_int_equal(fv_input_from_image(model, p, &x, &err), FV_ARG);
    fv_tensor_free(y);
    fv_image_free(p);
    fv_image_free(flat);
    fv_model_free(model);
}

/* A picture whose red counts columns and whose green counts rows tells where the crop lies. */
static void test_input_picture_is_what_the_input_was_made_of(void **state) {
    (void)state;
    enum { HEIGHT = 120, WIDTH = 192 };
    fv_model *model = NULL;
    fv_image *photo = NULL, *seen = NULL;
    fv_tensor *x = NULL;
    fv_error err;
    if (fv_model_load("tests/golden/convnext.new20.onnx", NULL, &model, &err) ||
        fv_image_new(3, HEIGHT, WIDTH, &photo, &err))
        fail_msg("%s", err.text);
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < WIDTH; i++) {
            photo->data[y * WIDTH + i] = ((float)i + 0.5f) / WIDTH;
            photo->data[(HEIGHT + y) * WIDTH + i] = ((float)y + 0.5f) / HEIGHT;
        }
    if (fv_input_picture(model, photo, &seen, &err) || fv_input_from_image(model, photo, &x, &err))
        fail_msg("%s", err.text);
    const fv_input *in = fv_model_input(model);
    const int h = in->height, w = in->width, plane = h * w;
    assert_int_equal(seen->channels, 3);
    assert_int_equal(seen->height, h);
    assert_int_equal(seen->width, w);
    for (int i = 0; i < 3 * plane; i++) {
        const int c = i / plane;
        assert_float_equal(x->data[i], (seen->data[i] * in->range - in->mean[c]) * in->scale[c],
                           1e-6);
    }
    /* 7/8 of the height around the middle, and as many pixels of the width */
    const float *red = seen->data + h / 2 * w, *green = seen->data + plane + w / 2;
    assert_float_equal(red[w / 2] + red[w / 2 - 1], 1, 0.02);
    assert_float_equal(green[h / 2 * w] + green[(h / 2 - 1) * w], 1, 0.02);
    assert_float_equal(green[(h - 1) * w] - green[0], 0.875 * (h - 1) / h, 0.03);
    assert_float_equal(red[w - 1] - red[0], 0.875 * HEIGHT / WIDTH * (w - 1) / w, 0.03);
    fv_rect window;
    assert_int_equal(fv_input_rect(model, HEIGHT, WIDTH, &window, &err), FV_OK);
    assert_float_equal(window.y + window.height / 2, HEIGHT / 2.0, 1e-6);
    assert_float_equal(window.x + window.width / 2, WIDTH / 2.0, 1e-6);
    assert_float_equal(window.height / HEIGHT, (double)h / lrint(h / 0.875), 1e-6);
    /* what the picture shows at a place is what the photo has there */
    assert_float_equal(red[w - 1] * WIDTH, window.x + (w - 0.5) / w * window.width, 2);
    assert_float_equal(green[0] * HEIGHT, window.y + 0.5 / h * window.height, 2);
    fv_tensor_free(x);
    fv_image_free(seen);
    fv_image_free(photo);
    fv_model_free(model);
}

/* The colour above and below a photo that is padded. */
static void test_input_picture_padded_in_a_colour(void **state) {
    (void)state;
    const fv_model_desc desc = {
        .struct_size = sizeof desc, .fit = FV_FIT_PAD, .pad_color = "#ff8000"};
    fv_model *model = NULL;
    fv_image *photo = NULL, *seen = NULL;
    fv_error err;
    if (fv_model_load("tests/golden/convnext.new20.onnx", &desc, &model, &err) ||
        fv_image_new(3, 60, 120, &photo, &err) || fv_input_picture(model, photo, &seen, &err))
        fail_msg("%s", err.text);
    const int plane = seen->height * seen->width;
    assert_float_equal(seen->data[0], 1, 1e-6);
    assert_float_equal(seen->data[plane], 128 / 255.0, 1e-6);
    assert_float_equal(seen->data[3 * plane - 1], 0, 1e-6);
    fv_image_free(seen);
    fv_image_free(photo);
    fv_model_free(model);
}

/* All of a photo, stretched, and with grey above and below; what it shows is where the rectangle
 * says. */
static void test_input_picture_of_the_whole_photo(void **state) {
    (void)state;
    enum { HEIGHT = 60, WIDTH = 120 };
    for (int fit = FV_FIT_STRETCH; fit <= FV_FIT_PAD; fit++) {
        const fv_model_desc desc = {.struct_size = sizeof desc, .fit = (fv_fit)fit};
        fv_model *model = NULL;
        fv_image *photo = NULL, *seen = NULL;
        fv_rect r;
        fv_error err;
        if (fv_model_load("tests/golden/convnext.new20.onnx", &desc, &model, &err) ||
            fv_image_new(3, HEIGHT, WIDTH, &photo, &err))
            fail_msg("%s", err.text);
        for (int i = 0; i < 3 * HEIGHT * WIDTH; i++)
            photo->data[i] = ((float)(i % WIDTH) + 0.5f) / WIDTH;
        if (fv_input_picture(model, photo, &seen, &err) ||
            fv_input_rect(model, HEIGHT, WIDTH, &r, &err))
            fail_msg("%s", err.text);
        const int h = seen->height, w = seen->width;
        assert_int_equal(h, w);
        const float *middle = seen->data + h / 2 * w;
        assert_float_equal(middle[0], 0.5 / w, 0.02);
        assert_float_equal(middle[w - 1], 1 - 0.5 / w, 0.02);
        assert_float_equal(middle[w / 4] * WIDTH, r.x + (w / 4 + 0.5) / w * r.width, 2);
        assert_float_equal(seen->data[w - 1], fit == FV_FIT_PAD ? 114.0 / 255 : 1 - 0.5 / w, 0.02);
        assert_float_equal(r.width, WIDTH, 1e-6);
        assert_float_equal(r.height, fit == FV_FIT_PAD ? WIDTH : HEIGHT, 1e-6);
        assert_float_equal(r.y, fit == FV_FIT_PAD ? -(WIDTH - HEIGHT) / 2.0 : 0, 1e-6);
        fv_image_free(seen);
        fv_image_free(photo);
        fv_model_free(model);
    }
}

static void test_input_picture_needs_a_picture_input(void **state) {
    (void)state;
    fv_model *model = NULL;
    fv_image *photo = NULL, *seen = NULL;
    fv_error err;
    if (fv_model_load("tests/data/cli/vector.onnx", NULL, &model, &err) ||
        fv_image_new(3, 8, 8, &photo, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_input_picture(model, photo, &seen, &err), FV_SHAPE);
    assert_null(seen);
    assert_int_equal(fv_input_picture(model, photo, NULL, &err), FV_ARG);
    fv_rect window = {1, 2, 3, 4};
    assert_int_equal(fv_input_rect(model, 8, 8, &window, &err), FV_SHAPE);
    assert_int_equal(fv_input_rect(model, 0, 8, &window, &err), FV_ARG);
    assert_true(window.height == 3);
    fv_image_free(photo);
    fv_model_free(model);
}

/* A strip of a pixel's height, whose brightness rises along it: what is seen is its middle, and no
 * gigabytes are needed (enlarged whole, it would be more pixels than are allowed). */
static void test_strips_are_not_enlarged_whole(void **state) {
    (void)state;
    enum { LONG = 1000001 };
    fv_model *model = NULL;
    fv_image *strip = NULL, *seen = NULL;
    fv_error err;
    if (fv_model_load("tests/golden/convnext.new20.onnx", NULL, &model, &err))
        fail_msg("%s", err.text);
    for (int upright = 0; upright < 2; upright++) {
        if (fv_image_new(3, upright ? LONG : 1, upright ? 1 : LONG, &strip, &err))
            fail_msg("%s", err.text);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < LONG; i++)
                strip->data[c * LONG + i] = (float)i / (LONG - 1) + (float)(i - LONG / 2) / 100;
        if (fv_input_picture(model, strip, &seen, &err)) fail_msg("%s", err.text);
        const int h = seen->height, w = seen->width;
        float first = seen->data[0], last = seen->data[(int64_t)h * w - 1];
        assert_true(fabsf((first + last) / 2 - 0.5f) < 1e-3f);      /* the middle of the strip */
        assert_true(last - first > 0.004f && last - first < 0.02f); /* less than a pixel of it */
        fv_image_free(seen);
        fv_image_free(strip);
    }
    fv_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha_is_laid_over_mid_grey),
        cmocka_unit_test(test_input_picture_is_what_the_input_was_made_of),
        cmocka_unit_test(test_input_picture_of_the_whole_photo),
        cmocka_unit_test(test_input_picture_padded_in_a_colour),
        cmocka_unit_test(test_input_picture_needs_a_picture_input),
        cmocka_unit_test(test_strips_are_not_enlarged_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
