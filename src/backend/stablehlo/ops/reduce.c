/* SPDX-License-Identifier: Apache-2.0 */
/* reduce: reductions over axes. Gradients, with g the gradient of y, broadcast to x:
 *   mean g/n          sum g             max, min  g / (number of ties) where x == y, else 0
 *   l1   g sign(x)    l2  g x / y, 0 where y is 0       sum of squares  2 g x
 *   log of sum        g e^-y            log of sum of exponentials       g e^(x - y)
 *   product           g times the product of the others
 */
#include <math.h>

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/sums.h"

/* With its axes kept; y as the node has it, and back. */
static fvi_shape kept_shape(const fvi_emitter *e, const fvi_node *n) {
    fvi_shape s = fvi_emitter_shape(e, n, 0);
    for (int i = 0; i < s.ndim; i++)
        if (n->a.reduce.axes >> i & 1) s.dim[i] = 1;
    return s;
}

static double elements(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    double each = 1;
    for (int i = 0; i < s.ndim; i++)
        if (n->a.reduce.axes >> i & 1) each *= (double)s.dim[i];
    return each;
}

static int sum(fvi_emitter *e, const fvi_node *n, int x) {
    return fvi_hlo_reduce(e->h, "add", x, n->a.reduce.axes, 1);
}

/* m + log of the sum of e^(x - m), m the maximum where it is finite, else 0 */
static int log_sum_exp(fvi_emitter *e, const fvi_node *n, int x) {
    fvi_hlo *h = e->h;
    int m = fvi_hlo_reduce(h, "maximum", x, n->a.reduce.axes, 1);
    const int finite = fvi_hlo_compare_number(h, "LT", fvi_hlo_unary(h, "abs", m), INFINITY);
    m = fvi_hlo_where(h, finite, m);
    const int powers = fvi_hlo_unary(h, "exponential", fvi_hlo_sub(h, x, m));
    return fvi_hlo_add(h, fvi_hlo_unary(h, "log", sum(e, n, powers)), m);
}

/* The root of the sum of squares, of numbers that are divided by the largest first. */
static int norm(fvi_emitter *e, const fvi_node *n, int x) {
    fvi_hlo *h = e->h;
    const int most = fvi_hlo_reduce(h, "maximum", fvi_hlo_unary(h, "abs", x), n->a.reduce.axes, 1);
    const int some = fvi_hlo_compare_number(h, "GT", most, 0);
    const int scale = fvi_hlo_select(h, some, most, fvi_hlo_like(h, most, 1));
    const int small = fvi_hlo_div(h, x, scale);
    return fvi_hlo_mul(h, scale, fvi_hlo_unary(h, "sqrt", sum(e, n, fvi_hlo_mul(h, small, small))));
}

static int reduced(fvi_emitter *e, const fvi_node *n, int x) {
    fvi_hlo *h = e->h;
    const unsigned axes = n->a.reduce.axes;
    switch (n->a.reduce.f) {
    case FVI_REDUCE_MEAN: return fvi_hlo_mul_number(h, sum(e, n, x), 1 / elements(e, n));
    case FVI_REDUCE_MAX: return fvi_hlo_reduce(h, "maximum", x, axes, 1);
    case FVI_REDUCE_MIN: return fvi_hlo_reduce(h, "minimum", x, axes, 1);
    case FVI_REDUCE_PROD: return fvi_hlo_reduce(h, "multiply", x, axes, 1);
    case FVI_REDUCE_L1: return sum(e, n, fvi_hlo_unary(h, "abs", x));
    case FVI_REDUCE_L2: return norm(e, n, x);
    case FVI_REDUCE_SUM_SQUARE: return sum(e, n, fvi_hlo_mul(h, x, x));
    case FVI_REDUCE_LOG_SUM: return fvi_hlo_unary(h, "log", sum(e, n, x));
    case FVI_REDUCE_LOG_SUM_EXP: return log_sum_exp(e, n, x);
    default: return sum(e, n, x);
    }
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    return fvi_hlo_reshape(e->h, reduced(e, n, fvi_emitter_in(e, n, 0)), &out);
}

/* g times the product of the others: without zeros that is y / x; with one it is the product of
 * the rest, at the zero. */
static int product_back(fvi_emitter *e, const fvi_node *n, int x, int g) {
    fvi_hlo *h = e->h;
    const int is_zero = fvi_hlo_compare_number(h, "EQ", x, 0);
    const int zeros = sum(e, n, fvi_hlo_convert(h, FVI_HLO_F32, is_zero));
    const int one = fvi_hlo_like(h, x, 1);
    const int rest =
        fvi_hlo_reduce(h, "multiply", fvi_hlo_select(h, is_zero, one, x), n->a.reduce.axes, 1);
    const int usual = fvi_hlo_div(h, rest, fvi_hlo_select(h, is_zero, one, x));
    const int none = fvi_hlo_compare_number(h, "EQ", zeros, 0);
    const int lone = fvi_hlo_compare_number(h, "EQ", zeros, 1);
    const int with_zeros = fvi_hlo_where(h, lone, fvi_hlo_where(h, is_zero, usual));
    return fvi_hlo_mul(h, g, fvi_hlo_select(h, none, usual, with_zeros));
}

static int ties_back(fvi_emitter *e, const fvi_node *n, int x, int y, int g) {
    fvi_hlo *h = e->h;
    const int tie = fvi_hlo_compare(h, "EQ", x, y);
    const int count = sum(e, n, fvi_hlo_convert(h, FVI_HLO_F32, tie));
    return fvi_hlo_where(h, tie, fvi_hlo_div(h, g, count));
}

/* The slope of one of the sums, times g. */
static int sum_back(fvi_emitter *e, const fvi_node *n, int x, int y, int g) {
    fvi_hlo *h = e->h;
    switch (n->a.reduce.f) {
    case FVI_REDUCE_L1: return fvi_hlo_mul(h, g, fvi_hlo_unary(h, "sign", x));
    case FVI_REDUCE_L2: {
        const int ratio = fvi_hlo_div(h, x, y);
        const int some = fvi_hlo_compare_number(h, "GT", y, 0);
        return fvi_hlo_mul(h, g, fvi_hlo_where(h, some, ratio));
    }
    case FVI_REDUCE_SUM_SQUARE: return fvi_hlo_mul_number(h, fvi_hlo_mul(h, g, x), 2);
    case FVI_REDUCE_LOG_SUM:
        return fvi_hlo_mul(h, g, fvi_hlo_unary(h, "exponential", fvi_hlo_unary(h, "negate", y)));
    default: { /* LOG_SUM_EXP */
        const int finite = fvi_hlo_compare_number(h, "LT", fvi_hlo_unary(h, "abs", y), INFINITY);
        const int share = fvi_hlo_unary(h, "exponential", fvi_hlo_sub(h, x, y));
        return fvi_hlo_mul(h, g, fvi_hlo_where(h, finite, share));
    }
    }
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape in = fvi_emitter_shape(e, n, 0), kept = kept_shape(e, n);
    const fvi_reduce f = n->a.reduce.f;
    if (!fvi_emitter_wants(e, n, 0)) return;
    g = fvi_hlo_reshape(h, g, &kept);
    if (f == FVI_REDUCE_MEAN) g = fvi_hlo_mul_number(h, g, 1 / elements(e, n));
    if (f != FVI_REDUCE_MEAN && f != FVI_REDUCE_SUM) {
        const int x = fvi_emitter_in(e, n, 0);
        if (f == FVI_REDUCE_PROD) {
            g = product_back(e, n, x, g);
        } else {
            const int y = fvi_hlo_reshape(h, fvi_emitter_out(e, n), &kept);
            g = f == FVI_REDUCE_MAX || f == FVI_REDUCE_MIN ? ties_back(e, n, x, y, g)
                                                           : sum_back(e, n, x, y, g);
        }
    }
    fvi_emitter_give(e, n, 0, fvi_hlo_broadcast(h, g, &in));
}

const fvi_emitter_rule fvi_emitter_rule_reduce = {forward, backward};
