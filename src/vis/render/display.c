/* SPDX-License-Identifier: Apache-2.0 */
/* display: from pixels in the range low..high, or beyond it, to values in [0,1].
 *
 *   CLIP        (p - low) / (high - low)
 *   LINEAR      (p - min) / (max - min)
 *   STANDARD    (p - mean) / (sd + 1e-7) * 0.1 + 0.5    keras-vis; DeepDreaming with TensorFlow
 *   PERCENTILE  cut off at percentiles 1 and 99, then as LINEAR    Horama's plot_maco
 * all cut off at 0 and 1. Percentiles are interpolated between ranks, as numpy's default. Ranks are
 * found in the output's memory, so nothing is allocated.
 * Xplique multiplies the picture by its alpha before stretching it; that is not done here.
 */
#include "vis/render/display.h"

#include <math.h>
#include <string.h>

#define KERAS_EPSILON   1e-7
#define PICTURE_PERCENT 1.0
#define ALPHA_PERCENT   80.0

static void swap(float *a, float *b) {
    float t = *a;
    *a = *b;
    *b = t;
}

/* Reorders x [n] so that x[k] is where sorting would put it, smaller ones before and larger ones
 * after (Hoare's selection, the pivot being the median of three). */
static void put_in_rank(float *x, int64_t n, int64_t k) {
    int64_t first = 0, last = n - 1;
    while (first < last) {
        int64_t middle = first + (last - first) / 2;
        if (x[middle] < x[first]) swap(&x[middle], &x[first]);
        if (x[last] < x[first]) swap(&x[last], &x[first]);
        if (x[last] < x[middle]) swap(&x[last], &x[middle]);
        float pivot = x[middle];
        int64_t i = first, j = last;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i <= j) swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            last = j;
        else if (k >= i)
            first = i;
        else
            return;
    }
}

/* Percentile of x [n], n >= 1, all finite, which it reorders. */
static double percentile(float *x, int64_t n, double percent) {
    double at = percent / 100 * (double)(n - 1);
    int64_t rank = (int64_t)at;
    put_in_rank(x, n, rank);
    double below = x[rank], above = below;
    for (int64_t i = rank + 1; i < n; i++) above = i == rank + 1 || x[i] < above ? x[i] : above;
    return below + (at - (double)rank) * (above - below);
}

/* Puts the finite ones of x [n] into out; returns their number. */
static int64_t collect(const float *x, int64_t n, float *out) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i])) out[count++] = x[i];
    return count;
}

/* The pixel values that become 0 and 1; `found` are the finite ones, which it may reorder. */
static void ends_of(const fvi_display_settings *d, float *found, int64_t n, double *low,
                    double *high) {
    double sum = 0, square = 0, min = found[0], max = found[0];
    for (int64_t i = 0; i < n; i++) {
        sum += found[i];
        min = fmin(min, found[i]);
        max = fmax(max, found[i]);
    }
    double mean = sum / (double)n;
    switch (d->kind) {
    case FVI_DISPLAY_LINEAR: *low = min, *high = max; break;
    case FVI_DISPLAY_STANDARD:
        for (int64_t i = 0; i < n; i++) square += (found[i] - mean) * (found[i] - mean);
        square = sqrt(square / (double)n);
        *low = mean - 5 * (square + KERAS_EPSILON);
        *high = mean + 5 * (square + KERAS_EPSILON);
        break;
    case FVI_DISPLAY_PERCENTILE:
        *low = percentile(found, n, PICTURE_PERCENT);
        *high = percentile(found, n, 100 - PICTURE_PERCENT);
        break;
    default: break;
    }
}

void fvi_display(const fvi_display_settings *d, const float *picture, int channels, int64_t plane,
                 float low, float high, float *out) {
    int64_t n = channels * plane;
    double from = low, to = high;
    if (d->kind != FVI_DISPLAY_CLIP) {
        int64_t finite = collect(picture, n, out);
        if (finite) ends_of(d, out, finite, &from, &to);
    }
    double scale = to > from ? 1 / (to - from) : 0;
    for (int64_t i = 0; i < n; i++) {
        double x = scale > 0 ? (picture[i] - from) * scale : 0.5;
        out[i] = isnan(x) || isnan(picture[i]) ? 0.5f : (float)fmin(fmax(x, 0), 1);
    }
}

/* Sums over channels; what is not finite counts for nothing. */
static void sum_channels(const float *accumulated, int channels, int64_t plane, float *alpha) {
    memset(alpha, 0, (size_t)plane * sizeof *alpha);
    for (int c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            float x = accumulated[c * plane + i];
            if (isfinite(x) && x > 0) alpha[i] += x;
        }
}

void fvi_display_alpha(const float *accumulated, int channels, int64_t plane, float *alpha) {
    sum_channels(accumulated, channels, plane, alpha);
    double top = percentile(alpha, plane, ALPHA_PERCENT);
    if (!(top > 0)) /* most pixels got nothing: the few others show */
        for (int64_t i = 0; i < plane; i++) top = fmax(top, alpha[i]);
    sum_channels(accumulated, channels, plane, alpha); /* ranking has reordered them */
    for (int64_t i = 0; i < plane; i++) alpha[i] = top > 0 ? (float)fmin(alpha[i] / top, 1) : 1;
}
