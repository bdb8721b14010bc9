/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of random numbers: uniform ones to the bit (their unit is 6e-8), from any number of a block
 * on, several blocks at once, and beyond 2^32. */
#include "../harness.h"

#define RANDOM(FUNCTION, FIRST) .kind = FVI_RANDOM, .a.random = {FVI_RANDOM_##FUNCTION, FIRST}
#define SAME_BITS               .tol_forward = 1e-9
#define NEAR                    .tol_forward = 2.5e-7

/* Three streams: the first of Random123's known answers, all ones, and any. */
static const float keys[] = {0,     0,     0,     0,     0,     0,     0,     0,     0,     0,
                             65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535,
                             2256,  41993, 12752, 10655, 2259,  34211, 6538,  4985,  29508, 880};

// clang-format off
static const fvi_case cases[] = {
    {.name = "uniform", RANDOM(UNIFORM, 0), SAME_BITS,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 2, 3, 5), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, many", RANDOM(UNIFORM, 0), SAME_BITS,
     .in = {IN_VALUES(keys, 2, 10)}, .out = S(2, 3, 63, 61), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, from the second on", RANDOM(UNIFORM, 1), SAME_BITS,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 7), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, from the seventh on", RANDOM(UNIFORM, 7), SAME_BITS,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 1, 2), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, beyond 2^32", RANDOM(UNIFORM, ((int64_t)3 << 32) - 5), SAME_BITS,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 11), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, one of each", RANDOM(UNIFORM, 0), SAME_BITS,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3), .batch = FVI_BATCH_EXACT},
    {.name = "uniform, a constant key", RANDOM(UNIFORM, 2), SAME_BITS,
     .in = {CONST_VALUES(keys, 3, 10)}, .out = S(3, 9)},
    {.name = "uniform, none", RANDOM(UNIFORM, 0),
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 0)},
    {.name = "normal", RANDOM(NORMAL, 0), NEAR,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 2, 3, 5), .batch = FVI_BATCH_EXACT},
    {.name = "normal, many", RANDOM(NORMAL, 0), NEAR,
     .in = {IN_VALUES(keys, 2, 10)}, .out = S(2, 3, 63, 61), .batch = FVI_BATCH_EXACT},
    {.name = "normal, an odd number of many", RANDOM(NORMAL, 0), NEAR,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 773), .batch = FVI_BATCH_EXACT},
    {.name = "normal, from the third on", RANDOM(NORMAL, 2), NEAR,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 9), .batch = FVI_BATCH_EXACT},
    {.name = "normal, from the seventh on", RANDOM(NORMAL, 6), NEAR,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 1100), .batch = FVI_BATCH_EXACT},
    {.name = "normal, one of each", RANDOM(NORMAL, 0), NEAR,
     .in = {IN_VALUES(keys, 3, 10)}, .out = S(3, 1), .batch = FVI_BATCH_EXACT},
};
// clang-format on
FVI_CASE_TABLE(random);
