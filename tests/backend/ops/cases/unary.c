/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the functions of one argument: every one of them, over a range and at its kinks. */
#include "../harness.h"

// clang-format off
#define F(FUNCTION, P, Q) .kind = FVI_UNARY, .a.unary = {FUNCTION, P, Q}
#define OVER(LO, HI, ...) \
    .in = {{.how = FVI_IN_RUN, .shape = S(3, 257), .lo = LO, .hi = HI, __VA_ARGS__}}, .out = S(3, 257), \
    .batch = FVI_BATCH_EXACT
#define OFF1(A)       .n_away = 1, .away = {A}
#define OFF2(A, B)    .n_away = 2, .away = {A, B}
#define INTEGERS      .n_away = 3, .away = {-1, 0, 1}
#define AT(V, G)      .in = {{.how = FVI_IN_RUN, .shape = S(5), .values = V, .gradient = G}}, .out = S(5)

static const float around[] = {-2, -1, 0, 1, 2};
static const float step_up[] = {0, 0, 0, 1, 1}, slope_up[] = {0.25f, 0.25f, 0.25f, 1, 1};
static const float inside[] = {0, 0, 1, 0, 0}, signs[] = {-1, -1, 0, 1, 1}, none[5];

/* As torch.fake_quantize_per_tensor_affine passes it: what rounds, ties to even, into the range. */
static const float halves[] = {-2.5f, -1.5f, -1, 1.5f, 2.5f}, far_out[] = {-9, -8, -2, 2, 9};
static const float kept[] = {1, 1, 1, 1, 1}, kept_odd[] = {0, 0, 1, 0, 0};

static const fvi_case cases[] = {
    {.name = "relu", F(FVI_RELU, 0, 0), OVER(-3, 3, OFF1(0))},
    {.name = "relu at 0", F(FVI_RELU, 0, 0), AT(around, step_up)},
    {.name = "leaky relu", F(FVI_LEAKY_RELU, 0.01f, 0), OVER(-3, 3, OFF1(0))},
    {.name = "leaky relu at 0", F(FVI_LEAKY_RELU, 0.25f, 0), AT(around, slope_up)},
    {.name = "leaky relu of negative slope", F(FVI_LEAKY_RELU, -0.3f, 0), OVER(-3, 3, OFF1(0))},
    {.name = "clip", F(FVI_CLIP, -1, 1), OVER(-3, 3, OFF2(-1, 1))},
    {.name = "clip at its bounds", F(FVI_CLIP, -1, 1), AT(around, inside)},
    {.name = "clip, no upper bound", F(FVI_CLIP, 0, __builtin_inff()), OVER(-3, 3, OFF1(0))},
    {.name = "clip, no lower bound", F(FVI_CLIP, -__builtin_inff(), 0.5f), OVER(-3, 3, OFF1(0.5f))},
    {.name = "clip, bounds crossed", F(FVI_CLIP, 1, -1), OVER(-3, 3, OFF2(-1, 1))},
    {.name = "saturate", F(FVI_SATURATE, -2, 3), OVER(-1.9f, 2.9f)},
    {.name = "saturate at its bounds", F(FVI_SATURATE, -2, 2), AT(halves, kept)},
    {.name = "saturate to odd bounds", F(FVI_SATURATE, -1, 1), AT(halves, kept_odd)},
    {.name = "saturate far out", F(FVI_SATURATE, -1, 1), AT(far_out, none)},
    {.name = "sigmoid", F(FVI_SIGMOID, 0, 0), OVER(-9, 9)},
    {.name = "sigmoid, far out", F(FVI_SIGMOID, 0, 0), OVER(-200, 200)},
    {.name = "tanh", F(FVI_TANH, 0, 0), OVER(-5, 5)},
    {.name = "tanh, small", F(FVI_TANH, 0, 0), OVER(-1e-3f, 1e-3f)},
    {.name = "elu", F(FVI_ELU, 1.3f, 0), OVER(-3, 3, OFF1(0))},
    {.name = "elu of negative alpha", F(FVI_ELU, -0.4f, 0), OVER(-3, 3, OFF1(0))},
    {.name = "selu", F(FVI_SELU, 1.6732632f, 1.0507010f), OVER(-3, 3, OFF1(0))},
    {.name = "celu", F(FVI_CELU, 1.7f, 0), OVER(-3, 3, OFF1(0))},
    {.name = "softplus", F(FVI_SOFTPLUS, 0, 0), OVER(-30, 30)},
    {.name = "softsign", F(FVI_SOFTSIGN, 0, 0), OVER(-5, 5, OFF1(0))},
    {.name = "hard sigmoid", F(FVI_HARD_SIGMOID, 0.2f, 0.5f), OVER(-4, 4, OFF2(-2.5f, 2.5f))},
    {.name = "hard swish", F(FVI_HARD_SWISH, 0, 0), OVER(-5, 5, OFF2(-3, 3))},
    {.name = "gelu", F(FVI_GELU, 0, 0), OVER(-5, 5)},
    {.name = "gelu, small", F(FVI_GELU, 0, 0), OVER(-0.01f, 0.01f)},
    {.name = "gelu by tanh", F(FVI_GELU_TANH, 0, 0), OVER(-5, 5)},
    {.name = "swish", F(FVI_SWISH, 1, 0), OVER(-9, 9)},
    {.name = "swish 1.702", F(FVI_SWISH, 1.702f, 0), OVER(-9, 9)},
    {.name = "mish", F(FVI_MISH, 0, 0), OVER(-9, 9)},
    {.name = "mish, far out", F(FVI_MISH, 0, 0), OVER(-60, 60)},
    {.name = "erf", F(FVI_ERF, 0, 0), OVER(-4, 4)},
    {.name = "exp", F(FVI_EXP, 0, 0), OVER(-9, 5)},
    {.name = "exp of negatives", F(FVI_EXP, 0, 0), OVER(-40, -20)},
    {.name = "log", F(FVI_LOG, 0, 0), OVER(0.1f, 9)},
    {.name = "log near 1", F(FVI_LOG, 0, 0), OVER(0.99f, 1.01f)},
    {.name = "sqrt", F(FVI_SQRT, 0, 0), OVER(0.1f, 9)},
    {.name = "reciprocal", F(FVI_RECIPROCAL, 0, 0), OVER(0.3f, 9)},
    {.name = "abs", F(FVI_ABS, 0, 0), OVER(-3, 3, OFF1(0))},
    {.name = "abs at 0", F(FVI_ABS, 0, 0), AT(around, signs)},
    {.name = "neg", F(FVI_NEG, 0, 0), OVER(-3, 3)},
    {.name = "power 3", F(FVI_POW, 3, 0), OVER(-3, 3)},
    {.name = "power 2 at 0", F(FVI_POW, 2, 0), OVER(-1e-4f, 1e-4f)},
    {.name = "power 1/2", F(FVI_POW, 0.5f, 0), OVER(0.1f, 3)},
    {.name = "power 2", F(FVI_POW, 2, 0), OVER(-3, 3)},
    {.name = "power 3/4", F(FVI_POW, 0.75f, 0), OVER(0.1f, 3)},
    {.name = "power -1/2", F(FVI_POW, -0.5f, 0), OVER(0.3f, 3)},
    {.name = "power 0.7", F(FVI_POW, 0.7f, 0), OVER(0.1f, 3)},
    {.name = "power -1.5", F(FVI_POW, -1.5f, 0), OVER(0.3f, 3)},
    {.name = "power 0", F(FVI_POW, 0, 0), AT(around, none)},
    {.name = "sin", F(FVI_SIN, 0, 0), OVER(-9, 9)},
    {.name = "cos", F(FVI_COS, 0, 0), OVER(-9, 9)},
    {.name = "tan", F(FVI_TAN, 0, 0), OVER(-1.4f, 1.4f)},
    {.name = "asin", F(FVI_ASIN, 0, 0), OVER(-0.97f, 0.97f)},
    {.name = "acos", F(FVI_ACOS, 0, 0), OVER(-0.97f, 0.97f)},
    {.name = "atan", F(FVI_ATAN, 0, 0), OVER(-9, 9)},
    {.name = "sinh", F(FVI_SINH, 0, 0), OVER(-5, 5)},
    {.name = "cosh", F(FVI_COSH, 0, 0), OVER(-5, 5)},
    {.name = "asinh", F(FVI_ASINH, 0, 0), OVER(-90, 90)},
    {.name = "acosh", F(FVI_ACOSH, 0, 0), OVER(1.1f, 90)},
    {.name = "atanh", F(FVI_ATANH, 0, 0), OVER(-0.95f, 0.95f)},
    {.name = "linear", F(FVI_LINEAR, -1.5f, 0.7f), OVER(-3, 3)},
    {.name = "thresholded relu", F(FVI_THRESHOLDED_RELU, 0.8f, 0), OVER(-3, 3, OFF1(0.8f))},
    {.name = "floor", F(FVI_FLOOR, 0, 0), OVER(-1.9f, 1.9f, INTEGERS)},
    {.name = "ceil", F(FVI_CEIL, 0, 0), OVER(-1.9f, 1.9f, INTEGERS)},
    {.name = "trunc", F(FVI_TRUNC, 0, 0), OVER(-1.9f, 1.9f, OFF2(-1, 1))},
    {.name = "round", F(FVI_ROUND, 0, 0), OVER(-0.9f, 0.9f, OFF2(-0.5f, 0.5f))},
    {.name = "sign", F(FVI_SIGN, 0, 0), OVER(-3, 3, OFF1(0))},
    {.name = "is NaN", F(FVI_IS_NAN, 0, 0), OVER(-3, 3)},
    {.name = "is infinite", F(FVI_IS_INF, 1, 1), OVER(-3, 3)},
    {.name = "not", F(FVI_NOT, 0, 0), OVER(-3, 3, OFF1(0))},
    {.name = "scalar", F(FVI_TANH, 0, 0), .in = {{.how = FVI_IN_RUN, .shape = SCALAR}}, .out = SCALAR},
    {.name = "seven axes", F(FVI_SIGMOID, 0, 0), .in = {IN(2, 1, 3, 2, 1, 2, 3)}, .out = S(2, 1, 3, 2, 1, 2, 3)},
    {.name = "nothing", F(FVI_EXP, 0, 0), .in = {IN(2, 0, 3)}, .out = S(2, 0, 3)},
    {.name = "large, threads: own", F(FVI_ERF, 0, 0), .in = {IN(2, 30011)}, .out = S(2, 30011), .batch = FVI_BATCH_EXACT},
    {.name = "large, threads: oneDNN", F(FVI_TANH, 0, 0), .in = {IN(2, 30011)}, .out = S(2, 30011), .batch = FVI_BATCH_EXACT},
};
// clang-format on
FVI_CASE_TABLE(unary);
