/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of pad: every mode, both directions along an axis, cutting off. */
#include "../harness.h"

#define PAD(MODE, ...) .kind = FVI_PAD, .a.pad = {.mode = FVI_PAD_##MODE, __VA_ARGS__}

// clang-format off
static const fvi_case cases[] = {
    {.name = "zeros around", PAD(CONSTANT, .lo = {0, 0, 1, 2}, .hi = {0, 0, 3, 0}),
     .in = {IN(3, 2, 4, 5)}, .out = S(3, 2, 8, 7), .batch = FVI_BATCH_EXACT},
    {.name = "a number around", PAD(CONSTANT, .lo = {0, 2}, .hi = {0, 1}, .value = -1.5f),
     .in = {IN(2, 3)}, .out = S(2, 6), .batch = FVI_BATCH_EXACT},
    {.name = "cut off at both ends", PAD(CONSTANT, .lo = {0, -1, 1}, .hi = {0, -2, -1}, .value = 2),
     .in = {IN(2, 6, 4)}, .out = S(2, 3, 4), .batch = FVI_BATCH_EXACT},
    {.name = "cut off to nothing but border",
     PAD(CONSTANT, .lo = {0, -3}, .hi = {0, 2}, .value = 1), .in = {IN(2, 3)}, .out = S(2, 2)},
    {.name = "channels", PAD(CONSTANT, .lo = {0, 1, 0, 0}, .hi = {0, 2, 0, 0}),
     .in = {IN(2, 3, 4, 4)}, .out = S(2, 6, 4, 4), .batch = FVI_BATCH_EXACT},
    {.name = "nothing to do", PAD(CONSTANT, .value = 1), .in = {IN(2, 3)}, .out = S(2, 3)},
    {.name = "large, threads", PAD(CONSTANT, .lo = {0, 0, 3, 3}, .hi = {0, 0, 3, 3}),
     .in = {IN(2, 3, 60, 41)}, .out = S(2, 3, 66, 47), .batch = FVI_BATCH_EXACT},
    {.name = "reflect", PAD(REFLECT, .lo = {0, 0, 2, 3}, .hi = {0, 0, 1, 4}),
     .in = {IN(2, 2, 4, 5)}, .out = S(2, 2, 7, 12), .batch = FVI_BATCH_EXACT},
    {.name = "reflect further than the axis is long", PAD(REFLECT, .lo = {0, 5}, .hi = {0, 7}),
     .in = {IN(2, 3)}, .out = S(2, 15)},
    {.name = "reflect one axis, cut another", PAD(REFLECT, .lo = {0, 2, -1}, .hi = {0, 0, 0}),
     .in = {IN(2, 4, 5)}, .out = S(2, 6, 4), .batch = FVI_BATCH_EXACT},
    {.name = "reflect and shift in place", PAD(REFLECT, .lo = {0, 1, 1}, .hi = {0, -1, -1}),
     .in = {IN(2, 4, 5)}, .out = S(2, 4, 5)},
    {.name = "edge", PAD(EDGE, .lo = {0, 0, 2, 3}, .hi = {0, 0, 1, 4}),
     .in = {IN(2, 2, 4, 5)}, .out = S(2, 2, 7, 12), .batch = FVI_BATCH_EXACT},
    {.name = "edge of one", PAD(EDGE, .lo = {0, 2}, .hi = {0, 1}),
     .in = {IN(3, 1)}, .out = S(3, 4)},
    {.name = "wrap", PAD(WRAP, .lo = {0, 2, 1}, .hi = {0, 5, 3}),
     .in = {IN(2, 3, 4)}, .out = S(2, 10, 8), .batch = FVI_BATCH_EXACT},
    {.name = "reflect, nothing to do", PAD(REFLECT, .value = 0), .in = {IN(2, 3)}, .out = S(2, 3)},
    {.name = "reflect, large", PAD(REFLECT, .lo = {0, 0, 3, 3}, .hi = {0, 0, 3, 3}),
     .in = {IN(2, 3, 60, 41)}, .out = S(2, 3, 66, 47), .batch = FVI_BATCH_EXACT},
    {.name = "nothing, made into border", PAD(CONSTANT, .lo = {0, 1}, .hi = {0, 2}, .value = 3),
     .in = {IN(2, 0, 2)}, .out = S(2, 3, 2)},
};
// clang-format on
FVI_CASE_TABLE(pad);
