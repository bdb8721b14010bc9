/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing, compared with Pillow's (tests/data/pictures, see make_data.py) and with arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <math.h>

#include "base/tensor.h"
#include "image/image.h"

static fv_image *picture;

static int setup(void **state) {
    (void)state;
    return fv_image_load("tests/data/pictures/resize.png", &picture, NULL);
}

static int teardown(void **state) {
    (void)state;
    fv_image_free(picture);
    return 0;
}

static fv_image *resized(const fv_image *in, int height, int width, fvi_kernel kernel) {
    fv_image *out = NULL;
    fv_error err;
    if (fvi_image_resize(in, height, width, kernel, &out, &err)) fail_msg("%s", err.text);
    assert_int_equal(out->channels, in->channels);
    assert_int_equal(out->height, height);
    assert_int_equal(out->width, width);
    return out;
}

/* The mean difference to Pillow's result, `edge` pixels away from the border, in 8-bit steps. */
static double difference(const char *name, int height, int width, fvi_kernel kernel, int edge) {
    char *path =
        g_strdup_printf("tests/data/pictures/%s_%dx%d.npy", name, height, width);
    fv_tensor *theirs = NULL;
    fv_error err;
    if (fv_tensor_load(path, &theirs, &err)) fail_msg("%s", err.text);
    fv_image *ours = resized(picture, height, width, kernel);
    double sum = 0;
    int n = 0;
    for (int c = 0; c < 3; c++)
        for (int y = edge; y < height - edge; y++)
            for (int x = edge; x < width - edge; x++, n++) {
                int64_t i = ((int64_t)c * height + y) * width + x;
                sum += fabs((double)ours->data[i] - theirs->data[i]) * 255;
            }
    fv_image_free(ours);
    fv_tensor_free(theirs);
    g_free(path);
    return sum / n;
}

static void test_as_pillow_does(void **state) {
    (void)state;
    static const int sizes[][2] = {{15, 41}, {30, 20}, {26, 36}, {48, 61}, {45, 25}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        int h = sizes[i][0], w = sizes[i][1];
        double cubic = difference("bicubic", h, w, FVI_BICUBIC, 3);
        double linear = difference("bilinear", h, w, FVI_BILINEAR, 3);
        if (cubic > 0.25 || linear > 0.25)
            fail_msg("%dx%d: bicubic %.3f, bilinear %.3f of 255 off", h, w, cubic, linear);
        cubic = difference("bicubic", h, w, FVI_BICUBIC, 0); /* edges are laid out otherwise */
        linear = difference("bilinear", h, w, FVI_BILINEAR, 0);
        if (cubic > 1 || linear > 1)
            fail_msg("%dx%d, edges too: bicubic %.3f, bilinear %.3f of 255 off", h, w, cubic,
                     linear);
    }
    assert_true(difference("area", 10, 41, FVI_AREA, 0) < 0.001);
}

static void test_nearest_is_exact(void **state) {
    (void)state;
    for (int i = 1; i <= 130; i++) {
        int h = i, w = 131 - i; /* among them many where centres fall between two pixels */
        fv_image *out = resized(picture, h, w, FVI_NEAREST);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++) {
                    int sy = (2 * y + 1) * 30 / (2 * h), sx = (2 * x + 1) * 41 / (2 * w);
                    assert_true(out->data[(c * h + y) * w + x] ==
                                picture->data[(c * 30 + sy) * 41 + sx]);
                }
        fv_image_free(out);
    }
}

static void test_same_size_is_the_same(void **state) {
    (void)state;
    for (fvi_kernel k = FVI_NEAREST; k <= FVI_AREA; k++) {
        fv_image *out = resized(picture, 30, 41, k);
        assert_memory_equal(out->data, picture->data, 3 * 30 * 41 * sizeof(float));
        fv_image_free(out);
    }
}

/* A flat picture stays flat, whatever the sizes: no weights are lost, nothing reaches outside. */
static void test_flat_stays_flat(void **state) {
    (void)state;
    static const int sizes[][4] = {{20000, 1, 1, 1}, {1, 20000, 1, 1}, {3000, 2, 3, 2},
                                   {1, 1, 50, 60},   {1, 1, 1, 2000},  {17, 1, 1, 1},
                                   {300, 5, 299, 6}, {100, 3, 7, 300}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (fvi_kernel k = FVI_NEAREST; k <= FVI_AREA; k++) {
            fv_image *in = NULL;
            assert_int_equal(fv_image_new(1, sizes[i][0], sizes[i][1], &in, NULL), FV_OK);
            for (int j = 0; j < sizes[i][0] * sizes[i][1]; j++) in->data[j] = 0.7f;
            fv_image *out = resized(in, sizes[i][2], sizes[i][3], k);
            for (int j = 0; j < sizes[i][2] * sizes[i][3]; j++)
                assert_true(fabsf(out->data[j] - 0.7f) < 1e-5f);
            fv_image_free(in);
            fv_image_free(out);
        }
}

/* Bicubic overshoots at a step; a picture stays in [0,1]. */
static void test_stays_in_range(void **state) {
    (void)state;
    fv_image *in = NULL;
    assert_int_equal(fv_image_new(1, 1, 20, &in, NULL), FV_OK);
    for (int x = 10; x < 20; x++) in->data[x] = 1;
    fv_image *out = resized(in, 1, 70, FVI_BICUBIC);
    for (int x = 0; x < 70; x++) assert_true(out->data[x] >= 0 && out->data[x] <= 1);
    fv_image_free(in);
    fv_image_free(out);
}

static void test_errors(void **state) {
    (void)state;
    fv_error err;
    fv_image *out = NULL;
    assert_int_equal(fvi_image_resize(picture, 0, 5, FVI_AREA, &out, &err), FV_ARG);
    assert_int_equal(fvi_image_resize(picture, 5, -5, FVI_AREA, &out, &err), FV_ARG);
    assert_int_equal(fvi_image_resize(picture, 1 << 20, 1 << 20, FVI_AREA, &out, &err), FV_NOMEM);
    assert_int_equal(fvi_image_resize(NULL, 5, 5, FVI_AREA, &out, &err), FV_ARG);
    assert_null(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_pillow_does),        cmocka_unit_test(test_nearest_is_exact),
        cmocka_unit_test(test_same_size_is_the_same), cmocka_unit_test(test_flat_stays_flat),
        cmocka_unit_test(test_stays_in_range),        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
