/* SPDX-License-Identifier: Apache-2.0 */
/* function: the functions of unary.def as operations, and their slopes. Where StableHLO has none,
 * or one that plug-ins may lack, they are made of others. */
#include "backend/stablehlo/ops/function.h"

#include <math.h>

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"

#define SQRT_1_2   0.70710678118654752
#define SQRT_1_2PI 0.39894228040143268 /* 1 / sqrt(2 pi) */
#define SQRT_2_PI  0.79788456080286536 /* sqrt(2 / pi) */
#define GELU_CUBIC 0.044715
#define LARGE      1e9 /* x^2 + 1 is x^2 */

/* ---- pieces --------------------------------------------------------------------------------- */

static int number(fvi_hlo *h, int x, double c) { return fvi_hlo_like(h, x, c); }

static int scaled(fvi_hlo *h, int x, double p) { return fvi_hlo_mul_number(h, x, p); }

static int plus(fvi_hlo *h, int x, double q) { return fvi_hlo_add_number(h, x, q); }

static int square(fvi_hlo *h, int x) { return fvi_hlo_mul(h, x, x); }

/* c / x */
static int over(fvi_hlo *h, double c, int x) { return fvi_hlo_div(h, number(h, x, c), x); }

/* c - x */
static int from(fvi_hlo *h, double c, int x) { return fvi_hlo_sub(h, number(h, x, c), x); }

static int positive(fvi_hlo *h, int x) { return fvi_hlo_compare_number(h, "GT", x, 0); }

static int exponential(fvi_hlo *h, int x) { return fvi_hlo_unary(h, "exponential", x); }

static int absolute(fvi_hlo *h, int x) { return fvi_hlo_unary(h, "abs", x); }

static int negative(fvi_hlo *h, int x) { return fvi_hlo_unary(h, "negate", x); }

static int logistic(fvi_hlo *h, int x) { return fvi_hlo_unary(h, "logistic", x); }

static int clip(fvi_hlo *h, int x, double lo, double hi) {
    return fvi_hlo_min(h, fvi_hlo_max(h, x, number(h, x, lo)), number(h, x, hi));
}

/* 1 where lo < x < hi, else 0 */
static int between(fvi_hlo *h, int x, double lo, double hi, double slope) {
    const int inside = fvi_hlo_binary(h, "and", fvi_hlo_compare_number(h, "GT", x, lo),
                                      fvi_hlo_compare_number(h, "LT", x, hi));
    return fvi_hlo_where(h, inside, number(h, x, slope));
}

static int softplus(fvi_hlo *h, int x) {
    const int small = fvi_hlo_unary(h, "log_plus_one", exponential(h, negative(h, absolute(h, x))));
    return fvi_hlo_add(h, fvi_hlo_max(h, x, number(h, x, 0)), small);
}

/* e^(-x^2 / 2) / sqrt(2 pi), and its integral from -infinity */
static int bell(fvi_hlo *h, int x) {
    return scaled(h, exponential(h, scaled(h, square(h, x), -0.5)), SQRT_1_2PI);
}

static int error_function(fvi_hlo *h, int x) { return fvi_hlo_unary(h, "chlo.erf", x); }

static int below_bell(fvi_hlo *h, int x) {
    return scaled(h, plus(h, error_function(h, scaled(h, x, SQRT_1_2)), 1), 0.5);
}

/* tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static int gelu_tanh(fvi_hlo *h, int x) {
    const int cube = fvi_hlo_mul(h, square(h, x), x);
    return fvi_hlo_unary(h, "tanh",
                         scaled(h, fvi_hlo_add(h, x, scaled(h, cube, GELU_CUBIC)), SQRT_2_PI));
}

static int gelu_tanh_slope(fvi_hlo *h, int x) {
    const int t = gelu_tanh(h, x), rest = from(h, 1, square(h, t));
    const int inner = scaled(h, plus(h, scaled(h, square(h, x), 3 * GELU_CUBIC), 1), SQRT_2_PI);
    const int second = fvi_hlo_mul(h, fvi_hlo_mul(h, x, rest), inner);
    return scaled(h, fvi_hlo_add(h, plus(h, t, 1), second), 0.5);
}

static int swish_slope(fvi_hlo *h, int x, double p) {
    const int s = logistic(h, scaled(h, x, p));
    const int rest = fvi_hlo_mul(h, fvi_hlo_mul(h, scaled(h, x, p), s), from(h, 1, s));
    return fvi_hlo_add(h, s, rest);
}

static int mish_slope(fvi_hlo *h, int x) {
    const int t = fvi_hlo_unary(h, "tanh", softplus(h, x));
    const int rest = fvi_hlo_mul(h, from(h, 1, square(h, t)), logistic(h, x));
    return fvi_hlo_add(h, t, fvi_hlo_mul(h, x, rest));
}

/* 0 below -3, 1 above 3, x / 3 + 1 / 2 between */
static int hard_swish_slope(fvi_hlo *h, int x) {
    const int middle = plus(h, scaled(h, x, 1.0 / 3), 0.5);
    const int low = fvi_hlo_where(h, fvi_hlo_compare_number(h, "GE", x, -3), middle);
    return fvi_hlo_select(h, fvi_hlo_compare_number(h, "GT", x, 3), number(h, x, 1), low);
}

/* (e^x - e^-x) / 2, exact for small x */
static int hyperbolic_sine(fvi_hlo *h, int x) {
    const int up = fvi_hlo_unary(h, "exponential_minus_one", x);
    const int down = fvi_hlo_unary(h, "exponential_minus_one", negative(h, x));
    return scaled(h, fvi_hlo_sub(h, up, down), 0.5);
}

static int hyperbolic_cosine(fvi_hlo *h, int x) {
    return scaled(h, fvi_hlo_add(h, exponential(h, x), exponential(h, negative(h, x))), 0.5);
}

/* sign(x) log(a + sqrt(a^2 + 1)), a = |x|; for large a, log(2 a) */
static int area_sine(fvi_hlo *h, int x) {
    const int a = fvi_hlo_min(h, absolute(h, x), number(h, x, LARGE)), squared = square(h, a);
    const int root = plus(h, fvi_hlo_unary(h, "sqrt", plus(h, squared, 1)), 1);
    const int small =
        fvi_hlo_unary(h, "log_plus_one", fvi_hlo_add(h, a, fvi_hlo_div(h, squared, root)));
    const int large = plus(h, fvi_hlo_unary(h, "log", absolute(h, x)), log(2));
    const int y =
        fvi_hlo_select(h, fvi_hlo_compare_number(h, "GT", absolute(h, x), LARGE), large, small);
    return fvi_hlo_mul(h, fvi_hlo_unary(h, "sign", x), y);
}

/* log(x + sqrt(x^2 - 1)) by t = x - 1 */
static int area_cosine(fvi_hlo *h, int x) {
    const int t = plus(h, x, -1), near = fvi_hlo_min(h, t, number(h, x, LARGE));
    const int root = fvi_hlo_unary(h, "sqrt", fvi_hlo_add(h, scaled(h, near, 2), square(h, near)));
    const int small = fvi_hlo_unary(h, "log_plus_one", fvi_hlo_add(h, near, root));
    const int large = plus(h, fvi_hlo_unary(h, "log", x), log(2));
    return fvi_hlo_select(h, fvi_hlo_compare_number(h, "GT", x, LARGE), large, small);
}

/* log((1 + x) / (1 - x)) / 2 */
static int area_tangent(fvi_hlo *h, int x) {
    const int ratio = fvi_hlo_div(h, scaled(h, x, 2), from(h, 1, x));
    return scaled(h, fvi_hlo_unary(h, "log_plus_one", ratio), 0.5);
}

/* Twice the arctangent of x / (1 + sqrt(1 + x^2)). That of x / 1 is right too, but the plug-in for
 * processors of PJRT 0.115 gives element i the result of element i + 8 where the 1 is a constant.
 */
static int arctangent(fvi_hlo *h, int x) {
    const int y = clip(h, x, -LARGE, LARGE);
    const int root = fvi_hlo_unary(h, "sqrt", plus(h, square(h, y), 1));
    return scaled(h, fvi_hlo_binary(h, "atan2", y, plus(h, root, 1)), 2);
}

static int power(fvi_hlo *h, int x, double p) {
    return fvi_hlo_binary(h, "power", x, number(h, x, p));
}

/* sqrt((1 - x) (1 + x)) */
static int circle(fvi_hlo *h, int x) {
    return fvi_hlo_unary(h, "sqrt", fvi_hlo_mul(h, from(h, 1, x), plus(h, x, 1)));
}

static int truth(fvi_hlo *h, int condition) { return fvi_hlo_convert(h, FVI_HLO_F32, condition); }

static int is_infinite(fvi_hlo *h, int x, int up, int down) {
    const int high = fvi_hlo_compare_number(h, "EQ", x, INFINITY);
    const int low = fvi_hlo_compare_number(h, "EQ", x, -INFINITY);
    if (up && down) return truth(h, fvi_hlo_binary(h, "or", high, low));
    return up ? truth(h, high) : down ? truth(h, low) : number(h, x, 0);
}

/* ---- f(x) ----------------------------------------------------------------------------------- */

/* Activations and functions made of them. */
static int activation(fvi_hlo *h, fvi_unary f, int x, double p, double q) {
    switch (f) {
    case FVI_RELU: return fvi_hlo_max(h, x, number(h, x, 0));
    case FVI_LEAKY_RELU: return fvi_hlo_select(h, positive(h, x), x, scaled(h, x, p));
    case FVI_CLIP:
    case FVI_SATURATE: return clip(h, x, p, q);
    case FVI_SIGMOID: return logistic(h, x);
    case FVI_TANH: return fvi_hlo_unary(h, "tanh", x);
    case FVI_ELU:
    case FVI_CELU:
    case FVI_SELU: {
        const int inner = f == FVI_CELU ? scaled(h, x, 1 / p) : x;
        const int below = scaled(h, fvi_hlo_unary(h, "exponential_minus_one", inner), p);
        const int y = fvi_hlo_select(h, positive(h, x), x, below);
        return f == FVI_SELU ? scaled(h, y, q) : y;
    }
    case FVI_SOFTPLUS: return softplus(h, x);
    case FVI_SOFTSIGN: return fvi_hlo_div(h, x, plus(h, absolute(h, x), 1));
    case FVI_HARD_SIGMOID: return clip(h, plus(h, scaled(h, x, p), q), 0, 1);
    case FVI_HARD_SWISH:
        return fvi_hlo_mul(h, x, clip(h, plus(h, scaled(h, x, 1.0 / 6), 0.5), 0, 1));
    case FVI_GELU: return fvi_hlo_mul(h, x, below_bell(h, x));
    case FVI_GELU_TANH: return fvi_hlo_mul(h, scaled(h, x, 0.5), plus(h, gelu_tanh(h, x), 1));
    case FVI_SWISH: return fvi_hlo_mul(h, x, logistic(h, scaled(h, x, p)));
    case FVI_MISH: return fvi_hlo_mul(h, x, fvi_hlo_unary(h, "tanh", softplus(h, x)));
    case FVI_THRESHOLDED_RELU: return fvi_hlo_where(h, fvi_hlo_compare_number(h, "GT", x, p), x);
    case FVI_LINEAR: return plus(h, scaled(h, x, p), q);
    default: return -1;
    }
}

static int elementary(fvi_hlo *h, fvi_unary f, int x, double p) {
    switch (f) {
    case FVI_ERF: return error_function(h, x);
    case FVI_EXP: return exponential(h, x);
    case FVI_LOG: return fvi_hlo_unary(h, "log", x);
    case FVI_SQRT: return fvi_hlo_unary(h, "sqrt", x);
    case FVI_RECIPROCAL: return over(h, 1, x);
    case FVI_ABS: return absolute(h, x);
    case FVI_NEG: return negative(h, x);
    case FVI_POW: return power(h, x, p);
    case FVI_SIN: return fvi_hlo_unary(h, "sine", x);
    case FVI_COS: return fvi_hlo_unary(h, "cosine", x);
    case FVI_TAN: return fvi_hlo_div(h, fvi_hlo_unary(h, "sine", x), fvi_hlo_unary(h, "cosine", x));
    case FVI_ASIN: return fvi_hlo_binary(h, "atan2", x, circle(h, x));
    case FVI_ACOS: return fvi_hlo_binary(h, "atan2", circle(h, x), x);
    case FVI_ATAN: return arctangent(h, x);
    case FVI_SINH: return hyperbolic_sine(h, x);
    case FVI_COSH: return hyperbolic_cosine(h, x);
    case FVI_ASINH: return area_sine(h, x);
    case FVI_ACOSH: return area_cosine(h, x);
    case FVI_ATANH: return area_tangent(h, x);
    default: return -1;
    }
}

/* Steps and tests, whose slope is 0. */
static int stepwise(fvi_hlo *h, fvi_unary f, int x, double p, double q) {
    switch (f) {
    case FVI_FLOOR: return fvi_hlo_unary(h, "floor", x);
    case FVI_CEIL: return fvi_hlo_unary(h, "ceil", x);
    case FVI_ROUND: return fvi_hlo_unary(h, "round_nearest_even", x);
    case FVI_TRUNC:
        return fvi_hlo_select(h, positive(h, x), fvi_hlo_unary(h, "floor", x),
                              fvi_hlo_unary(h, "ceil", x));
    case FVI_SIGN: return fvi_hlo_unary(h, "sign", x);
    case FVI_IS_NAN: return truth(h, fvi_hlo_compare(h, "NE", x, x));
    case FVI_IS_INF: return is_infinite(h, x, p != 0, q != 0);
    case FVI_NOT: return truth(h, fvi_hlo_compare_number(h, "EQ", x, 0));
    default: return -1;
    }
}

int fvi_emitter_function(fvi_hlo *h, fvi_unary f, int x, double p, double q) {
    int y = activation(h, f, x, p, q);
    if (y < 0) y = elementary(h, f, x, p);
    return y < 0 ? stepwise(h, f, x, p, q) : y;
}

/* ---- f'(x) ---------------------------------------------------------------------------------- */

static int activation_slope(fvi_hlo *h, fvi_unary f, int x, double p, double q) {
    switch (f) {
    case FVI_RELU: return fvi_hlo_where(h, positive(h, x), number(h, x, 1));
    case FVI_LEAKY_RELU: return fvi_hlo_select(h, positive(h, x), number(h, x, 1), number(h, x, p));
    case FVI_CLIP: return between(h, x, p, q, 1);
    case FVI_SIGMOID: return fvi_hlo_mul(h, logistic(h, x), logistic(h, negative(h, x)));
    case FVI_TANH: return from(h, 1, square(h, fvi_hlo_unary(h, "tanh", x)));
    case FVI_ELU:
    case FVI_CELU:
    case FVI_SELU: {
        const int inner = f == FVI_CELU ? scaled(h, x, 1 / p) : x;
        const int below = scaled(h, exponential(h, inner), f == FVI_CELU ? 1 : p);
        const int slope = fvi_hlo_select(h, positive(h, x), number(h, x, 1), below);
        return f == FVI_SELU ? scaled(h, slope, q) : slope;
    }
    case FVI_SOFTPLUS: return logistic(h, x);
    case FVI_SOFTSIGN: return square(h, over(h, 1, plus(h, absolute(h, x), 1)));
    case FVI_HARD_SIGMOID: return between(h, plus(h, scaled(h, x, p), q), 0, 1, p);
    case FVI_HARD_SWISH: return hard_swish_slope(h, x);
    case FVI_GELU: return fvi_hlo_add(h, below_bell(h, x), fvi_hlo_mul(h, x, bell(h, x)));
    case FVI_GELU_TANH: return gelu_tanh_slope(h, x);
    case FVI_SWISH: return swish_slope(h, x, p);
    case FVI_MISH: return mish_slope(h, x);
    case FVI_THRESHOLDED_RELU:
        return fvi_hlo_where(h, fvi_hlo_compare_number(h, "GT", x, p), number(h, x, 1));
    case FVI_LINEAR: return number(h, x, p);
    default: return -1;
    }
}

static int elementary_slope(fvi_hlo *h, fvi_unary f, int x, double p) {
    switch (f) {
    case FVI_ERF:
        return scaled(h, exponential(h, negative(h, square(h, x))), 2 * SQRT_2_PI * SQRT_1_2);
    case FVI_EXP: return exponential(h, x);
    case FVI_LOG: return over(h, 1, x);
    case FVI_SQRT: return over(h, 0.5, fvi_hlo_unary(h, "sqrt", x));
    case FVI_RECIPROCAL: return over(h, -1, square(h, x));
    case FVI_ABS: return fvi_hlo_unary(h, "sign", x);
    case FVI_NEG: return number(h, x, -1);
    case FVI_POW: return p == 0 ? number(h, x, 0) : scaled(h, power(h, x, p - 1), p);
    case FVI_SIN: return fvi_hlo_unary(h, "cosine", x);
    case FVI_COS: return negative(h, fvi_hlo_unary(h, "sine", x));
    case FVI_TAN: return plus(h, square(h, elementary(h, FVI_TAN, x, 0)), 1);
    case FVI_ASIN: return over(h, 1, circle(h, x));
    case FVI_ACOS: return over(h, -1, circle(h, x));
    case FVI_ATAN: return over(h, 1, plus(h, square(h, x), 1));
    case FVI_SINH: return hyperbolic_cosine(h, x);
    case FVI_COSH: return hyperbolic_sine(h, x);
    case FVI_ASINH: return fvi_hlo_unary(h, "rsqrt", plus(h, square(h, x), 1));
    case FVI_ACOSH:
        return fvi_hlo_mul(h, fvi_hlo_unary(h, "rsqrt", plus(h, x, -1)),
                           fvi_hlo_unary(h, "rsqrt", plus(h, x, 1)));
    case FVI_ATANH: return over(h, 1, fvi_hlo_mul(h, from(h, 1, x), plus(h, x, 1)));
    default: return -1;
    }
}

int fvi_emitter_slope(fvi_hlo *h, fvi_unary f, int x, double p, double q) {
    const int slope = activation_slope(h, f, x, p, q);
    return slope < 0 ? elementary_slope(h, f, x, p) : slope;
}
