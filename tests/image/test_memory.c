/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures from bytes and into bytes: those of the files, with alpha and texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/scratch.h"

static void *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    void *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

static void check(const char *format, int channels) {
    fv_image *image = NULL, *from_file = NULL, *from_bytes = NULL;
    void *bytes = NULL;
    size_t size = 0, file_size;
    fv_error err;
    char *name = g_strconcat("x.", format, NULL), *path = in_folder(name);
    assert_int_equal(fv_image_new(channels, 24, 20, &image, &err), FV_OK);
    for (int i = 0; i < channels * 24 * 20; i++) image->data[i] = (float)(i * 31 % 256) / 255;
    assert_int_equal(fv_image_set_text(image, "fovea.objective", "a:1", &err), FV_OK);
    if (fv_image_save(image, path, &err) || fv_image_encode(image, format, &bytes, &size, &err))
        fail_msg("%s: %s", format, err.text);
    void *file = read_file(path, &file_size);
    assert_int_equal(size, file_size);
    assert_memory_equal(bytes, file, size);
    assert_int_equal(fv_image_load(path, &from_file, &err), FV_OK);
    assert_int_equal(fv_image_load_memory(bytes, size, &from_bytes, &err), FV_OK);
    assert_int_equal(from_bytes->height, 24);
    assert_int_equal(from_bytes->width, 20);
    assert_memory_equal(from_bytes->data, from_file->data, 3 * 24 * 20 * sizeof(float));
    assert_string_equal(fv_image_text(from_bytes, "fovea.objective"), "a:1");
    fv_bytes_free(bytes);
    free(file);
    fv_image_free(from_bytes);
    fv_image_free(from_file);
    fv_image_free(image);
    g_unlink(path);
    g_free(path);
    g_free(name);
}

static void test_formats(void **state) {
    (void)state;
    static const char *const formats[] = {"png", "jpeg", "webp", "tiff", "jpg", "tif"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int channels = 1; channels <= 4; channels++) check(formats[i], channels);
}

static void test_own_picture(void **state) {
    (void)state;
    float data[2 * 2] = {0, 1, 1, 0}; /* the caller's, not the library's */
    const fv_image own = {1, 2, 2, data, NULL};
    fv_image *back = NULL;
    void *bytes = NULL;
    size_t size = 0;
    fv_error err;
    assert_int_equal(fv_image_encode(&own, "PNG", &bytes, &size, &err), FV_OK);
    assert_int_equal(fv_image_load_memory(bytes, size, &back, &err), FV_OK);
    assert_memory_equal(back->data, data, sizeof data);
    fv_image_free(back);
    fv_bytes_free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats),
                                       cmocka_unit_test(test_own_picture)};
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
