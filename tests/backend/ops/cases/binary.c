/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the functions of two arguments, and of concat. */
#include "../harness.h"

// clang-format off
#define F(FUNCTION) .kind = FVI_BINARY, .a.binary = {FUNCTION}
#define SAME(FUNCTION) F(FUNCTION), .in = {IN(2, 3, 5, 7), IN(2, 3, 5, 7)}, .out = S(2, 3, 5, 7)
#define POSITIVE(...) IN_RANGE(0.5f, 2.5f, __VA_ARGS__)
#define CONCAT(AXIS) .kind = FVI_CONCAT, .a.axis = {AXIS}
#define CONV1 .kind = FVI_CONV, .a.window = {.n = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1}
#define THEN(FUNCTION, OTHER) .n_then = 1, .then = {{.kind = FVI_BINARY, .other = OTHER, .a.binary = {FUNCTION}}}

/* Whole numbers: bits jump there, so that there are no differences to compare a gradient with. */
#define WHOLE(data, ...) {.how = FVI_IN_RUN, .values = data, .no_gradient = 1, .shape = S(__VA_ARGS__)}
static const float bits_a[] = {12, -1, -7, 16777215, 0, 255},
                   bits_b[] = {10, 16777215, 6, -16777215, -3, 170};
static const float ties_a[] = {1, 2, 3, 3}, ties_b[] = {1, 3, 2, 3};
static const float max_a[] = {0.5f, 0, 1, 0.5f}, max_b[] = {0.5f, 1, 0, 0.5f};
static const float prelu_x[] = {-2, -1, 0, 1}, prelu_p[] = {0.25f};
static const float prelu_dx[] = {0.25f, 0.25f, 0.25f, 1}, prelu_dp[] = {-3};

static const fvi_case cases[] = {
    {.name = "add", SAME(FVI_ADD), .batch = FVI_BATCH_EXACT},
    {.name = "sub", SAME(FVI_SUB), .batch = FVI_BATCH_EXACT},
    {.name = "mul", SAME(FVI_MUL), .batch = FVI_BATCH_EXACT},
    {.name = "div", F(FVI_DIV), .in = {IN(2, 30), POSITIVE(2, 30)}, .out = S(2, 30), .batch = FVI_BATCH_EXACT},
    {.name = "min", SAME(FVI_MIN)},
    {.name = "max", SAME(FVI_MAX)},
    {.name = "max of equals", F(FVI_MAX),
     .in = {{.how = FVI_IN_RUN, .shape = S(4), .values = ties_a, .gradient = max_a},
            {.how = FVI_IN_RUN, .shape = S(4), .values = ties_b, .gradient = max_b}}, .out = S(4)},
    {.name = "min of equals", F(FVI_MIN),
     .in = {{.how = FVI_IN_RUN, .shape = S(4), .values = ties_a, .gradient = max_b},
            {.how = FVI_IN_RUN, .shape = S(4), .values = ties_b, .gradient = max_a}}, .out = S(4)},
    {.name = "power", F(FVI_POWER), .in = {POSITIVE(2, 30), IN(2, 30)}, .out = S(2, 30)},
    {.name = "power of a constant", F(FVI_POWER), .in = {IN(2, 30), CONST_VALUES(ties_a + 2, 1)}, .out = S(2, 30)},
    {.name = "prelu", F(FVI_PRELU), .in = {IN(2, 3, 4, 5), IN(3, 1, 1)}, .out = S(2, 3, 4, 5)},
    {.name = "prelu at 0", F(FVI_PRELU),
     .in = {{.how = FVI_IN_RUN, .shape = S(4), .values = prelu_x, .gradient = prelu_dx},
            {.how = FVI_IN_RUN, .shape = S(1), .values = prelu_p, .gradient = prelu_dp}}, .out = S(4)},
    {.name = "mod", F(FVI_MOD), .in = {IN_RANGE(-5, 5, 2, 30), POSITIVE(2, 30)}, .out = S(2, 30)},
    {.name = "fmod", F(FVI_FMOD), .in = {IN_RANGE(-5, 5, 2, 30), POSITIVE(2, 30)}, .out = S(2, 30)},
    {.name = "less", SAME(FVI_LESS)},
    {.name = "less or equal", SAME(FVI_LESS_EQUAL)},
    {.name = "greater", SAME(FVI_GREATER)},
    {.name = "greater or equal", SAME(FVI_GREATER_EQUAL)},
    {.name = "equal", F(FVI_EQUAL), .in = {CONST_VALUES(ties_a, 4), IN_VALUES(ties_b, 4)}, .out = S(4)},
    {.name = "and", SAME(FVI_AND)},
    {.name = "or", SAME(FVI_OR)},
    {.name = "xor", SAME(FVI_XOR)},
    {.name = "bitwise and", F(FVI_BIT_AND), .in = {WHOLE(bits_a, 6), WHOLE(bits_b, 6)}, .out = S(6)},
    {.name = "bitwise or", F(FVI_BIT_OR), .in = {WHOLE(bits_a, 6), WHOLE(bits_b, 6)}, .out = S(6)},
    {.name = "bitwise xor", F(FVI_BIT_XOR), .in = {WHOLE(bits_a, 6), CONST_VALUES(bits_b, 6)}, .out = S(6)},
    {.name = "add a vector", F(FVI_ADD), .in = {IN(2, 3, 7), IN(7)}, .out = S(2, 3, 7)},
    {.name = "sub, a broadcast", F(FVI_SUB), .in = {IN(3, 1), IN(2, 3, 7)}, .out = S(2, 3, 7)},
    {.name = "mul, both broadcast", F(FVI_MUL), .in = {IN(2, 1, 7), IN(3, 1)}, .out = S(2, 3, 7)},
    {.name = "div, scalar", F(FVI_DIV), .in = {IN(2, 3, 7), {.how = FVI_IN_CONST, .shape = SCALAR}}, .out = S(2, 3, 7)},
    {.name = "scalar minus tensor", F(FVI_SUB), .in = {{.how = FVI_IN_CONST, .shape = SCALAR}, IN(2, 3, 7)}, .out = S(2, 3, 7)},
    {.name = "max with a constant", F(FVI_MAX), .in = {IN(2, 3, 7), CONST(3, 1)}, .out = S(2, 3, 7)},
    {.name = "mul by gates", F(FVI_MUL), .in = {IN(2, 8, 5, 5), IN(2, 8, 1, 1)}, .out = S(2, 8, 5, 5), .batch = FVI_BATCH_EXACT},
    {.name = "nothing", F(FVI_MUL), .in = {IN(2, 0, 3), IN(3)}, .out = S(2, 0, 3)},
    {.name = "large, threads", F(FVI_POWER), .in = {POSITIVE(2, 9001), IN(9001)}, .out = S(2, 9001), .batch = FVI_BATCH_EXACT},

    /* behind a convolution: images in blocks of channels */
    {.name = "blocks: add constant per channel", CONV1, .n_in = 3,
     .in = {IN(2, 3, 5, 5), CONST(16, 3, 1, 1), CONST(16), CONST(16, 1, 1)}, .out = S(2, 16, 5, 5), THEN(FVI_ADD, 3)},
    {.name = "blocks: mul by gates", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(16, 8, 1, 1), CONST(16), IN(2, 16, 1, 1)}, .out = S(2, 16, 5, 5), THEN(FVI_MUL, 3)},
    {.name = "filled blocks: mul by gates", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), IN(2, 13, 1, 1)}, .out = S(2, 13, 5, 5), THEN(FVI_MUL, 3)},
    {.name = "filled blocks: mul by picture", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), IN(2, 1, 5, 5)}, .out = S(2, 13, 5, 5), THEN(FVI_MUL, 3)},
    {.name = "filled blocks: add picture", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), IN(2, 1, 5, 5)}, .out = S(2, 13, 5, 5), THEN(FVI_ADD, 3)},
    {.name = "blocks: mul by one sample", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(16, 8, 1, 1), CONST(16), IN(1, 16, 5, 5)}, .out = S(2, 16, 5, 5), THEN(FVI_MUL, 3)},
    {.name = "filled blocks: same shape", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), IN(2, 13, 5, 5)}, .out = S(2, 13, 5, 5), THEN(FVI_MUL, 3)},
    {.name = "filled blocks: div", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), POSITIVE(2, 13, 5, 5)}, .out = S(2, 13, 5, 5), THEN(FVI_DIV, 3)},
    {.name = "filled blocks: div by gates", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), POSITIVE(2, 13, 1, 1)}, .out = S(2, 13, 5, 5), THEN(FVI_DIV, 3)},
    {.name = "filled blocks: max", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), IN(2, 13, 5, 5)}, .out = S(2, 13, 5, 5), THEN(FVI_MAX, 3)},
    {.name = "blocks: prelu", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(16, 8, 1, 1), CONST(16), CONST(16, 1, 1)}, .out = S(2, 16, 5, 5), THEN(FVI_PRELU, 3)},
    {.name = "filled blocks: prelu", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(13, 8, 1, 1), CONST(13), CONST(1, 13, 1, 1)}, .out = S(2, 13, 5, 5), THEN(FVI_PRELU, 3)},
    {.name = "blocks: batch norm behind a sum", CONV1, .n_in = 3,
     .in = {IN(2, 8, 5, 5), CONST(16, 8, 1, 1), CONST(16), IN(2, 16, 5, 5)}, .out = S(2, 16, 5, 5),
     .n_then = 2, .then = {{.kind = FVI_BINARY, .other = 3, .a.binary = {FVI_ADD}},
                           {.kind = FVI_UNARY, .a.unary = {FVI_RELU, 0, 0}}}},

    {.name = "concat channels", CONCAT(1), .in = {IN(2, 3, 4, 5), IN(2, 1, 4, 5), IN(2, 4, 4, 5)}, .out = S(2, 8, 4, 5),
     .batch = FVI_BATCH_EXACT},
    {.name = "concat channels of one sample", CONCAT(1), .in = {IN(1, 3, 4, 5), IN(1, 2, 4, 5)}, .out = S(1, 5, 4, 5)},
    {.name = "concat samples", CONCAT(0), .in = {IN(1, 3, 4), IN(2, 3, 4)}, .out = S(3, 3, 4)},
    {.name = "concat last axis, a constant", CONCAT(2), .in = {IN(2, 3, 4), CONST(2, 3, 2), IN(2, 3, 1)}, .out = S(2, 3, 7)},
    {.name = "concat with nothing", CONCAT(1), .in = {IN(2, 0, 4), IN(2, 3, 4)}, .out = S(2, 3, 4)},
    {.name = "concat of one", CONCAT(1), .in = {IN(2, 3, 4)}, .out = S(2, 3, 4)},
    {.name = "concat, seven axes", CONCAT(3), .in = {IN(1, 2, 1, 3, 2, 1, 2), IN(1, 2, 1, 2, 2, 1, 2)},
     .out = S(1, 2, 1, 5, 2, 1, 2)},
};
// clang-format on
FVI_CASE_TABLE(binary);
