/* SPDX-License-Identifier: Apache-2.0 */
/* picture_blurs: how far the picture is from a blur of itself.
 *
 *   boundary(w,C)   within w pixels of the edge, sum of (b - p)^2 + 0.8 (p - C)^2, b a 5x5 blur of
 *                   p; w 20, C 0.5 (Lucid 0.3.10's penalize_boundary_complexity, without its minus)
 *   blur            half the sum of (p - b)^2, b a 3x3 blur of p that is held fixed, so that
 *                   descending it blurs the picture (Lucid's blur_input_each_step)
 *
 * Kernels are cut off at the edges. Sums are taken in double.
 */
#include "vis/objective/terms/picture.h"

#include <stdlib.h>

#define COLOR_SHARE 0.8 /* Lucid's */

enum { BOUNDARY_RADIUS = 2, BLUR_RADIUS = 1 };

/* Lucid's blur kernel of 2 radius + 1: 1, and 0.5 at its rim. */
static double tap(int dy, int dx, int radius) {
    return abs(dy) == radius || abs(dx) == radius ? 0.5 : 1;
}

/* The kernel's weight inside the picture around (y, x), and the mean it takes there. */
static double local_mean(const fvi_picture_view *v, const float *p, int y, int x, int radius,
                         double *total) {
    double sum = 0, taps = 0;
    for (int dy = -MIN(radius, y); dy <= MIN(radius, v->h - 1 - y); dy++)
        for (int dx = -MIN(radius, x); dx <= MIN(radius, v->w - 1 - x); dx++) {
            double k = tap(dy, dx, radius);
            sum += k * p[(int64_t)(y + dy) * v->w + x + dx];
            taps += k;
        }
    *total = taps;
    return sum / taps;
}

/* The adjoint of local_mean: adds `gradient`, at the mean around (y, x), to the elements. */
static void spread(const fvi_picture_view *v, float *dp, int y, int x, int radius, double gradient,
                   double total) {
    for (int dy = -MIN(radius, y); dy <= MIN(radius, v->h - 1 - y); dy++)
        for (int dx = -MIN(radius, x); dx <= MIN(radius, v->w - 1 - x); dx++)
            dp[(int64_t)(y + dy) * v->w + x + dx] +=
                (float)(gradient * tap(dy, dx, radius) / total);
}

static double boundary(const fvi_term *t, const fvi_picture_view *v) {
    double sum = 0, total;
    int width = (int)t->argument[0];
    for (int c = 0; c < v->channels; c++) {
        int64_t plane = (int64_t)v->h * v->w;
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        for (int y = 0; y < v->h; y++)
            for (int x = 0; x < v->w; x++) {
                if (y >= width && x >= width && y < v->h - width && x < v->w - width) {
                    x = v->w - width - 1; /* skips the inside of this row */
                    continue;
                }
                double here = p[(int64_t)y * v->w + x], away = here - t->argument[1];
                double d = local_mean(v, p, y, x, BOUNDARY_RADIUS, &total) - here;
                sum += d * d + COLOR_SHARE * away * away;
                spread(v, dp, y, x, BOUNDARY_RADIUS, t->weight * 2 * d, total);
                dp[(int64_t)y * v->w + x] += (float)(t->weight * 2 * (COLOR_SHARE * away - d));
            }
    }
    return sum;
}

static double blur(const fvi_term *t, const fvi_picture_view *v) {
    double sum = 0, total;
    for (int c = 0; c < v->channels; c++) {
        int64_t plane = (int64_t)v->h * v->w;
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        for (int y = 0; y < v->h; y++)
            for (int x = 0; x < v->w; x++) {
                int64_t i = (int64_t)y * v->w + x;
                double d = p[i] - local_mean(v, p, y, x, BLUR_RADIUS, &total);
                sum += d * d;
                dp[i] += (float)(t->weight * d);
            }
    }
    return sum / 2;
}

const fvi_term_kind fvi_term_boundary = {
    .name = "boundary",
    .max = 2,
    .picture_arguments = {{20, 1, 32768, 1}, {0.5f, -FVI_PICTURE_ANY, FVI_PICTURE_ANY, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = boundary,
};

const fvi_term_kind fvi_term_blur = {
    .name = "blur",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = blur,
};
