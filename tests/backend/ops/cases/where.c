/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of where: which operand is broadcast, which is constant. */
#include "../harness.h"

#define WHERE .kind = FVI_WHERE
#define CONDITION(...) \
    { .how = FVI_IN_CONST, .shape = S(__VA_ARGS__), .values = mask }

static const float mask[] = {1, 0, 0, -2, 0, 1, 1, 0, 0, 0.5f, 0, 1,
                             0, 0, 1, 1,  1, 0, 0, 0, 1, 0,    1, 0};

// clang-format off
static const fvi_case cases[] = {
    {.name = "same shapes", WHERE, .in = {CONDITION(2, 3, 4), IN(2, 3, 4), IN(2, 3, 4)},
     .out = S(2, 3, 4)},
    {.name = "a mask over scores, one number elsewhere", WHERE,
     .in = {CONDITION(1, 1, 4, 6), IN(3, 2, 4, 6), CONST(1)}, .out = S(3, 2, 4, 6),
     .batch = FVI_BATCH_EXACT},
    {.name = "one number, b elsewhere", WHERE, .in = {CONDITION(4, 6), CONST(1), IN(3, 4, 6)},
     .out = S(3, 4, 6), .batch = FVI_BATCH_EXACT},
    {.name = "a and b broadcast against each other", WHERE,
     .in = {CONDITION(2, 3, 4), IN(3, 1), IN(2, 1, 4)}, .out = S(2, 3, 4)},
    {.name = "the condition broadcast along the last axis", WHERE,
     .in = {CONDITION(4, 1), IN(4, 5), IN(5)}, .out = S(4, 5)},
    {.name = "a condition given at run time", WHERE,
     .in = {{.how = FVI_IN_RUN, .shape = S(4, 6), .values = mask, .no_gradient = 1},
            IN(4, 6), IN(4, 6)},
     .out = S(4, 6), .batch = FVI_BATCH_EXACT},
    {.name = "large, threads", WHERE,
     .in = {CONDITION(1, 24, 1), IN(2, 24, 301), IN(2, 24, 1)}, .out = S(2, 24, 301),
     .batch = FVI_BATCH_EXACT},
    {.name = "nothing", WHERE, .in = {CONDITION(2, 1), IN(2, 0), IN(1)}, .out = S(2, 0)},
};
// clang-format on
FVI_CASE_TABLE(where);
