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
#include "graph/build/emit.h"
#include "vis/objective/subset.h"
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

/* ---- as nodes of a graph -------------------------------------------------------------------- */

/* 1 / the kernel's weight inside the picture around each pixel, [h][w]. */
static int emit_inverse_totals(const fvi_term_graph *g, int radius) {
    const fvi_shape s = fvi_build_shape(g->b, g->pixels);
    const int h = (int)s.dim[2], w = (int)s.dim[3];
    const fvi_picture_view v = {.h = h, .w = w};
    float *data, *zeros = g_new0(float, (gsize)MAX(h * (int64_t)w, 1));
    const int totals = fvi_emit_constant(g->b, FVI_F32, &(fvi_shape){2, {h, w}}, &data);
    for (int y = 0; totals >= 0 && y < h; y++)
        for (int x = 0; x < w; x++) {
            double total;
            local_mean(&v, zeros, y, x, radius, &total);
            data[(int64_t)y * w + x] = (float)(1 / total);
        }
    g_free(zeros);
    return totals;
}

/* local_mean at every pixel, as a convolution over channels that are pictures of their own. */
static int emit_blurred(const fvi_term_graph *g, int radius) {
    fvi_builder *b = g->b;
    const fvi_shape s = fvi_build_shape(b, g->pixels);
    const int64_t k = 2 * radius + 1;
    const fvi_shape planes = {4, {s.dim[0] * s.dim[1], 1, s.dim[2], s.dim[3]}};
    const fvi_node_attr a = {.window = {.n = 2,
                                        .kernel = {k, k},
                                        .stride = {1, 1},
                                        .dilation = {1, 1},
                                        .pad_lo = {radius, radius},
                                        .pad_hi = {radius, radius},
                                        .groups = 1}};
    float *data;
    const int kernel = fvi_emit_constant(b, FVI_F32, &(fvi_shape){4, {1, 1, k, k}}, &data);
    for (int64_t i = 0; kernel >= 0 && i < k * k; i++)
        data[i] = (float)tap((int)(i / k) - radius, (int)(i % k) - radius, radius);
    const int x = fvi_emit_reshape(b, g->pixels, &planes);
    if (b->status) return -1;
    const int sums = fvi_emit(b, FVI_CONV, &a, &planes, 2, (int[]){x, kernel});
    return fvi_emit_binary(b, FVI_MUL, fvi_emit_reshape(b, sums, &s),
                           emit_inverse_totals(g, radius));
}

static double color_of(const fvi_bound_term *t) { return t->term->argument[1]; }

/* Where each picture has its edge: 1, [pictures][1][h][w]. */
static int emit_edge(const fvi_term_graph *g, const fvi_bound_term *t) {
    const fvi_shape s = fvi_build_shape(g->b, g->pixels);
    const int64_t h = s.dim[2], w = s.dim[3];
    float *data;
    const int v = fvi_term_given(g, &(fvi_shape){3, {1, h, w}}, &data);
    for (int64_t i = 0; v >= 0 && i < g->samples * h * w; i++) {
        const int64_t width = (int64_t)t[i / (h * w)].term->argument[0];
        const int64_t y = i / w % h, x = i % w;
        data[i] = y < width || x < width || y >= h - width || x >= w - width;
    }
    return v;
}

static int emit_boundary(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int d = fvi_emit_binary(b, FVI_SUB, emit_blurred(g, BOUNDARY_RADIUS), g->pixels);
    const int away = fvi_emit_binary(b, FVI_SUB, g->pixels, fvi_term_numbers(g, t, color_of, 3));
    const int share =
        fvi_emit_binary(b, FVI_ADD, fvi_emit_binary(b, FVI_MUL, d, d),
                        fvi_term_scale(g, COLOR_SHARE, 0, fvi_emit_binary(b, FVI_MUL, away, away)));
    return fvi_picture_reduce(g, FVI_REDUCE_SUM,
                              fvi_emit_binary(b, FVI_MUL, share, emit_edge(g, t)));
}

static int emit_blur(const fvi_term_graph *g, const fvi_bound_term *t) {
    (void)t;
    const int held = fvi_emit_stop_gradient(g->b, emit_blurred(g, BLUR_RADIUS));
    const int away = fvi_emit_binary(g->b, FVI_SUB, g->pixels, held);
    return fvi_term_scale(g, 0.5, 0, fvi_picture_reduce(g, FVI_REDUCE_SUM_SQUARE, away));
}

const fvi_term_kind fvi_term_boundary = {
    .name = "boundary",
    .max = 2,
    .picture_arguments = {{20, 1, 32768, 1}, {0.5f, -FVI_PICTURE_ANY, FVI_PICTURE_ANY, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = boundary,
    .emit = emit_boundary,
};

const fvi_term_kind fvi_term_blur = {
    .name = "blur",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = blur,
    .emit = emit_blur,
};
