/* SPDX-License-Identifier: Apache-2.0 */
/* spectrum_measure: the mean magnitudes of spatial frequencies of a set of photographs.
 *
 * Each photograph's centre square is resized (bicubic), clipped to 0.02..0.98 and turned into
 * logits (the inverse of the sigmoid). Then colours are decorrelated (grey: lightness by BT.601
 * before the logits), the mean is subtracted, and it is multiplied by a Hann window of mean
 * square 1. |rfft2| is averaged over the photographs; frequency 0 is the average of |mean| *
 * size^2.
 *
 * Not as Xplique, whose maco_dataset averages |rfft2| of the pictures as they come, without logits,
 * colours or a window.
 */
#include <math.h>
#include <stdlib.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/tensor.h"
#include "image/image.h"
#include "runtime/monitor.h"
#include "signal/color.h"
#include "signal/fft.h"

#define MAX_SIZE 8192
#define DARKEST  0.02f
#define PI       3.14159265358979323846

typedef struct measure {
    int size, channels;
    fv_color color;
    fvi_fft *fft;
    float *window;   /* [size] */
    float *pixels;   /* [3][size][size] */
    float *spectrum; /* [size][size/2+1] of (re, im) */
    double *sum;     /* [channels][size][size/2+1] */
    int read;
} measure;

static void measure_free(measure *m) {
    fvi_fft_free(m->fft);
    free(m->window);
    free(m->pixels);
    free(m->spectrum);
    free(m->sum);
}

static fv_status measure_new(int size, fv_color color, int channels, measure *m, fv_error *err) {
    size_t plane = (size_t)size * (size_t)size, half = (size_t)size * (size_t)(size / 2 + 1);
    *m = (measure){
        .size = size, .channels = channels, .color = channels == 3 ? color : FV_COLOR_RGB};
    fv_status st = fvi_fft_new(size, size, 1, &m->fft, err);
    if (st) return st;
    m->window = malloc((size_t)size * sizeof *m->window);
    m->pixels = malloc(3 * plane * sizeof *m->pixels);
    m->spectrum = malloc(2 * half * sizeof *m->spectrum);
    m->sum = calloc((size_t)channels * half, sizeof *m->sum);
    if (!m->window || !m->pixels || !m->spectrum || !m->sum)
        return fvi_fail(err, FV_NOMEM, "no memory for a spectrum of %d x %d", size, size);
    /* sin^2 has a mean square of 3/8; for sizes 1 and 2 it is constant */
    float scale = size > 2 ? sqrtf(8.0f / 3) : 1;
    for (int i = 0; i < size; i++) {
        float s = sinf((float)(PI * (i + 0.5) / size));
        m->window[i] = size > 2 ? scale * s * s : 1;
    }
    return FV_OK;
}

/* A file's centre square at m's size. */
static fv_status square(const char *path, int size, fv_image **out, fv_error *err) {
    fv_image *whole = NULL, *middle = NULL;
    fv_status st = fv_image_load(path, &whole, err);
    if (st) return st;
    int side = whole->height < whole->width ? whole->height : whole->width;
    st = fvi_image_crop(whole, (whole->height - side) / 2, (whole->width - side) / 2, side, side,
                        &middle, err);
    if (!st) st = fvi_image_resize(middle, size, size, FVI_BICUBIC, out, err);
    fv_image_free(middle);
    fv_image_free(whole);
    return st;
}

/* The picture's logits in the colours asked for, into m->pixels. */
static void to_logits(measure *m, const fv_image *image) {
    int64_t plane = (int64_t)m->size * m->size;
    const float *r = image->data, *g = r + plane, *b = g + plane;
    for (int64_t i = 0; i < m->channels * plane; i++) {
        float v = m->channels == 3 ? r[i] : fvi_luma(r[i], g[i], b[i]);
        v = fminf(fmaxf(v, DARKEST), 1 - DARKEST);
        m->pixels[i] = logf(v / (1 - v));
    }
    fvi_color_inverse(m->color, plane, m->pixels);
}

/* Adds one channel's magnitudes. */
static void add_channel(measure *m, float *p, double *sum) {
    int64_t plane = (int64_t)m->size * m->size, half = (int64_t)m->size * (m->size / 2 + 1);
    double mean = 0;
    for (int64_t i = 0; i < plane; i++) mean += p[i];
    mean /= (double)plane;
    for (int y = 0; y < m->size; y++)
        for (int x = 0; x < m->size; x++, p++)
            *p = (*p - (float)mean) * m->window[y] * m->window[x];
    fvi_fft_forward(m->fft, 1, p - plane, m->spectrum);
    for (int64_t i = 1; i < half; i++)
        sum[i] += hypot((double)m->spectrum[2 * i], (double)m->spectrum[2 * i + 1]);
    sum[0] += fabs(mean) * (double)plane;
}

/* Adds one file.  errors  as fv_image_load */
static fv_status add_file(measure *m, const char *path, fv_error *err) {
    int64_t plane = (int64_t)m->size * m->size, half = (int64_t)m->size * (m->size / 2 + 1);
    fv_image *image = NULL;
    fv_status st = square(path, m->size, &image, err);
    if (st) return st;
    to_logits(m, image);
    for (int c = 0; c < m->channels; c++) add_channel(m, m->pixels + c * plane, m->sum + c * half);
    m->read++;
    fv_image_free(image);
    return FV_OK;
}

/* Adds all files, and counts those that cannot be read. If the monitor says STOP, the files so far
 * are the result.
 *   errors  CANCELLED; NOMEM; IO none could be read: the last one's reason */
static fv_status add_files(measure *m, const char *const *paths, int count,
                           const fv_monitor *monitor, int *skipped, fv_error *err) {
    fv_error last = {0};
    *skipped = 0;
    for (int i = 0; i < count; i++) {
        fv_status st = add_file(m, paths[i], &last);
        if (st == FV_NOMEM) return fvi_fail(err, st, "%s", last.text);
        *skipped += st != FV_OK;
        fv_progress now = {.done = i + 1, .total = count, .what = paths[i], .iteration = i + 1};
        const int answer = fvi_monitor_report(monitor, &now);
        if (answer == FV_MONITOR_CANCEL || (answer == FV_MONITOR_STOP && !m->read))
            return fvi_monitor_cancelled(i + 1, count, "files", err);
        if (answer == FV_MONITOR_STOP) break;
    }
    if (m->read > 0) return FV_OK;
    return fvi_fail(err, FV_IO, "none of %d files is a picture: %s", *skipped, last.text);
}

static fv_status check(const char *const *paths, int count, int size, fv_color color, int channels,
                       fv_error *err) {
    if (count < 1) return fvi_fail(err, FV_ARG, "a spectrum of %d files; at least 1", count);
    for (int i = 0; i < count; i++)
        if (!paths[i]) return fvi_fail(err, FV_ARG, "path %d of a spectrum is NULL", i);
    if (size < 1 || size > MAX_SIZE)
        return fvi_fail(err, FV_ARG, "a spectrum of size %d; allowed: 1..%d", size, MAX_SIZE);
    if (channels != 1 && channels != 3)
        return fvi_fail(err, FV_ARG, "a spectrum of %d channels; allowed: 1 and 3", channels);
    if (color < FV_COLOR_RGB || color > FV_COLOR_MACO)
        return fvi_fail(err, FV_ARG, "colour map %d does not exist (1..3)", (int)color);
    return FV_OK;
}

fv_status fv_spectrum(const char *const *paths, int count, const fv_spectrum_desc *desc,
                      fv_tensor **out, int *skipped, fv_error *err) {
    fv_spectrum_desc d;
    fv_status st = FVI_NOT_NULL(err, paths, out);
    if (!st) st = FVI_DESC_READ(fv_spectrum_desc, monitor, desc, &d, err);
    if (st) return st;
    const int size = d.size ? d.size : 512, channels = d.channels ? d.channels : 3;
    const fv_color color = d.color ? d.color : FV_COLOR_MACO;
    st = check(paths, count, size, color, channels, err);
    if (st) return st;
    measure m = {0};
    fv_tensor *t = NULL;
    int missed = 0;
    st = measure_new(size, color, channels, &m, err);
    if (!st) st = add_files(&m, paths, count, d.monitor, &missed, err);
    if (!st) st = fv_tensor_new(3, (int64_t[]){channels, size, size / 2 + 1}, &t, err);
    if (st) goto done;
    for (int64_t i = 0; i < fv_tensor_count(t); i++) t->data[i] = (float)(m.sum[i] / m.read);
    *out = t;
    if (skipped) *skipped = missed;
done:
    measure_free(&m);
    return st;
}
