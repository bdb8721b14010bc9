/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of max and average pooling; see also conv.c for them behind a convolution. */
#include "../harness.h"

// clang-format off
#define W2(K, STRIDE, DIL, LO, HI, PAD) \
    {.n = 2, .kernel = {K, K}, .stride = {STRIDE, STRIDE}, .dilation = {DIL, DIL}, \
     .pad_lo = {LO, LO}, .pad_hi = {HI, HI}, .groups = 1, .count_include_pad = PAD}
#define W1(K, STRIDE, DIL, LO, HI, PAD) \
    {.n = 3, .kernel = {K, 1, 1}, .stride = {STRIDE, 1, 1}, .dilation = {DIL, 1, 1}, \
     .pad_lo = {LO, 0, 0}, .pad_hi = {HI, 0, 0}, .groups = 1, .count_include_pad = PAD}
#define MAX(...) .kind = FVI_MAX_POOL, .a.window = __VA_ARGS__
#define AVERAGE(...) .kind = FVI_AVERAGE_POOL, .a.window = __VA_ARGS__

static const float equals[] = {1, 1, 0, 1, 1, 0, 0, 0, 2};
static const float equals_gradient[] = {1, 1, 0, 1, 0, 0, 0, 0, 1};
static const float level[] = {3, 0, 3, 0, 0, 0, 3, 0, 3}, level_gradient[] = {1, 0, 0, 0, 0, 0, 0, 0, 0};

static const fvi_case cases[] = {
    {.name = "max 2x2", MAX(W2(2, 2, 1, 0, 0, 0)), .in = {IN(2, 3, 6, 8)}, .out = S(2, 3, 3, 4),
     .batch = FVI_BATCH_EXACT},
    {.name = "max 3x3 stride 2 padded", MAX(W2(3, 2, 1, 1, 1, 0)), .in = {IN(2, 8, 7, 7)}, .out = S(2, 8, 4, 4)},
    {.name = "max, all negative, padded", MAX(W2(3, 2, 1, 1, 1, 0)), .in = {IN_RANGE(-2, -1, 2, 8, 7, 7)},
     .out = S(2, 8, 4, 4)},
    {.name = "max, ceil_mode", MAX(W2(3, 2, 1, 0, 0, 0)), .in = {IN(2, 3, 8, 8)}, .out = S(2, 3, 4, 4)},
    {.name = "max, ceil_mode, one cell left", MAX(W2(2, 2, 1, 0, 0, 0)), .in = {IN(1, 3, 5, 5)}, .out = S(1, 3, 3, 3)},
    {.name = "max, end not reached", MAX(W2(2, 3, 1, 0, 0, 0)), .in = {IN(1, 3, 7, 7)}, .out = S(1, 3, 2, 2)},
    {.name = "max, uneven", MAX({.n = 2, .kernel = {2, 3}, .stride = {1, 2}, .dilation = {1, 1},
                                 .pad_lo = {0, 1}, .pad_hi = {1, 0}, .groups = 1}),
     .in = {IN(2, 5, 6, 7)}, .out = S(2, 5, 6, 3)},
    {.name = "max, dilated", MAX(W2(3, 1, 2, 2, 2, 0)), .in = {IN(2, 3, 6, 6)}, .out = S(2, 3, 6, 6),
     .batch = FVI_BATCH_EXACT},
    {.name = "max, dilated, ceil_mode", MAX(W2(2, 2, 3, 1, 1, 0)), .in = {IN(1, 2, 7, 7)}, .out = S(1, 2, 4, 4)},
    {.name = "max, global", MAX({.n = 2, .groups = 1, .global = 1}), .in = {IN(2, 3, 5, 4)}, .out = S(2, 3, 1, 1)},
    {.name = "max, 1-D", MAX({.n = 1, .kernel = {3}, .stride = {2}, .dilation = {1}, .pad_lo = {1},
                              .pad_hi = {1}, .groups = 1}),
     .in = {IN(2, 3, 9)}, .out = S(2, 3, 5)},
    {.name = "max, 3-D", MAX({.n = 3, .kernel = {2, 2, 2}, .stride = {2, 2, 2}, .dilation = {1, 1, 1}, .groups = 1}),
     .in = {IN(2, 3, 4, 4, 6)}, .out = S(2, 3, 2, 2, 3)},
    {.name = "max, kernel larger than the picture", MAX(W2(5, 1, 1, 2, 2, 0)), .in = {IN(1, 3, 2, 2)}, .out = S(1, 3, 2, 2)},
    {.name = "max, the first of equals", MAX(W2(2, 1, 1, 0, 0, 0)),
     .in = {{.how = FVI_IN_RUN, .shape = S(1, 1, 3, 3), .values = equals, .gradient = equals_gradient}},
     .out = S(1, 1, 2, 2)},
    {.name = "max, dilated, the first of equals", MAX(W2(2, 1, 2, 0, 0, 0)),
     .in = {{.how = FVI_IN_RUN, .shape = S(1, 1, 3, 3), .values = level, .gradient = level_gradient}},
     .out = S(1, 1, 1, 1)},
    {.name = "average 2x2", AVERAGE(W2(2, 2, 1, 0, 0, 0)), .in = {IN(2, 3, 6, 8)}, .out = S(2, 3, 3, 4),
     .batch = FVI_BATCH_EXACT},
    {.name = "average, padding not counted", AVERAGE(W2(3, 1, 1, 1, 1, 0)), .in = {IN(2, 8, 5, 5)}, .out = S(2, 8, 5, 5)},
    {.name = "average, padding counted", AVERAGE(W2(3, 1, 1, 1, 1, 1)), .in = {IN(2, 8, 5, 5)}, .out = S(2, 8, 5, 5)},
    {.name = "average, ceil_mode", AVERAGE(W2(3, 2, 1, 0, 0, 0)), .in = {IN(2, 3, 8, 8)}, .out = S(2, 3, 4, 4)},
    {.name = "average, ceil_mode, padding counted", AVERAGE(W2(3, 2, 1, 1, 1, 1)), .in = {IN(2, 3, 8, 8)},
     .out = S(2, 3, 5, 5), .batch = FVI_BATCH_EXACT},
    {.name = "average, uneven padding counted", AVERAGE(W2(3, 2, 1, 0, 1, 1)), .in = {IN(2, 3, 8, 8)}, .out = S(2, 3, 4, 4)},
    {.name = "average, dilated", AVERAGE(W2(3, 1, 2, 2, 2, 1)), .in = {IN(2, 3, 6, 6)}, .out = S(2, 3, 6, 6)},
    {.name = "average, dilated, padding not counted", AVERAGE(W2(3, 2, 2, 2, 2, 0)), .in = {IN(2, 3, 7, 7)}, .out = S(2, 3, 4, 4)},
    {.name = "average, global", AVERAGE({.n = 2, .groups = 1, .global = 1}), .in = {IN(2, 8, 7, 7)}, .out = S(2, 8, 1, 1),
     .batch = FVI_BATCH_NEAR},
    {.name = "average, 1-D", AVERAGE({.n = 1, .kernel = {3}, .stride = {2}, .dilation = {1}, .pad_lo = {1},
                                      .pad_hi = {1}, .groups = 1}),
     .in = {IN(2, 3, 9)}, .out = S(2, 3, 5)},
    {.name = "average, 3-D", AVERAGE({.n = 3, .kernel = {2, 3, 2}, .stride = {2, 1, 2}, .dilation = {1, 1, 1},
                                      .pad_lo = {0, 1, 0}, .pad_hi = {0, 1, 0}, .groups = 1}),
     .in = {IN(2, 3, 4, 4, 6)}, .out = S(2, 3, 2, 4, 3)},
    {.name = "average along the first of three axes", AVERAGE(W1(5, 1, 1, 2, 2, 1)), .in = {IN(2, 1, 9, 5, 6)},
     .out = S(2, 1, 9, 5, 6), .batch = FVI_BATCH_EXACT},
    {.name = "average along the first of three axes, padding not counted", AVERAGE(W1(5, 1, 1, 2, 2, 0)),
     .in = {IN(1, 1, 9, 20, 30)}, .out = S(1, 1, 9, 20, 30)},
    {.name = "average along the first of three axes, stride, dilation", AVERAGE(W1(3, 2, 2, 3, 1, 0)),
     .in = {IN(2, 1, 9, 4, 4)}, .out = S(2, 1, 5, 4, 4)},
    {.name = "average along the first of three axes, ceil_mode, padding counted", AVERAGE(W1(3, 2, 1, 1, 1, 1)),
     .in = {IN(1, 1, 8, 4, 4)}, .out = S(1, 1, 5, 4, 4)},
    {.name = "average down a picture of one channel", AVERAGE({.n = 2, .kernel = {3, 1}, .stride = {2, 1}, .dilation = {1, 1},
                                                               .pad_lo = {1, 0}, .groups = 1}),
     .in = {IN(2, 1, 7, 11)}, .out = S(2, 1, 3, 11)},
    {.name = "average, no samples", AVERAGE(W2(3, 1, 1, 1, 1, 1)), .in = {IN(0, 8, 5, 5)}, .out = S(0, 8, 5, 5)},
};
// clang-format on
FVI_CASE_TABLE(pool);
