/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of matrix products: fully connected layers, and two run-time operands. */
#include "../harness.h"

// clang-format off
#define MATMUL(TA, TB, ALPHA) .kind = FVI_MATMUL, .a.matmul = {TA, TB, ALPHA}
#define UNARY(F, P, Q) {.kind = FVI_UNARY, .a.unary = {F, P, Q}}

static const fvi_case cases[] = {
    {.name = "fully connected, [n][k]", MATMUL(0, 1, 1), .in = {IN(3, 17), CONST(10, 17), CONST(10)},
     .out = S(3, 10), .batch = FVI_BATCH_NEAR},
    {.name = "fully connected, [k][n]", MATMUL(0, 0, 1), .in = {IN(3, 17), CONST(17, 10), CONST(10)},
     .out = S(3, 10)},
    {.name = "fully connected, alpha", MATMUL(0, 1, 0.5f), .in = {IN(3, 17), CONST(10, 17), CONST(10)},
     .out = S(3, 10)},
    {.name = "fully connected, alpha, [k][n], no bias", MATMUL(0, 0, -2), .in = {IN(3, 33), CONST(33, 40)},
     .out = S(3, 40)},
    {.name = "fully connected, one sample", MATMUL(0, 1, 1), .in = {IN(1, 64), CONST(48, 64), CONST(48)},
     .out = S(1, 48)},
    {.name = "fully connected, 4 axes", MATMUL(0, 0, 1), .in = {IN(2, 3, 5, 16), CONST(16, 24), CONST(24)},
     .out = S(2, 3, 5, 24), .batch = FVI_BATCH_NEAR},
    {.name = "constant with axes of one", MATMUL(0, 0, 1), .in = {IN(2, 5, 8), CONST(1, 8, 4)},
     .out = S(2, 5, 4)},
    {.name = "fully connected, then relu", MATMUL(0, 1, 1), .in = {IN(3, 17), CONST(10, 17), CONST(10)},
     .out = S(3, 10), .n_then = 1, .then = {UNARY(FVI_RELU, 0, 0)}},
    {.name = "fully connected, then gelu", MATMUL(0, 0, 1), .in = {IN(2, 3, 17), CONST(17, 12), CONST(12)},
     .out = S(2, 3, 12), .n_then = 1, .then = {UNARY(FVI_GELU, 0, 0)}},
    {.name = "fully connected, then sigmoid and tanh", MATMUL(0, 0, 1), .in = {IN(3, 17), CONST(17, 12)},
     .out = S(3, 12), .n_then = 2, .then = {UNARY(FVI_SIGMOID, 0, 0), UNARY(FVI_TANH, 0, 0)}},
    {.name = "a transposed, constant b", MATMUL(1, 1, 1), .in = {IN(17, 3), CONST(10, 17), CONST(10)},
     .out = S(3, 10)},
    {.name = "a transposed, alpha and bias", MATMUL(1, 0, 0.3f), .in = {IN(17, 3), CONST(17, 10), CONST(10)},
     .out = S(3, 10)},
    {.name = "two run-time matrices", MATMUL(0, 0, 1), .in = {IN(4, 5), IN(5, 6)}, .out = S(4, 6)},
    {.name = "b transposed", MATMUL(0, 1, 1), .in = {IN(4, 5), IN(6, 5)}, .out = S(4, 6)},
    {.name = "both transposed, alpha", MATMUL(1, 1, 2), .in = {IN(5, 4), IN(6, 5), CONST(6)}, .out = S(4, 6)},
    {.name = "a transposed", MATMUL(1, 0, 1), .in = {IN(5, 4), IN(5, 6)}, .out = S(4, 6)},
    {.name = "batches", MATMUL(0, 0, 1), .in = {IN(2, 3, 4, 5), IN(2, 3, 5, 6)}, .out = S(2, 3, 4, 6)},
    {.name = "batches, b transposed, alpha", MATMUL(0, 1, 0.125f),
     .in = {IN(2, 3, 4, 8), IN(2, 3, 7, 8)}, .out = S(2, 3, 4, 7), .batch = FVI_BATCH_NEAR},
    {.name = "batches, a transposed", MATMUL(1, 0, 1), .in = {IN(3, 5, 4), IN(3, 5, 6)}, .out = S(3, 4, 6)},
    {.name = "b broadcast over all", MATMUL(0, 0, 1), .in = {IN(2, 3, 4, 5), IN(5, 6)}, .out = S(2, 3, 4, 6)},
    {.name = "a broadcast over all", MATMUL(0, 0, 1), .in = {IN(4, 5), IN(2, 3, 5, 6)}, .out = S(2, 3, 4, 6)},
    {.name = "both broadcast", MATMUL(0, 0, 1.5f), .in = {IN(2, 1, 4, 5), IN(1, 3, 5, 6)},
     .out = S(2, 3, 4, 6)},
    {.name = "both broadcast, transposed", MATMUL(1, 1, 1), .in = {IN(2, 1, 5, 4), IN(3, 6, 5)},
     .out = S(2, 3, 4, 6)},
    {.name = "a transposed, b broadcast", MATMUL(1, 0, 1), .in = {IN(2, 5, 4), IN(5, 6)}, .out = S(2, 4, 6)},
    {.name = "constant batches", MATMUL(0, 0, 1), .in = {IN(3, 4, 5), CONST(3, 5, 6)}, .out = S(3, 4, 6)},
    {.name = "constant a", MATMUL(0, 0, 1), .in = {CONST(4, 5), IN(2, 5, 6)}, .out = S(2, 4, 6)},
    {.name = "nothing to sum", MATMUL(0, 0, 1), .in = {IN(4, 0), CONST(0, 6), CONST(6)}, .out = S(4, 6)},
    {.name = "no rows", MATMUL(0, 0, 1), .in = {IN(0, 5), CONST(5, 6), CONST(6)}, .out = S(0, 6)},
};
// clang-format on
FVI_CASE_TABLE(matmul);
