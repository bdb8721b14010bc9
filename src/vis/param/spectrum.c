/* SPDX-License-Identifier: Apache-2.0 */
/* spectrum: magnitudes of spatial frequencies as photographs have them.
 *
 * The built-in spectrum is, for a frequency f in cycles a pixel of a picture with longer side s,
 *     magnitude(f) = deviation * h w * g(f) / sqrt(sum of g^2)
 *     g(f) = 1 / (corner / s + f)^power
 * and average * h w at f = 0, all of it divided by the root mean square of the channels'
 * deviations.
 *
 * How the constants were fitted: 500 photographs of ImageNet's classes, their centre squares
 * reduced to 224 pixels; values cut off at 0.02 and 0.98, made logits (what a sigmoid's picture is
 * before it), decorrelated by the inverse of color.c's matrix; mean removed, under a Hann window
 * (without one the jump from each edge to the opposite one adds a bright cross); the mean of
 * |rfft2| over the photographs; the mean over each ring of equal frequency; least squares of the
 * logarithm between 1 cycle a picture and 1/4 cycle a pixel (above, resizing has weakened them),
 * every octave with the same weight. The fit is 3 to 4 % off (root mean square); at 112 pixels the
 * corners come out the same per picture. `average` is the mean over photographs of a channel's
 * |mean|. Photographs have more than this formula along the two axes (20 and 30 %) and less between
 * them (12 %).
 *
 * The file Xplique and Horama use was measured on pictures enlarged to 512, and falls off faster:
 * it has a quarter of this strength at 1/4 cycle a pixel. A decay of 1.6 comes nearest.
 */
#include "vis/param/spectrum.h"

#include <math.h>
#include <stdint.h>

#include "base/error.h"
#include "base/shape.h"
#include "base/tensor.h"

#define MAX_SIDE (1 << 20) /* of a measured spectrum */

typedef struct fit {
    double corner, power, deviation, average;
} fit;

static const fit decorrelated[3] = {
    {0.45, 1.30, 1.78, 1.00}, {1.10, 1.555, 1.51, 1.46}, {0.50, 1.29, 1.46, 1.19}};
static const fit rgb[3] = {
    {0.55, 1.34, 1.08, 0.56}, {0.50, 1.315, 1.04, 0.56}, {0.40, 1.29, 1.08, 0.80}};
static const fit grey = {0.50, 1.315, 1.03, 0.54};

/* The signed frequency of row y of h, in cycles a pixel. */
static double row_frequency(int y, int h) { return (double)(y <= h / 2 ? y : y - h) / h; }

/* How often a column occurs in the whole spectrum: 2 if its conjugate is not stored, else 1. */
static int column_weight(int x, int w) { return x == 0 || 2 * x == w ? 1 : 2; }

/* One channel; `scale` multiplies it. */
static void fill(const fit *t, double power, double scale, int h, int w, float *magnitude) {
    int columns = w / 2 + 1;
    double corner = t->corner / (h > w ? h : w), square = 0, plane = (double)h * w;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < columns; x++) {
            double g = pow(corner + hypot(row_frequency(y, h), (double)x / w), -power);
            magnitude[(int64_t)y * columns + x] = (float)g;
            if (x + y > 0) square += column_weight(x, w) * g * g;
        }
    float strength = square > 0 ? (float)(scale * t->deviation * plane / sqrt(square)) : 0;
    for (int64_t i = 0; i < (int64_t)h * columns; i++) magnitude[i] *= strength;
    magnitude[0] = (float)(scale * t->average * plane);
}

void fvi_spectrum_builtin(fv_color color, float decay, int channels, int h, int w,
                          float *magnitude) {
    const fit *fits = channels != 3 ? &grey : color == FV_COLOR_RGB ? rgb : decorrelated;
    double square = 0;
    for (int c = 0; c < channels; c++) {
        double d = fits[channels == 3 ? c : 0].deviation;
        square += d * d / channels;
    }
    int64_t half = (int64_t)h * (w / 2 + 1);
    for (int c = 0; c < channels; c++) {
        const fit *t = &fits[channels == 3 ? c : 0];
        fill(t, t->power - fits[0].power + decay, 1 / sqrt(square), h, w, magnitude + c * half);
    }
}

/* A measured channel to read from. */
typedef struct source {
    const float *m; /* [h][columns] */
    int h, w, columns;
    float around_zero; /* mean of the frequencies next to 0: replaces the magnitude at 0, which is
                          the picture's mean, where others are interpolated */
} source;

static source source_of(const fv_tensor *t, int channel) {
    source s = {.h = (int)t->dim[1], .columns = (int)t->dim[2]};
    s.m = t->data + channel * t->dim[1] * t->dim[2];
    s.w = s.h / 2 + 1 == s.columns ? s.h : s.columns > 1 ? 2 * (s.columns - 1) : 1;
    float sum = 0, count = 0;
    if (s.columns > 1) sum += s.m[1], count++;
    if (s.h > 1) sum += s.m[s.columns] + s.m[(int64_t)(s.h - 1) * s.columns], count += 2;
    s.around_zero = count > 0 ? sum / count : s.m[0];
    return s;
}

/* The magnitude at row y, modulo the height, and column x, clamped to the last. */
static float source_at(const source *s, int y, int x) {
    y = ((y % s->h) + s->h) % s->h;
    if (x >= s->columns) x = s->columns - 1;
    return x + y == 0 ? s->around_zero : s->m[(int64_t)y * s->columns + x];
}

static float source_between(const source *s, double y, double x) {
    int iy = (int)floor(y), ix = (int)floor(x);
    float ty = (float)(y - iy), tx = (float)(x - ix);
    float above = source_at(s, iy, ix) * (1 - tx) + source_at(s, iy, ix + 1) * tx;
    float below = source_at(s, iy + 1, ix) * (1 - tx) + source_at(s, iy + 1, ix + 1) * tx;
    return above * (1 - ty) + below * ty;
}

fv_status fvi_spectrum_check(const fv_tensor *spectrum, int channels, fv_error *err) {
    const fv_tensor *t = spectrum;
    char text[FVI_SHAPE_TEXT];
    const fvi_shape shape = fvi_tensor_shape(t);
    if (t->ndim != 3 || t->dim[0] != channels || t->dim[1] < 1 || t->dim[2] < 1 ||
        t->dim[1] > MAX_SIDE || t->dim[2] > MAX_SIDE)
        return fvi_fail(err, FV_SHAPE,
                        "the spectrum is %s; allowed: [%d][height][width/2+1] with sizes of "
                        "1..%d",
                        fvi_shape_text(&shape, text), channels, MAX_SIDE);
    for (int64_t i = 0; i < fv_tensor_count(t); i++)
        if (!(t->data[i] >= 0) || isinf(t->data[i]))
            return fvi_fail(err, FV_ARG,
                            "the spectrum's element %lld is %g; allowed: magnitudes, 0 and more",
                            (long long)i, (double)t->data[i]);
    return FV_OK;
}

fv_status fvi_spectrum_resample(const fv_tensor *spectrum, int channels, int h, int w,
                                float *magnitude, fv_error *err) {
    const fv_tensor *t = spectrum;
    fv_status st = fvi_spectrum_check(t, channels, err);
    if (st) return st;
    int columns = w / 2 + 1;
    for (int c = 0; c < channels; c++) {
        source s = source_of(t, c);
        double ratio = (double)h * w / ((double)s.h * s.w);
        float strength = (float)sqrt(ratio);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < columns; x++)
                magnitude[((int64_t)c * h + y) * columns + x] =
                    strength * source_between(&s, row_frequency(y, h) * s.h, (double)x / w * s.w);
        magnitude[(int64_t)c * h * columns] = (float)(s.m[0] * ratio);
    }
    return FV_OK;
}
