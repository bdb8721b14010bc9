/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of LRN, batch norm and softmax. */
#include "../harness.h"

// clang-format off
#define LRN(SIZE, ALPHA, BETA, BIAS) .kind = FVI_LRN, .a.lrn = {SIZE, ALPHA, BETA, BIAS}
#define SOFTMAX(AXIS, LOG) .kind = FVI_SOFTMAX, .a.softmax = {AXIS, LOG}
#define RELU {.kind = FVI_UNARY, .a.unary = {FVI_RELU, 0, 0}}

static const fvi_case cases[] = {
    {.name = "LRN 5", LRN(5, 0.5f, 0.75f, 1), .in = {IN(2, 16, 4, 5)}, .out = S(2, 16, 4, 5), .batch = FVI_BATCH_NEAR},
    {.name = "LRN 5, bias 2", LRN(5, 1e-1f, 0.75f, 2), .in = {IN_RANGE(-9, 9, 2, 20, 4, 5)}, .out = S(2, 20, 4, 5)},
    {.name = "LRN 3, beta 1/2", LRN(3, 0.9f, 0.5f, 1), .in = {IN(2, 7, 4, 5)}, .out = S(2, 7, 4, 5)},
    {.name = "LRN 4", LRN(4, 0.9f, 0.75f, 1), .in = {IN(2, 9, 4, 5)}, .out = S(2, 9, 4, 5), .batch = FVI_BATCH_EXACT},
    {.name = "LRN 2", LRN(2, 0.9f, 0.75f, 1), .in = {IN(2, 9, 4, 5)}, .out = S(2, 9, 4, 5)},
    {.name = "LRN wider than the channels", LRN(9, 0.9f, 0.6f, 1), .in = {IN(2, 4, 6, 7)}, .out = S(2, 4, 6, 7)},
    {.name = "LRN 1-D", LRN(3, 0.9f, 0.75f, 1), .in = {IN(2, 9, 40)}, .out = S(2, 9, 40)},
    {.name = "LRN of a matrix", LRN(3, 0.9f, 0.75f, 1), .in = {IN(2, 9)}, .out = S(2, 9)},
    {.name = "batch norm", .kind = FVI_BATCH_NORM, .in = {IN(2, 5, 4, 3), CONST(5), CONST(5)}, .out = S(2, 5, 4, 3),
     .batch = FVI_BATCH_EXACT},
    {.name = "batch norm, 16 channels", .kind = FVI_BATCH_NORM, .in = {IN(2, 16, 4, 4), CONST(16), CONST(16)},
     .out = S(2, 16, 4, 4)},
    {.name = "batch norm of a matrix", .kind = FVI_BATCH_NORM, .in = {IN(3, 5), CONST(5), CONST(5)}, .out = S(3, 5)},
    {.name = "batch norm 1-D", .kind = FVI_BATCH_NORM, .in = {IN(3, 5, 9), CONST(5), CONST(5)}, .out = S(3, 5, 9)},
    {.name = "batch norm 3-D", .kind = FVI_BATCH_NORM, .in = {IN(3, 5, 2, 3, 4), CONST(5), CONST(5)},
     .out = S(3, 5, 2, 3, 4)},
    {.name = "batch norm then relu", .kind = FVI_BATCH_NORM, .in = {IN(2, 5, 4, 3), CONST(5), CONST(5)},
     .out = S(2, 5, 4, 3), .n_then = 1, .then = {RELU}},
    {.name = "batch norm then relu, 16 channels", .kind = FVI_BATCH_NORM,
     .in = {IN(2, 16, 5, 5), CONST(16), CONST(16)}, .out = S(2, 16, 5, 5), .n_then = 1, .then = {RELU}},
    {.name = "batch norm, no samples", .kind = FVI_BATCH_NORM, .in = {IN(0, 5, 4, 3), CONST(5), CONST(5)},
     .out = S(0, 5, 4, 3)},
    {.name = "softmax, last axis", SOFTMAX(1, 0), .in = {IN_RANGE(-4, 4, 3, 11)}, .out = S(3, 11), .batch = FVI_BATCH_EXACT},
    {.name = "softmax of 1000", SOFTMAX(1, 0), .in = {IN_RANGE(-4, 4, 2, 1000)}, .out = S(2, 1000)},
    {.name = "softmax, large numbers", SOFTMAX(1, 0), .in = {IN_RANGE(80, 200, 3, 11)}, .out = S(3, 11), .tol_gradient = 2e-3},
    {.name = "softmax, channels", SOFTMAX(1, 0), .in = {IN_RANGE(-4, 4, 2, 8, 5, 3)}, .out = S(2, 8, 5, 3)},
    {.name = "softmax, first axis", SOFTMAX(0, 0), .in = {IN_RANGE(-4, 4, 4, 5, 20)}, .out = S(4, 5, 20)},
    {.name = "softmax, attention", SOFTMAX(3, 0), .in = {IN_RANGE(-4, 4, 2, 3, 5, 9)},
     .out = S(2, 3, 5, 9), .batch = FVI_BATCH_EXACT},
    {.name = "softmax of one", SOFTMAX(1, 0), .in = {IN(3, 1, 4)}, .out = S(3, 1, 4)},
    {.name = "log softmax, last axis", SOFTMAX(1, 1), .in = {IN_RANGE(-4, 4, 3, 11)}, .out = S(3, 11), .batch = FVI_BATCH_EXACT},
    {.name = "log softmax, channels", SOFTMAX(1, 1), .in = {IN_RANGE(-4, 4, 2, 8, 5, 3)}, .out = S(2, 8, 5, 3)},
    {.name = "log softmax, large numbers", SOFTMAX(1, 1), .in = {IN_RANGE(80, 300, 3, 11)}, .out = S(3, 11), .tol_gradient = 2e-3},
    {.name = "softmax, nothing", SOFTMAX(1, 0), .in = {IN(0, 5)}, .out = S(0, 5)},
};
// clang-format on
FVI_CASE_TABLE(channel);
