/* SPDX-License-Identifier: Apache-2.0 */
/* picture_norms: p-norms of all elements; n is their number.
 *
 *   lp(p)          p-norm / n; p 6; inf: the largest value / n (keras-vis 0.5.0)
 *   mean_norm(p)   (mean of |x|^p)^(1/p); p 2 (tf-keras-vis 0.8's Norm)
 *
 * Where a formula has no derivative the gradient is 0. Sums are taken in double.
 */
#include "graph/build/emit.h"
#include "vis/objective/subset.h"
#include "vis/objective/terms/picture.h"

#include <math.h>

/* x^e for x >= 0; whole exponents by squaring, which is several times faster than pow. */
static double power(double x, double e) {
    if (e != floor(e) || e > 64) return pow(x, e);
    double result = 1;
    for (int left = (int)e; left; left >>= 1) {
        if (left & 1) result *= x;
        x *= x;
    }
    return result;
}

/* scale * (sum of |p|^e)^(1/e). Elements are taken relative to the largest, so that no power of
 * them overflows. */
static double scaled_norm(const fvi_term *t, const fvi_picture_view *v, double e, double scale) {
    float top = 0;
    for (int64_t i = 0; i < v->n; i++) top = fmaxf(top, fabsf(v->p[i]));
    if (!(top > 0)) return 0;
    double sum = 0, inverse = 1 / (double)top;
    for (int64_t i = 0; i < v->n; i++) sum += power(fabsf(v->p[i]) * inverse, e);
    /* d/dp = scale * (|p| / norm)^(e-1) * fvi_picture_sign(p), and norm = top * sum^(1/e) */
    double share = t->weight * scale * pow(sum, 1 / e - 1);
    for (int64_t i = 0; i < v->n; i++)
        v->dp[i] +=
            (float)(share * power(fabsf(v->p[i]) * inverse, e - 1)) * fvi_picture_sign(v->p[i]);
    return scale * top * pow(sum, 1 / e);
}

/* For p = inf, keras-vis takes the largest value, not the largest magnitude. Equal largest elements
 * share the gradient. */
static double largest(const fvi_term *t, const fvi_picture_view *v) {
    float top = v->p[0];
    int64_t equal = 0;
    for (int64_t i = 1; i < v->n; i++) top = fmaxf(top, v->p[i]);
    for (int64_t i = 0; i < v->n; i++) equal += v->p[i] == top;
    for (int64_t i = 0; i < v->n; i++)
        if (v->p[i] == top) v->dp[i] += (float)(t->weight / ((double)equal * (double)v->n));
    return top / (double)v->n;
}

static double p_norm(const fvi_term *t, const fvi_picture_view *v) {
    return isinf(t->argument[0]) ? largest(t, v)
                                 : scaled_norm(t, v, t->argument[0], 1 / (double)v->n);
}

static double mean_norm(const fvi_term *t, const fvi_picture_view *v) {
    return scaled_norm(t, v, t->argument[0], pow((double)v->n, -1 / (double)t->argument[0]));
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

static double inverse_argument(const fvi_bound_term *t) { return 1 / t->term->argument[0]; }

/* The norms, relative to the largest magnitude, which counts as given. */
static int emit_norm(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int size = fvi_emit_unary(b, FVI_ABS, 0, 0, g->pixels);
    const int top = fvi_emit_stop_gradient(b, fvi_picture_reduce(g, FVI_REDUCE_MAX, size));
    const int any = fvi_term_compare(g, FVI_GREATER, top, 0);
    const int divisor =
        fvi_emit_reshape(b, fvi_term_where(g, any, top, 1), &(fvi_shape){4, {g->samples, 1, 1, 1}});
    const int relative = fvi_emit_binary(b, FVI_DIV, size, divisor);
    const int powers = fvi_term_power(g, t, fvi_term_argument, relative);
    const int sum = fvi_term_where(g, any, fvi_picture_reduce(g, FVI_REDUCE_SUM, powers), 1);
    return fvi_emit_binary(b, FVI_MUL, top, fvi_term_power(g, t, inverse_argument, sum));
}

static int emit_lp(const fvi_term_graph *g, const fvi_bound_term *t) {
    const int largest = isinf(t->term->argument[0]);
    for (int64_t i = 1; i < g->pictures; i++)
        if (isinf(t[i].term->argument[0]) != largest)
            fvi_build_fail(g->b, FV_UNSUPPORTED,
                           "lp(inf) is computed in another way than picture %d's", (int)i);
    const int norm = largest ? fvi_picture_reduce(g, FVI_REDUCE_MAX, g->pixels) : emit_norm(g, t);
    return fvi_term_scale(g, 1 / (double)fvi_picture_count(g), 0, norm);
}

static int emit_mean_norm(const fvi_term_graph *g, const fvi_bound_term *t) {
    const double n = (double)fvi_picture_count(g);
    float *data;
    const int scale = fvi_term_given(g, &(fvi_shape){0}, &data);
    for (int64_t i = 0; scale >= 0 && i < g->samples; i++)
        data[i] = (float)pow(n, -inverse_argument(&t[i]));
    return fvi_emit_binary(g->b, FVI_MUL, emit_norm(g, t), scale);
}

const fvi_term_kind fvi_term_lp = {
    .name = "lp",
    .max = 1,
    .picture_arguments = {{6, 1, HUGE_VAL, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = p_norm,
    .emit = emit_lp,
};

const fvi_term_kind fvi_term_mean_norm = {
    .name = "mean_norm",
    .max = 1,
    .picture_arguments = {{2, 1, 1000, 0}},
    .scope = FVI_SCOPE_PICTURE,
    .read = fvi_picture_read,
    .text = fvi_picture_text,
    .picture = mean_norm,
    .emit = emit_mean_norm,
};
