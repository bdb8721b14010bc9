/* SPDX-License-Identifier: Apache-2.0 */
/* picture_variation: how much neighbouring elements differ; n is the number of elements,
 * channels * h * w.
 *
 *   tv         sum of |differences| of neighbours (Lucid 0.3.10: tf.image.total_variation)
 *   tv(beta)   sum of (dy^2 + dx^2)^(beta/2), where an element has both neighbours, / n
 *              (keras-vis 0.5.0)
 *   mean_tv    tv / n (tf-keras-vis 0.8's TotalVariation2D)
 *
 * Where a formula has no derivative the gradient is 0, where keras-vis has NaN. Sums are taken in
 * double.
 */
#include "graph/build/emit.h"
#include "vis/objective/subset.h"
#include "vis/objective/terms/picture.h"

#include <math.h>

/* Sum of |differences| along a line of `count` pairs, `step` apart; adds share * gradient. */
static double line_variation(const float *p, int64_t step, int64_t count, float share, float *dp) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        float d = p[i + step] - p[i], s = share * fvi_picture_sign(d);
        sum += fabsf(d);
        dp[i + step] += s;
        dp[i] -= s;
    }
    return sum;
}

static double variation(const fvi_picture_view *v, double share) {
    double sum = 0;
    int64_t plane = (int64_t)v->h * v->w;
    for (int c = 0; c < v->channels; c++) {
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        sum += line_variation(p, v->w, plane - v->w, (float)share, dp); /* all rows but the last */
        for (int y = 0; y < v->h; y++)
            sum += line_variation(p + (int64_t)y * v->w, 1, v->w - 1, (float)share,
                                  dp + (int64_t)y * v->w);
    }
    return sum;
}

static double total_variation(const fvi_term *t, const fvi_picture_view *v) {
    return variation(v, t->weight);
}

static double mean_variation(const fvi_term *t, const fvi_picture_view *v) {
    return variation(v, t->weight / (double)v->n) / (double)v->n;
}

static double power_variation(const fvi_term *t, const fvi_picture_view *v) {
    double sum = 0, half = t->argument[0] / 2, share = t->weight / (double)v->n;
    for (int c = 0; c < v->channels; c++)
        for (int y = 0; y + 1 < v->h; y++) {
            int64_t at = ((int64_t)c * v->h + y) * v->w;
            const float *p = v->p + at, *below = p + v->w;
            float *dp = v->dp + at, *d_below = dp + v->w;
            for (int x = 0; x + 1 < v->w; x++) {
                double dy = below[x] - p[x], dx = p[x + 1] - p[x], square = dy * dy + dx * dx;
                double slope = half == 1 ? 1 : square > 0 ? half * pow(square, half - 1) : 0;
                sum += half == 1 ? square : pow(square, half);
                float gy = (float)(share * slope * 2 * dy), gx = (float)(share * slope * 2 * dx);
                d_below[x] += gy;
                dp[x + 1] += gx;
                dp[x] -= gy + gx;
            }
        }
    return sum / (double)v->n;
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

/* Differences of neighbours along an axis; of the other spatial axis the first `others`. */
static int emit_differences(const fvi_term_graph *g, int axis, int64_t others) {
    fvi_builder *b = g->b;
    const int64_t n = fvi_build_shape(b, g->pixels).dim[axis] - 1;
    const int x = fvi_emit_slice(b, g->pixels, 5 - axis, 0, others);
    return fvi_emit_binary(b, FVI_SUB, fvi_emit_slice(b, x, axis, 1, n),
                           fvi_emit_slice(b, x, axis, 0, n));
}

static int emit_variation(const fvi_term_graph *g, double scale) {
    const fvi_shape s = fvi_build_shape(g->b, g->pixels);
    int sum = fvi_term_constant(g, 0);
    for (int axis = 2; axis < 4; axis++)
        if (s.dim[axis] > 1)
            sum = fvi_emit_binary(
                g->b, FVI_ADD, sum,
                fvi_picture_reduce(g, FVI_REDUCE_L1, emit_differences(g, axis, s.dim[5 - axis])));
    return fvi_term_scale(g, scale, 0, sum);
}

static int emit_total(const fvi_term_graph *g, const fvi_bound_term *t) {
    (void)t;
    return emit_variation(g, 1);
}

static int emit_mean(const fvi_term_graph *g, const fvi_bound_term *t) {
    (void)t;
    return emit_variation(g, 1 / (double)fvi_picture_count(g));
}

static double half_argument(const fvi_bound_term *t) { return t->term->argument[0] / 2; }

/* Powers of 0, whose slope may be infinite, are left out: 1 stands in their place. */
static int emit_power(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const fvi_shape s = fvi_build_shape(b, g->pixels);
    if (s.dim[2] < 2 || s.dim[3] < 2) return fvi_term_constant(g, 0);
    const int dy = emit_differences(g, 2, s.dim[3] - 1), dx = emit_differences(g, 3, s.dim[2] - 1);
    const int square = fvi_emit_binary(b, FVI_ADD, fvi_emit_binary(b, FVI_MUL, dy, dy),
                                       fvi_emit_binary(b, FVI_MUL, dx, dx));
    const int some = fvi_term_compare(g, FVI_GREATER, square, 0);
    const int power = fvi_term_power(g, t, half_argument, fvi_term_where(g, some, square, 1));
    return fvi_term_scale(g, 1 / (double)fvi_picture_count(g), 0,
                          fvi_picture_reduce(g, FVI_REDUCE_SUM, fvi_term_where(g, some, power, 0)));
}

const fvi_term_kind fvi_term_tv = {
    .name = "tv",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = total_variation,
    .emit = emit_total,
};

const fvi_term_kind fvi_term_tv_power = {
    .name = "tv",
    .min = 1,
    .max = 1,
    .picture_arguments = {{2, 0.1, 100, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = power_variation,
    .emit = emit_power,
};

const fvi_term_kind fvi_term_mean_tv = {
    .name = "mean_tv",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = mean_variation,
    .emit = emit_mean,
};
