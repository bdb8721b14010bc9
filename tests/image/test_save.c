/* SPDX-License-Identifier: Apache-2.0 */
/* Saving: pixels and texts come back, files appear whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "image/image.h"
#include "image/private.h"
#include "support/scratch.h"

/* A smooth picture of 8-bit values. */
static fv_image *sample(int channels) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(channels, 20, 30, &p, NULL), FV_OK);
    for (int i = 0; i < channels * 600; i++)
        p->data[i] = (float)(i / 600 * 50 + i % 30 * 3 + i / 30 % 20 * 2) / 255;
    return p;
}

static const char hard_text[] = "fovea \"a<b>\" 'c' & d; \xE6\x97\xA5 na\xC3\xAFve\n\tline two ]]>";

static void test_round_trip(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double eps;
    } files[] = {{"a.png", 1e-6}, {"a.PNG", 1e-6},  {"a.tif", 1e-6}, {"a.tiff", 1e-6},
                 {"a.jpg", 0.03}, {"a.jpeg", 0.03}, {"a.webp", 0.06}};
    for (int channels = 1; channels <= 3; channels += 2)
        for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
            char *path = in_folder(files[k].name);
            fv_error err = {0};
            fv_image *p = sample(channels), *back = NULL;
            fv_image_set_text(p, "command", hard_text, NULL);
            fv_image_set_text(p, "seed", "0", NULL);
            fv_image_set_text(p, "empty", "", NULL);
            if (fv_image_save(p, path, &err) || fv_image_load(path, &back, &err))
                fail_msg("%s", err.text);
            assert_int_equal(back->height, 20);
            assert_int_equal(back->width, 30);
            for (int i = 0; i < 1800; i++) {
                double expected = p->data[channels == 3 ? i : i % 600];
                if (fabs(back->data[i] - expected) > files[k].eps)
                    fail_msg("%s: %d is %g, not %g", files[k].name, i, back->data[i], expected);
            }
            assert_string_equal(fv_image_text(back, "command"), hard_text);
            assert_string_equal(fv_image_text(back, "seed"), "0");
            assert_non_null(fv_image_text(back, "empty"));
            g_unlink(path);
            g_free(path);
            fv_image_free(p);
            fv_image_free(back);
        }
}

/* A picture that fades from transparent on the left to opaque on the right. */
static fv_image *fading(int channels) {
    fv_image *p = sample(channels);
    for (int i = 0; i < 600; i++) p->data[(channels - 1) * 600 + i] = (float)(i % 30) / 29;
    return p;
}

/* Alpha goes into the file (where reading lays it over mid grey); JPEG has none, and gets the
 * picture as reading would see it. */
static void test_alpha(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double eps;
        int keeps_alpha;
    } files[] = {{"a.png", 0.006, 1}, {"a.tif", 0.006, 1}, {"a.webp", 0.06, 1}, {"a.jpg", 0.03, 0}};
    for (int channels = 2; channels <= 4; channels += 2)
        for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
            char *path = in_folder(files[k].name);
            fv_error err = {0};
            fv_image *p = fading(channels), *back = NULL;
            fv_image_set_text(p, "seed", "5", NULL);
            if (fv_image_save(p, path, &err) || fv_image_load(path, &back, &err))
                fail_msg("%s", err.text);
            for (int i = 0; i < 1800; i++) {
                double colour = p->data[channels == 4 ? i : i % 600];
                double alpha = p->data[(channels - 1) * 600 + i % 600];
                double want = 128 / 255.0 + alpha * (colour - 128 / 255.0);
                if (fabs(back->data[i] - want) > files[k].eps)
                    fail_msg("%s: %d is %g, not %g", files[k].name, i, back->data[i], want);
            }
            VipsImage *raw = vips_image_new_from_file(path, NULL);
            assert_non_null(raw);
            assert_int_equal(vips_image_hasalpha(raw), files[k].keeps_alpha);
            g_object_unref(raw);
            assert_string_equal(fv_image_text(back, "seed"), "5");
            g_unlink(path);
            g_free(path);
            fv_image_free(p);
            fv_image_free(back);
        }
}

static char *saved_bytes(const fv_image *p, const char *name, size_t *n) {
    char *path = in_folder(name), *bytes = NULL;
    fv_error err;
    if (fv_image_save(p, path, &err)) fail_msg("%s", err.text);
    assert_true(g_file_get_contents(path, &bytes, n, NULL));
    g_unlink(path);
    g_free(path);
    return bytes;
}

/* PNG: a tEXt or zTXt chunk of that keyword, as the standard has it, before the pixels. */
static void test_png_chunks(void **state) {
    (void)state;
    fv_image *p = sample(3);
    fv_image_set_text(p, "command", "fovea visualize", NULL);
    fv_image_set_text(p, "seed", "17", NULL);
    size_t n, found = 0;
    uint8_t *png = (uint8_t *)saved_bytes(p, "a.png", &n);
    for (size_t at = 8; at + 12 <= n;) {
        size_t size = (size_t)png[at] << 24 | (size_t)png[at + 1] << 16 | (size_t)png[at + 2] << 8 |
                      png[at + 3];
        const char *type = (const char *)png + at + 4, *body = type + 4;
        if (!memcmp(type, "IDAT", 4)) break;
        if (!memcmp(type, "tEXt", 4) || !memcmp(type, "zTXt", 4))
            found += !strcmp(body, "command") ? 1 : !strcmp(body, "seed") ? 10 : 100;
        at += 12 + size;
    }
    assert_int_equal(found, 11);
    g_free(png);
    fv_image_free(p);
}

/* JPEG: an XMP packet that other tools find. */
static void test_jpeg_xmp(void **state) {
    (void)state;
    fv_image *p = sample(3);
    fv_image_set_text(p, "seed", "17", NULL);
    size_t n;
    char *jpeg = saved_bytes(p, "a.jpg", &n);
    GString *bytes = g_string_new_len(jpeg, (gssize)n);
    for (size_t i = 0; i < n; i++)
        if (!bytes->str[i]) bytes->str[i] = ' ';
    assert_non_null(strstr(bytes->str, "http://ns.adobe.com/xap/1.0/"));
    assert_non_null(strstr(bytes->str, "fovea:seed=\"17\""));
    g_string_free(bytes, TRUE);
    g_free(jpeg);
    fv_image_free(p);
}

static void test_same_picture_same_bytes(void **state) {
    (void)state;
    fv_image *p = sample(3);
    size_t n, m;
    fv_image_set_text(p, "seed", "1", NULL);
    char *a = saved_bytes(p, "a.png", &n), *b = saved_bytes(p, "a.png", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    g_free(a);
    g_free(b);
    fv_image_free(p);
}

static void test_values_out_of_range(void **state) {
    (void)state;
    fv_image *p = NULL, *back = NULL;
    assert_int_equal(fv_image_new(1, 1, 6, &p, NULL), FV_OK);
    const float in[6] = {-1, -0.0f, INFINITY, -INFINITY, 1e30f, 0.5f};
    const float out[6] = {0, 0, 1, 0, 1, 128 / 255.f};
    memcpy(p->data, in, sizeof in);
    char *path = in_folder("a.png");
    assert_int_equal(fv_image_save(p, path, NULL), FV_OK);
    assert_int_equal(fv_image_load(path, &back, NULL), FV_OK);
    for (int i = 0; i < 6; i++) assert_true(fabsf(back->data[i] - out[i]) < 1e-6f);
    g_unlink(path);
    g_free(path);
    fv_image_free(p);
    fv_image_free(back);
}

/* NaN is no colour: it is named with its place, and the old file stays. */
static void test_nan_is_refused(void **state) {
    (void)state;
    fv_image *p = NULL;
    void *bytes = NULL;
    size_t n = 0;
    fv_error err;
    assert_int_equal(fv_image_new(3, 2, 4, &p, NULL), FV_OK);
    p->data[8 + 4 + 1] = NAN;
    char *path = in_folder("nan.png");
    assert_int_equal(fv_image_save(p, path, &err), FV_ARG);
    assert_non_null(strstr(err.text, "nan.png: what is to be saved has the value nan at (1, 1) of "
                                     "channel 1"));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(fv_image_encode(p, "png", &bytes, &n, &err), FV_ARG);
    assert_non_null(strstr(err.text, "has the value nan"));
    g_free(path);
    fv_image_free(p);
}

/* An ending we do not write is refused before anything is touched. */
static void test_unknown_endings(void **state) {
    (void)state;
    static const char *const names[] = {"a.bmp", "a", "png", ".", "a.png.txt", "a.pn"};
    fv_image *p = sample(3);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = in_folder(names[i]);
        fv_error err;
        assert_int_equal(fv_image_save(p, path, &err), FV_ARG);
        assert_non_null(strstr(err.text, ".png"));
        if (strcmp(names[i], ".") != 0) assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        g_free(path);
    }
    assert_int_equal(fv_image_save(p, "x.png/no", NULL), FV_ARG);
    assert_int_equal(fv_image_save(p, NULL, NULL), FV_ARG);
    assert_int_equal(fv_image_save(NULL, "x.png", NULL), FV_ARG);
    assert_int_equal(fv_image_save(p, "/nonexistent/x.png", NULL), FV_IO);
    fv_image_free(p);
}

static void test_failed_save_keeps_the_old_file(void **state) {
    (void)state;
    char *path = in_folder("kept.jpg"), *text = g_strnfill(70000, 'x'), *bytes = NULL;
    assert_true(g_file_set_contents(path, "old", 3, NULL));
    fv_image *p = sample(3);
    fv_error err;
    fv_image_set_text(p, "much", text, NULL);
    assert_int_equal(fv_image_save(p, path, &err), FV_ARG); /* more than a JPEG segment holds */
    assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    assert_string_equal(bytes, "old");
    g_free(bytes);

    char *png = in_folder("kept.png"); /* where there is no such limit */
    fv_image *back = NULL;
    assert_int_equal(fv_image_save(p, png, &err), FV_OK);
    assert_int_equal(fv_image_load(png, &back, &err), FV_OK);
    assert_string_equal(fv_image_text(back, "much"), text);
    fv_image_free(back);
    g_unlink(png);
    g_free(png);
    g_unlink(path);
    g_free(path);
    g_free(text);
    fv_image_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_alpha),
        cmocka_unit_test(test_png_chunks),
        cmocka_unit_test(test_jpeg_xmp),
        cmocka_unit_test(test_same_picture_same_bytes),
        cmocka_unit_test(test_values_out_of_range),
        cmocka_unit_test(test_nan_is_refused),
        cmocka_unit_test(test_unknown_endings),
        cmocka_unit_test(test_failed_save_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
