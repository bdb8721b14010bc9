/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of depthwise convolutions whose backward pass is the loop of depthwise.c: every kernel and
 * stride it does, edges of all kinds, pictures that are cut into strips and chunks. Every sum has
 * one order, so samples and threads change no bit. What stands before them: test_graphs.c. */
#include "../harness.h"

// clang-format off
#define D(KY, KX, SY, SX, TOP, LEFT, BOTTOM, RIGHT, C) \
    .kind = FVI_CONV, .depthwise = 1, .batch = FVI_BATCH_EXACT, \
    .a.window = {.n = 2, .kernel = {KY, KX}, .stride = {SY, SX}, .dilation = {1, 1}, \
                 .pad_lo = {TOP, LEFT}, .pad_hi = {BOTTOM, RIGHT}, .groups = C}
#define UNARY(F, P, Q) {.kind = FVI_UNARY, .a.unary = {F, P, Q}}

static const fvi_case cases[] = {
    {.name = "one pixel, one channel", D(5, 5, 1, 1, 2, 2, 2, 2, 1),
     .in = {IN(1, 1, 1, 1), CONST(1, 1, 5, 5), CONST(1)}, .out = S(1, 1, 1, 1)},
    {.name = "1x1", D(1, 1, 1, 1, 0, 0, 0, 0, 9),
     .in = {IN(2, 9, 3, 5), CONST(9, 1, 1, 1)}, .out = S(2, 9, 3, 5)},
    {.name = "1x1 stride 2: some are not read", D(1, 1, 2, 2, 0, 0, 0, 0, 9),
     .in = {IN(2, 9, 4, 5), CONST(9, 1, 1, 1)}, .out = S(2, 9, 2, 3)},
    {.name = "2x2 stride 2", D(2, 2, 2, 2, 0, 0, 0, 0, 8),
     .in = {IN(3, 8, 6, 8), CONST(8, 1, 2, 2), CONST(8)}, .out = S(3, 8, 3, 4)},
    {.name = "3x3", D(3, 3, 1, 1, 1, 1, 1, 1, 16),
     .in = {IN(2, 16, 7, 7), CONST(16, 1, 3, 3), CONST(16)}, .out = S(2, 16, 7, 7)},
    {.name = "3x3 stride 2", D(3, 3, 2, 2, 1, 1, 1, 1, 16),
     .in = {IN(2, 16, 9, 14), CONST(16, 1, 3, 3), CONST(16)}, .out = S(2, 16, 5, 7)},
    {.name = "3x3 stride 2 padded behind", D(3, 3, 2, 2, 0, 0, 1, 1, 10),
     .in = {IN(2, 10, 8, 14), CONST(10, 1, 3, 3), CONST(10)}, .out = S(2, 10, 4, 7)},
    {.name = "4x4, odd channels", D(4, 4, 1, 1, 1, 2, 2, 1, 11),
     .in = {IN(2, 11, 6, 8), CONST(11, 1, 4, 4), CONST(11)}, .out = S(2, 11, 6, 8)},
    {.name = "5x5", D(5, 5, 1, 1, 2, 2, 2, 2, 8),
     .in = {IN(2, 8, 9, 15), CONST(8, 1, 5, 5), CONST(8)}, .out = S(2, 8, 9, 15)},
    {.name = "5x5 stride 2", D(5, 5, 2, 2, 2, 2, 2, 2, 13),
     .in = {IN(2, 13, 10, 11), CONST(13, 1, 5, 5), CONST(13)}, .out = S(2, 13, 5, 6)},
    {.name = "6x6, strides 2 and 1", D(6, 6, 2, 1, 2, 3, 2, 2, 8),
     .in = {IN(1, 8, 11, 9), CONST(8, 1, 6, 6)}, .out = S(1, 8, 5, 9)},
    {.name = "7x7, no padding", D(7, 7, 1, 1, 0, 0, 0, 0, 8),
     .in = {IN(1, 8, 9, 10), CONST(8, 1, 7, 7), CONST(8)}, .out = S(1, 8, 3, 4)},
    {.name = "7x7 stride 2", D(7, 7, 2, 2, 3, 3, 3, 3, 8),
     .in = {IN(1, 8, 17, 13), CONST(8, 1, 7, 7), CONST(8)}, .out = S(1, 8, 9, 7)},
    {.name = "7x1, strides 1 and 2", D(7, 1, 1, 2, 3, 0, 3, 0, 8),
     .in = {IN(1, 8, 6, 7), CONST(8, 1, 7, 1)}, .out = S(1, 8, 6, 4)},
    {.name = "1x7", D(1, 7, 1, 1, 0, 3, 0, 3, 8),
     .in = {IN(1, 8, 3, 30), CONST(8, 1, 1, 7)}, .out = S(1, 8, 3, 30)},
    {.name = "padding wider than the kernel", D(3, 3, 1, 1, 4, 3, 5, 6, 5),
     .in = {IN(1, 5, 3, 5), CONST(5, 1, 3, 3)}, .out = S(1, 5, 10, 12)},
    {.name = "padding wider than the kernel, stride 2", D(3, 3, 2, 2, 5, 4, 3, 4, 5),
     .in = {IN(1, 5, 4, 6), CONST(5, 1, 3, 3)}, .out = S(1, 5, 5, 6)},
    {.name = "several chunks of rows", D(3, 3, 1, 1, 1, 1, 1, 1, 3),
     .in = {IN(1, 3, 61, 4), CONST(3, 1, 3, 3)}, .out = S(1, 3, 61, 4)},
    {.name = "several strips of columns", D(3, 3, 1, 1, 1, 1, 1, 1, 3),
     .in = {IN(1, 3, 3, 230), CONST(3, 1, 3, 3)}, .out = S(1, 3, 3, 230)},
    {.name = "several strips, stride 2", D(5, 5, 2, 2, 2, 2, 2, 2, 2),
     .in = {IN(1, 2, 33, 301), CONST(2, 1, 5, 5)}, .out = S(1, 2, 17, 151)},
    {.name = "one phase is not read, padded wider than the ring has room", D(1, 1, 2, 2, 30, 200, 0, 0, 3),
     .in = {IN(1, 3, 4, 224), CONST(3, 1, 1, 1)}, .out = S(1, 3, 17, 212)},
    {.name = "then relu", D(3, 3, 1, 1, 1, 1, 1, 1, 13),
     .in = {IN(2, 13, 6, 6), CONST(13, 1, 3, 3), CONST(13)}, .out = S(2, 13, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_RELU, 0, 0)}},
    {.name = "then leaky relu", D(3, 3, 2, 2, 1, 1, 1, 1, 8),
     .in = {IN(2, 8, 7, 6), CONST(8, 1, 3, 3), CONST(8)}, .out = S(2, 8, 4, 3),
     .n_then = 1, .then = {UNARY(FVI_LEAKY_RELU, 0.1f, 0)}},
    {.name = "then clip above 0 in filled blocks", D(3, 3, 1, 1, 1, 1, 1, 1, 11),
     .in = {IN(2, 11, 6, 6), CONST(11, 1, 3, 3), CONST(11)}, .out = S(2, 11, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_CLIP, 0.25f, 1)}},
    {.name = "then sigmoid", D(3, 3, 1, 1, 1, 1, 1, 1, 8),
     .in = {IN(2, 8, 6, 6), CONST(8, 1, 3, 3), CONST(8)}, .out = S(2, 8, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_SIGMOID, 0, 0)}},
};
// clang-format on
FVI_CASE_TABLE(depthwise);
