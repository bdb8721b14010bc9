/* SPDX-License-Identifier: Apache-2.0 */
/* Animations: frames, delay and repetition come back; what cannot be written is refused. */
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

enum { FRAMES = 3, HEIGHT = 24, WIDTH = 40 };

/* Frame i: a bar at its place on a colour; with alpha, the right half is transparent. */
static fv_image *frame(int i, int channels) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(channels, HEIGHT, WIDTH, &p, NULL), FV_OK);
    int colours = channels <= 2 ? 1 : 3;
    for (int c = 0; c < channels; c++)
        for (int k = 0; k < HEIGHT * WIDTH; k++) {
            int x = k % WIDTH, bar = x / 8 == i;
            float value = bar ? 1 : (float)(c + 1) / 5;
            p->data[c * HEIGHT * WIDTH + k] = c == colours ? (float)(x < WIDTH / 2) : value;
        }
    return p;
}

static void frames_new(fv_image *frames[FRAMES], int channels) {
    for (int i = 0; i < FRAMES; i++) frames[i] = frame(i, channels);
}

static void frames_free(fv_image *frames[FRAMES]) {
    for (int i = 0; i < FRAMES; i++) fv_image_free(frames[i]);
}

/* The file's frames under each other, in RGBA; checks what is said about them. */
static uint8_t *read_back(const char *path, int delay, int loop) {
    VipsImage *all = vips_image_new_from_file(path, "n", -1, NULL), *rgb = NULL, *full = NULL;
    int *delays = NULL, count = 0, times = -1;
    size_t bytes = 0;
    if (!all) fail_msg("%s", vips_error_buffer());
    assert_int_equal(vips_image_get_page_height(all), HEIGHT);
    assert_int_equal(vips_image_get_height(all), HEIGHT * FRAMES);
    assert_int_equal(vips_image_get_array_int(all, "delay", &delays, &count), 0);
    assert_int_equal(count, FRAMES);
    for (int i = 0; i < FRAMES; i++) assert_int_equal(delays[i], delay);
    assert_int_equal(vips_image_get_int(all, "loop", &times), 0);
    assert_int_equal(times, loop ? 0 : 1);
    assert_int_equal(vips_colourspace(all, &rgb, VIPS_INTERPRETATION_sRGB, NULL), 0);
    assert_int_equal(vips_image_hasalpha(rgb) ? vips_copy(rgb, &full, NULL)
                                              : vips_addalpha(rgb, &full, NULL),
                     0);
    uint8_t *pixels = vips_image_write_to_memory(full, &bytes);
    assert_int_equal(bytes, HEIGHT * WIDTH * FRAMES * 4);
    g_object_unref(all);
    g_object_unref(rgb);
    g_object_unref(full);
    return pixels;
}

static void compare(const uint8_t *pixels, fv_image *const frames[FRAMES], double eps) {
    int channels = frames[0]->channels, colours = channels <= 2 ? 1 : 3, n = HEIGHT * WIDTH;
    for (int i = 0; i < FRAMES * n; i++) {
        const float *p = frames[i / n]->data + i % n;
        double alpha = channels % 2 ? 1 : p[colours * n];
        assert_true(fabs(pixels[4 * i + 3] / 255.0 - alpha) < 0.01);
        for (int c = 0; c < 3 && alpha > 0; c++) {
            double got = pixels[4 * i + c] / 255.0, want = p[colours == 3 ? c * n : 0];
            int x = i % WIDTH;
            if (x % 8 == 0 || x % 8 == 7) continue; /* WebP smears edges */
            if (fabs(got - want) > eps)
                fail_msg("frame %d, %d: %g, not %g", i / n, i % n, got, want);
        }
    }
}

static void test_round_trip(void **state) {
    (void)state;
    static const char *const names[] = {"a.webp", "a.gif", "a.GIF"};
    for (int k = 0; k < 3; k++)
        for (int channels = 1; channels <= 4; channels++) {
            fv_image *frames[FRAMES];
            fv_error err;
            char *path = in_folder(names[k]);
            frames_new(frames, channels);
            int delay = 40 * channels, loop = channels % 2;
            fv_status st =
                fv_animation_save((const fv_image *const *)frames, FRAMES, delay, loop, path, &err);
            if (st == FV_UNSUPPORTED) { /* a libvips without the format says so by name */
                assert_non_null(strstr(err.text, "libvips"));
                assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
            } else {
                if (st) fail_msg("%s", err.text);
                uint8_t *pixels = read_back(path, delay, loop);
                compare(pixels, frames, 0.06);
                g_free(pixels);
                g_unlink(path);
            }
            frames_free(frames);
            g_free(path);
        }
}

/* WebP takes the first frame's texts along, and loads as a picture: its first frame. */
static void test_texts(void **state) {
    (void)state;
    fv_image *frames[FRAMES], *back = NULL;
    fv_error err;
    char *path = in_folder("a.webp");
    frames_new(frames, 3);
    fv_image_set_text(frames[0], "seed", "17", NULL);
    if (fv_animation_save((const fv_image *const *)frames, FRAMES, 100, 1, path, &err) ||
        fv_image_load(path, &back, &err))
        fail_msg("%s", err.text);
    assert_int_equal(back->height, HEIGHT);
    assert_string_equal(fv_image_text(back, "seed"), "17");
    g_unlink(path);
    g_free(path);
    fv_image_free(back);
    frames_free(frames);
}

static void test_what_is_refused(void **state) {
    (void)state;
    fv_image *p[FRAMES], *grey = frame(0, 1), *wide = NULL;
    fv_error err;
    char *path = in_folder("a.webp");
    frames_new(p, 3);
    assert_int_equal(fv_image_new(3, HEIGHT, WIDTH + 1, &wide, NULL), FV_OK);
    const fv_image *const *good = (const fv_image *const *)p;
    const fv_image *other_size[2] = {p[0], wide}, *other_kind[2] = {p[0], grey},
                   *none[2] = {p[0], NULL};
    assert_int_equal(fv_animation_save(good, FRAMES, 100, 1, NULL, &err), FV_ARG);
    assert_int_equal(fv_animation_save(good, FRAMES, 100, 1, "a.png", &err), FV_ARG);
    assert_int_equal(fv_animation_save(good, FRAMES, 9, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(good, FRAMES, 60001, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(good, 0, 100, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(NULL, 1, 100, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(other_size, 2, 100, 1, path, &err), FV_ARG);
    assert_non_null(strstr(err.text, "41x24"));
    assert_int_equal(fv_animation_save(other_kind, 2, 100, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(none, 2, 100, 1, path, &err), FV_ARG);
    assert_int_equal(fv_animation_save(good, FRAMES, 100, 1, "/nonexistent/a.webp", &err), FV_IO);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    fv_image_free(wide);
    assert_int_equal(fv_image_new(1, 1, 16384, &wide, NULL), FV_OK);
    const fv_image *too_wide[1] = {wide};
    assert_int_equal(fv_animation_save(too_wide, 1, 100, 1, path, &err), FV_ARG);
    g_free(path);
    fv_image_free(wide);
    fv_image_free(grey);
    frames_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
