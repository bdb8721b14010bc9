/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of a picture and a constant that is brought into the picture's layout, or has to be read
 * beside it: channels that fill no block of 8 or 16 numbers (6, 13), one of them only (24). The
 * picture's layout is that of a convolution, which the harness puts before it. */
#include "../harness.h"

// clang-format off
#define F(FUNCTION) .kind = FVI_BINARY, .a.binary = {FUNCTION}
#define POSITIVE(...) IN_RANGE(0.5f, 2.5f, __VA_ARGS__)
#define POSITIVE_CONST(...) CONST_RANGE(0.5f, 2.5f, __VA_ARGS__)
#define CHANNELS(NAME, FUNCTION, C) \
    {.name = NAME ", " #C " channels", F(FUNCTION), .in = {POSITIVE(2, C, 5, 5), POSITIVE_CONST(1, C, 1, 1)}, \
     .out = S(2, C, 5, 5), .batch = FVI_BATCH_NEAR}, \
    {.name = NAME ", constant first, " #C " channels", F(FUNCTION), .in = {POSITIVE_CONST(1, C, 1, 1), POSITIVE(2, C, 5, 5)}, \
     .out = S(2, C, 5, 5), .batch = FVI_BATCH_NEAR}, \
    {.name = NAME ", a constant picture, " #C " channels", F(FUNCTION), .in = {POSITIVE(2, C, 5, 5), POSITIVE_CONST(1, C, 5, 5)}, \
     .out = S(2, C, 5, 5), .batch = FVI_BATCH_NEAR}
#define FUNCTION(NAME, FUNCTION) CHANNELS(NAME, FUNCTION, 6), CHANNELS(NAME, FUNCTION, 13), CHANNELS(NAME, FUNCTION, 24)
#define OTHERS(C, GROUPS) \
    {.name = "prelu below 0, " #C " channels", F(FVI_PRELU), .in = {IN_AWAY(0, 2, C, 5, 5), CONST(1, C, 1, 1)}, \
     .out = S(2, C, 5, 5), .batch = FVI_BATCH_NEAR}, \
    {.name = "add constants of the same shape, " #C " channels", F(FVI_ADD), .in = {IN(2, C, 5, 5), CONST(2, C, 5, 5)}, \
     .out = S(2, C, 5, 5)}, \
    {.name = "add 1-D, " #C " channels", F(FVI_ADD), .in = {IN(2, C, 9), CONST(1, C, 1)}, .out = S(2, C, 9)}, \
    {.name = "mul 3-D, " #C " channels", F(FVI_MUL), .in = {IN(2, C, 2, 3, 4), CONST(1, C, 1, 1, 1)}, .out = S(2, C, 2, 3, 4)}, \
    {.name = "mul rows, " #C " channels", F(FVI_MUL), .in = {IN(2, C, 4, 5), CONST(1, C, 4, 1)}, .out = S(2, C, 4, 5)}, \
    {.name = "where, " #C " channels", .kind = FVI_WHERE, \
     .in = {CONST_VALUES(mask, 1, C, 1, 1), IN(2, C, 5, 5), CONST(1, C, 1, 1)}, .out = S(2, C, 5, 5), .batch = FVI_BATCH_EXACT}, \
    {.name = "batch norm, " #C " channels", .kind = FVI_BATCH_NORM, .in = {IN(2, C, 5, 5), CONST(C), CONST(C)}, \
     .out = S(2, C, 5, 5), .batch = FVI_BATCH_NEAR}, \
    {.name = "group norm, " #C " channels", .kind = FVI_GROUP_NORM, .a.norm = {.groups = (GROUPS), .epsilon = 1e-5f}, \
     .in = {IN(2, C, 5, 5), CONST(C), CONST(C)}, .out = S(2, C, 5, 5), .batch = FVI_BATCH_EXACT}, \
    {.name = "layer norm, " #C " channels", .kind = FVI_LAYER_NORM, .a.norm = {.axis = 1, .epsilon = 1e-5f}, \
     .in = {IN(2, C, 3, 3), CONST(C, 3, 3), CONST(C, 3, 3)}, .out = S(2, C, 3, 3), .batch = FVI_BATCH_EXACT}, \
    {.name = "concat constant samples, " #C " channels", .kind = FVI_CONCAT, .a.axis = {0}, \
     .in = {IN(2, C, 4, 5), CONST(1, C, 4, 5)}, .out = S(3, C, 4, 5)}, \
    {.name = "concat constant columns, " #C " channels", .kind = FVI_CONCAT, .a.axis = {3}, \
     .in = {CONST(2, C, 4, 3), IN(2, C, 4, 5)}, .out = S(2, C, 4, 8)}, \
    {.name = "matmul by a constant, " #C " channels", .kind = FVI_MATMUL, .a.matmul = {0, 0, 1}, \
     .in = {IN(2, C, 4, 5), CONST(5, 6)}, .out = S(2, C, 4, 6)}, \
    {.name = "matmul by constants, " #C " channels", .kind = FVI_MATMUL, .a.matmul = {0, 0, 1}, \
     .in = {IN(2, C, 4, 5), CONST(1, C, 5, 6)}, .out = S(2, C, 4, 6)}, \
    {.name = "matmul of constants, " #C " channels", .kind = FVI_MATMUL, .a.matmul = {0, 0, 1}, \
     .in = {CONST(1, C, 6, 4), IN(2, C, 4, 5)}, .out = S(2, C, 6, 5)}

static const float mask[] = {1, 0, 0, -2, 0, 1, 1, 0, 0, 0.5f, 0, 1,
                             0, 0, 1, 1,  1, 0, 0, 0, 1, 0,    1, 0};

static const fvi_case cases[] = {
    FUNCTION("add", FVI_ADD),
    FUNCTION("sub", FVI_SUB),
    FUNCTION("mul", FVI_MUL),
    FUNCTION("div", FVI_DIV),
    FUNCTION("min", FVI_MIN),
    FUNCTION("max", FVI_MAX),
    FUNCTION("power", FVI_POWER),
    FUNCTION("prelu", FVI_PRELU),
    FUNCTION("mod", FVI_MOD),
    FUNCTION("fmod", FVI_FMOD),
    FUNCTION("less", FVI_LESS),
    FUNCTION("less or equal", FVI_LESS_EQUAL),
    FUNCTION("greater", FVI_GREATER),
    FUNCTION("greater or equal", FVI_GREATER_EQUAL),
    FUNCTION("equal", FVI_EQUAL),
    FUNCTION("and", FVI_AND),
    FUNCTION("or", FVI_OR),
    FUNCTION("xor", FVI_XOR),
    OTHERS(6, 2),
    OTHERS(13, 13),
    OTHERS(24, 4),
    {.name = "concat constant channels behind 13", .kind = FVI_CONCAT, .a.axis = {1},
     .in = {IN(2, 13, 4, 5), CONST(2, 3, 4, 5)}, .out = S(2, 16, 4, 5)},
    {.name = "concat constant channels behind 32", .kind = FVI_CONCAT, .a.axis = {1},
     .in = {IN(2, 32, 4, 5), CONST(2, 16, 4, 5)}, .out = S(2, 48, 4, 5)},
    {.name = "concat constant channels before one sample", .kind = FVI_CONCAT, .a.axis = {1},
     .in = {CONST(1, 16, 4, 5), IN(1, 32, 4, 5)}, .out = S(1, 48, 4, 5)},
    {.name = "scaled, shifted and clipped", F(FVI_MUL), .n_in = 2,
     .in = {IN(2, 13, 5, 5), CONST(1, 13, 1, 1), CONST(1, 13, 1, 1)}, .out = S(2, 13, 5, 5),
     .n_then = 3, .then = {{.kind = FVI_BINARY, .other = 2, .a.binary = {FVI_ADD}},
                           {.kind = FVI_UNARY, .a.unary = {FVI_RELU, 0, 0}},
                           {.kind = FVI_BINARY, .other = 1, .a.binary = {FVI_MUL}}}},
};
// clang-format on
FVI_CASE_TABLE(constant);
