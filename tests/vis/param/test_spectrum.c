/* SPDX-License-Identifier: Apache-2.0 */
/* Magnitude spectra: the built-in formula, resampling, and measuring of picture files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "signal/fft.h"
#include "support/scratch.h"
#include "vis/param/spectrum.h"

enum { S = 24, COLUMNS = S / 2 + 1, HALF = S * COLUMNS };

/* The deviation of a channel's picture under random phases, and the formula's slope. */
static void formula_has_strength_and_slope(void **state) {
    (void)state;
    static const int sizes[][2] = {{64, 64}, {31, 50}, {50, 31}, {1, 9}, {9, 1}};
    static const double shares[3] = {1.78, 1.51, 1.46};
    for (int k = 0; k < 5; k++) {
        int h = sizes[k][0], w = sizes[k][1], columns = w / 2 + 1, half = h * columns;
        float *m = malloc((size_t)(3 * half) * sizeof *m);
        fvi_spectrum_builtin(FV_COLOR_MACO, 1.3f, 3, h, w, m);
        double total = 0, square[3] = {0};
        for (int c = 0; c < 3; c++) {
            for (int i = 1; i < half; i++) {
                int x = i % columns, twice = x == 0 || 2 * x == w ? 1 : 2;
                square[c] +=
                    twice * (double)m[c * half + i] * m[c * half + i] / ((double)h * w * h * w);
            }
            total += square[c] / 3;
        }
        assert_true(fabs(total - 1) < 1e-4);
        assert_true(fabs(sqrt(square[1] / square[0]) - shares[1] / shares[0]) < 1e-4);
        assert_true(fabs(sqrt(square[2] / square[0]) - shares[2] / shares[0]) < 1e-4);
        free(m);
    }
    float m[3 * HALF], steep[3 * HALF];
    fvi_spectrum_builtin(FV_COLOR_LUCID, 1.3f, 3, S, S, m);
    fvi_spectrum_builtin(FV_COLOR_LUCID, 2.3f, 3, S, S, steep);
    for (int c = 0; c < 3; c++) { /* one power more, whatever the channel's own */
        static const double corner[3] = {0.45 / S, 1.10 / S, 0.50 / S};
        static const double power[3] = {1.30, 1.555, 1.29};
        double f2 = 2.0 / S, f8 = 8.0 / S, got = (double)m[c * HALF + 2] / m[c * HALF + 8];
        double more = (double)steep[c * HALF + 2] / steep[c * HALF + 8] / got;
        assert_true(fabs(more / ((f8 + corner[c]) / (f2 + corner[c])) - 1) < 1e-4);
        double slope = pow((f8 + corner[c]) / (f2 + corner[c]), power[c]);
        assert_true(fabs(got / slope - 1) < 1e-4);
        assert_true(m[c * HALF + 2 * COLUMNS] == m[c * HALF + (S - 2) * COLUMNS]);
        assert_true(fabsf(m[c * HALF + 2] / m[c * HALF + 2 * COLUMNS] - 1) < 1e-5f);
    }
}

static void other_channels_are_grey(void **state) {
    (void)state;
    float one[HALF], four[4 * HALF];
    fvi_spectrum_builtin(FV_COLOR_MACO, 1.3f, 1, S, S, one);
    fvi_spectrum_builtin(FV_COLOR_RGB, 1.3f, 4, S, S, four);
    for (int i = 0; i < 4 * HALF; i++) assert_true(fabsf(four[i] / one[i % HALF] - 1) < 1e-6f);
}

/* The same size is the same; a smooth spectrum keeps its values at every frequency in cycles a
 * pixel, times the square root of the pixels' ratio (frequency 0: times the ratio). */
static void resampling_keeps_frequencies(void **state) {
    (void)state;
    static float from[3 * 64 * 33], to[3 * 96 * 62];
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 33; x++) {
                double fy = (y <= 32 ? y : y - 64) / 64.0, fx = x / 64.0;
                from[(c * 64 + y) * 33 + x] = (float)((c + 1) * (2 + fy + 3 * fx));
            }
    const fv_tensor t = {.ndim = 3, .dim = {3, 64, 33}, .data = from};
    assert_int_equal(fvi_spectrum_resample(&t, 3, 64, 64, to, NULL), FV_OK);
    for (int i = 0; i < 3 * 64 * 33; i++) assert_true(fabsf(to[i] - from[i]) < 1e-5f);
    static const int sizes[][2] = {{96, 123}, {48, 40}, {33, 31}};
    for (int k = 0; k < 3; k++) {
        int h = sizes[k][0], w = sizes[k][1], columns = w / 2 + 1;
        double strength = sqrt(h * w / 4096.0);
        assert_int_equal(fvi_spectrum_resample(&t, 3, h, w, to, NULL), FV_OK);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < h; y++)
                for (int x = 0; x < columns; x++) {
                    double fy = (double)(y <= h / 2 ? y : y - h) / h, fx = (double)x / w;
                    double want = strength * (c + 1) * (2 + fy + 3 * fx);
                    if (x + y == 0) want *= strength;
                    int at_edge = fabs(fy) > 31.0 / 64 || hypot(fy, fx) < 1.5 / 64;
                    double off = fabs(to[(c * h + y) * columns + x] - want);
                    if (!at_edge || x + y == 0) assert_true(off < 1e-4 * want);
                }
    }
}

/* A strong mean stays at frequency 0; below the lowest frequency measured, magnitudes are those
 * around it. */
static void resampling_keeps_the_mean_apart(void **state) {
    (void)state;
    float from[8 * 5], to[32 * 17];
    for (int i = 0; i < 40; i++) from[i] = i ? 1 : 1e6f;
    const fv_tensor t = {.ndim = 3, .dim = {1, 8, 5}, .data = from};
    assert_int_equal(fvi_spectrum_resample(&t, 1, 32, 32, to, NULL), FV_OK);
    assert_true(fabsf(to[0] / 16e6f - 1) < 1e-5f);
    for (int i = 1; i < 32 * 17; i++) assert_true(fabsf(to[i] - 4) < 1e-5f);
}

static void resampling_refuses(void **state) {
    (void)state;
    float m[HALF] = {0}, out[HALF];
    const fv_tensor bad[] = {{.ndim = 2, .dim = {S, COLUMNS}, .data = m},
                             {.ndim = 3, .dim = {3, S, COLUMNS}, .data = m},
                             {.ndim = 3, .dim = {1, 0, COLUMNS}, .data = m},
                             {.ndim = 3, .dim = {1, S, 0}, .data = m}};
    for (int i = 0; i < 4; i++) {
        fv_error err = {0};
        assert_int_equal(fvi_spectrum_resample(&bad[i], 1, S, S, out, &err), FV_SHAPE);
        assert_true(err.text[0]);
    }
}

/* ---- measuring ---- */

static char paths[3][256];

/* A wave of `cycles` along x, in grey, over the middle square; black beside it. */
static void save_wave(const char *path, int h, int w, int cycles, float strength) {
    fv_image *image = NULL;
    assert_int_equal(fv_image_new(3, h, w, &image, NULL), FV_OK);
    int side = h < w ? h : w, left = (w - side) / 2;
    for (int i = 0; i < 3 * h * w; i++) {
        double wave = sin(2 * 3.14159265358979 * cycles * (i % w - left) / side);
        image->data[i] = (float)(1 / (1 + exp(-1 - strength * wave)));
        if (i % w < left || i % w >= left + side) image->data[i] = 0;
    }
    assert_int_equal(fv_image_save(image, path, NULL), FV_OK);
    fv_image_free(image);
}

static int make_files(void **state) {
    if (folder_setup(state)) return -1;
    for (int i = 0; i < 3; i++) snprintf(paths[i], sizeof paths[i], "%s/%d.png", folder, i);
    save_wave(paths[0], 48, 64, 2, 1);
    save_wave(paths[1], 96, 96, 2, 2);
    FILE *f = fopen(paths[2], "w");
    if (!f) return -1;
    fputs("no picture", f);
    return fclose(f);
}

static int remove_files(void **state) {
    for (int i = 0; i < 3; i++) unlink(paths[i]);
    return folder_teardown(state);
}

static int count_calls(void *user, const fv_progress *progress) {
    int *calls = user;
    assert_int_equal(progress->done, ++*calls);
    assert_int_equal(progress->total, 3);
    return 0;
}

/* Calls of one line: what a spectrum of squares of S is measured with. */
#define HOW(...) FV_DESC(fv_spectrum_desc, .size = S, __VA_ARGS__)

static fv_monitor *monitor_of(fv_progress_fn progress, void *user) {
    fv_monitor *m = NULL;
    assert_int_equal(fv_monitor_new(progress, NULL, user, &m, NULL), FV_OK);
    return m;
}

/* A wave stands at its frequency, wherever the picture's square lies and whatever its size; logits
 * have mean 1 and amplitudes 1 and 2, so the mean magnitude of column 2 is 1.5 * S^2 / 2 but for
 * the window. */
static void waves_are_found(void **state) {
    (void)state;
    const char *files[] = {paths[0], paths[2], paths[1]};
    fv_tensor *t = NULL;
    int skipped = -1, calls = 0;
    fv_error err = {0};
    fv_monitor *m = monitor_of(count_calls, &calls);
    if (fv_spectrum(files, 3, HOW(.color = FV_COLOR_RGB, .channels = 1, .monitor = m), &t, &skipped,
                    &err))
        fail_msg("%s", err.text);
    fv_monitor_free(m);
    assert_int_equal(skipped, 1);
    assert_int_equal(calls, 3);
    assert_true(t->ndim == 3 && t->dim[0] == 1 && t->dim[1] == S && t->dim[2] == COLUMNS);
    double window = 0.25 * 8 / 3; /* mean of sin^2 in y and x, over its mean square */
    assert_true(fabs(t->data[2] / (1.5 * S * S / 2 * window) - 1) < 0.03);
    assert_true(fabs(t->data[0] / (S * S) - 1) < 0.02);
    for (int i = 1; i < HALF; i++) {
        int x = i % COLUMNS, y = i / COLUMNS;
        if (abs(x - 2) > 1 || (y > 1 && y < S - 1)) assert_true(t->data[i] < 0.02f * t->data[2]);
    }
    fv_tensor_free(t);
}

/* Grey in decorrelated colours is light only. */
static void colours_are_decorrelated(void **state) {
    (void)state;
    const char *files[] = {paths[0]};
    fv_tensor *t = NULL;
    assert_int_equal(fv_spectrum(files, 1, HOW(.channels = 3), &t, NULL, NULL), FV_OK);
    assert_true(t->dim[0] == 3);
    assert_true(t->data[HALF + 2] < 0.2f * t->data[2] && t->data[2 * HALF + 2] < 0.4f * t->data[2]);
    fv_tensor_free(t);
}

static int stop(void *user, const fv_progress *progress) {
    (void)progress;
    return *(int *)user;
}

static void measuring_stops_and_fails(void **state) {
    (void)state;
    const char *files[] = {paths[0], paths[1]}, *broken[] = {paths[2]};
    fv_tensor *t = NULL;
    fv_error err = {0};
    int answer = FV_MONITOR_CANCEL;
    fv_monitor *m = monitor_of(stop, &answer);
    assert_int_equal(fv_spectrum(files, 2, HOW(.channels = 1, .monitor = m), &t, NULL, &err),
                     FV_CANCELLED);
    assert_null(t);
    answer = FV_MONITOR_STOP;
    assert_int_equal(fv_spectrum(files, 2, HOW(.channels = 1, .monitor = m), &t, NULL, &err),
                     FV_OK);
    assert_true(fabs(t->data[2] / (S * S / 2 * 2.0 / 3) - 1) < 0.03); /* of the first alone */
    fv_tensor_free(t);
    t = NULL;
    assert_int_equal(fv_spectrum(broken, 1, HOW(.channels = 1), &t, NULL, &err), FV_IO);
    assert_non_null(strstr(err.text, "2.png"));
    assert_int_equal(fv_spectrum(files, 0, HOW(.channels = 1), &t, NULL, &err), FV_ARG);
    assert_int_equal(fv_spectrum(files, 1, FV_DESC(fv_spectrum_desc, .size = -1), &t, NULL, &err),
                     FV_ARG);
    assert_int_equal(fv_spectrum(files, 1, HOW(.channels = 2), &t, NULL, &err), FV_ARG);
    assert_int_equal(fv_spectrum(files, 1, HOW(.color = (fv_color)9), &t, NULL, &err), FV_ARG);
    assert_null(t);
    fv_monitor_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formula_has_strength_and_slope),
        cmocka_unit_test(other_channels_are_grey),
        cmocka_unit_test(resampling_keeps_frequencies),
        cmocka_unit_test(resampling_keeps_the_mean_apart),
        cmocka_unit_test(resampling_refuses),
        cmocka_unit_test(waves_are_found),
        cmocka_unit_test(colours_are_decorrelated),
        cmocka_unit_test(measuring_stops_and_fails),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
