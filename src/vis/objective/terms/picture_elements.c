/* SPDX-License-Identifier: Apache-2.0 */
/* picture_elements: sums over elements, each by itself; n is their number.
 *
 *   l1(c)        sum of |p - c|; c 0 (Lucid 0.3.10)
 *   l2(c)        root of 1e-6 + the sum of (p - c)^2; c 0 (Lucid)
 *   squares(c)   sum of (p - c)^2; c 0
 *   distance     mean of (p - start)^2 (the accentuation of Horama 0.3.0)
 *   difference   root of the mean of (p - start)^2 (Lucid's input_diff)
 *
 * `start` is the picture before the first update. Where a formula has no derivative (|x| and a root
 * at 0) the gradient is 0. Sums are taken in double.
 */
#include "graph/build/emit.h"
#include "vis/objective/subset.h"
#include "vis/objective/terms/picture.h"

#include <math.h>

#define L2_EPSILON 1e-6 /* Lucid's */

static double l1(const fvi_term *t, const fvi_picture_view *v) {
    double sum = 0;
    float c = t->argument[0], share = t->weight;
    for (int64_t i = 0; i < v->n; i++) {
        sum += fabsf(v->p[i] - c);
        v->dp[i] += share * fvi_picture_sign(v->p[i] - c);
    }
    return sum;
}

/* Sum of (p - c)^2, or of (p - start)^2 with `start`. add_squares adds its gradient. */
static double sum_squares(const fvi_picture_view *v, const float *start, float c) {
    double sum = 0;
    for (int64_t i = 0; i < v->n; i++) {
        double d = v->p[i] - (start ? start[i] : c);
        sum += d * d;
    }
    return sum;
}

static void add_squares(const fvi_picture_view *v, const float *start, float c, double share) {
    float twice = (float)(2 * share);
    for (int64_t i = 0; i < v->n; i++) v->dp[i] += twice * (v->p[i] - (start ? start[i] : c));
}

static double squares(const fvi_term *t, const fvi_picture_view *v) {
    add_squares(v, NULL, t->argument[0], t->weight);
    return sum_squares(v, NULL, t->argument[0]);
}

static double l2(const fvi_term *t, const fvi_picture_view *v) {
    double root = sqrt(L2_EPSILON + sum_squares(v, NULL, t->argument[0]));
    add_squares(v, NULL, t->argument[0], t->weight / (2 * root));
    return root;
}

static double distance(const fvi_term *t, const fvi_picture_view *v) {
    add_squares(v, v->start, 0, t->weight / (double)v->n);
    return sum_squares(v, v->start, 0) / (double)v->n;
}

static double difference(const fvi_term *t, const fvi_picture_view *v) {
    double root = sqrt(sum_squares(v, v->start, 0) / (double)v->n);
    if (root > 0) add_squares(v, v->start, 0, t->weight / (2 * root * (double)v->n));
    return root;
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

/* p - c */
static int emit_away(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_emit_binary(g->b, FVI_SUB, g->pixels, fvi_term_numbers(g, t, fvi_term_argument, 3));
}

/* p - start */
static int emit_moved(const fvi_term_graph *g) {
    if (g->start < 0)
        fvi_build_fail(g->b, FV_UNSUPPORTED, "the picture before the first update is not there");
    return fvi_emit_binary(g->b, FVI_SUB, g->pixels, g->start);
}

static int emit_l1(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_picture_reduce(g, FVI_REDUCE_L1, emit_away(g, t));
}

static int emit_squares(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_picture_reduce(g, FVI_REDUCE_SUM_SQUARE, emit_away(g, t));
}

static int emit_l2(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_emit_unary(g->b, FVI_SQRT, 0, 0,
                          fvi_term_scale(g, 1, L2_EPSILON, emit_squares(g, t)));
}

static int emit_distance(const fvi_term_graph *g, const fvi_bound_term *t) {
    (void)t;
    return fvi_term_scale(g, 1 / (double)fvi_picture_count(g), 0,
                          fvi_picture_reduce(g, FVI_REDUCE_SUM_SQUARE, emit_moved(g)));
}

static int emit_difference(const fvi_term_graph *g, const fvi_bound_term *t) {
    (void)t;
    return fvi_term_scale(g, 1 / sqrt((double)fvi_picture_count(g)), 0,
                          fvi_picture_reduce(g, FVI_REDUCE_L2, emit_moved(g)));
}

const fvi_term_kind fvi_term_l1 = {
    .name = "l1",
    .max = 1,
    .picture_arguments = {{0, -FVI_PICTURE_ANY, FVI_PICTURE_ANY, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = l1,
    .emit = emit_l1,
};

const fvi_term_kind fvi_term_l2 = {
    .name = "l2",
    .max = 1,
    .picture_arguments = {{0, -FVI_PICTURE_ANY, FVI_PICTURE_ANY, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = l2,
    .emit = emit_l2,
};

const fvi_term_kind fvi_term_picture_squares = {
    .name = "squares",
    .max = 1,
    .picture_arguments = {{0, -FVI_PICTURE_ANY, FVI_PICTURE_ANY, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = squares,
    .emit = emit_squares,
};

const fvi_term_kind fvi_term_distance = {
    .name = "distance",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = distance,
    .emit = emit_distance,
};

const fvi_term_kind fvi_term_difference = {
    .name = "difference",
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = difference,
    .emit = emit_difference,
};
