/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of reduce: every function over inner, middle, outer and all axes; ties, zeros. */
#include "../harness.h"

#define REDUCE(F, AXES, KEEP) \
    .kind = FVI_REDUCE, .a.reduce = {.f = FVI_REDUCE_##F, .axes = (AXES), .keepdims = (KEEP)}

/* One function over H and W, over the channels, over the last axis, and over all. */
// clang-format off
#define FUNCTION(NAME, F, LO, HI)                                                             \
    {.name = NAME ": height and width", REDUCE(F, 4 | 8, 1),                                  \
     .in = {IN_RANGE(LO, HI, 3, 4, 5, 6)}, .out = S(3, 4, 1, 1), .batch = FVI_BATCH_EXACT},   \
    {.name = NAME ": channels", REDUCE(F, 2, 0),                                              \
     .in = {IN_RANGE(LO, HI, 3, 5, 4, 6)}, .out = S(3, 4, 6), .batch = FVI_BATCH_EXACT},      \
    {.name = NAME ": last axis", REDUCE(F, 4, 1),                                             \
     .in = {IN_RANGE(LO, HI, 2, 3, 37)}, .out = S(2, 3, 1), .batch = FVI_BATCH_EXACT},        \
    {.name = NAME ": first and third", REDUCE(F, 1 | 4, 0),                                   \
     .in = {IN_RANGE(LO, HI, 3, 2, 4, 5)}, .out = S(2, 5)},                                   \
    {.name = NAME ": everything", REDUCE(F, 7, 0),                                            \
     .in = {IN_RANGE(LO, HI, 2, 3, 4)}, .out = SCALAR}

static const float ties[] = {1, 3, 3, 3, 0, -2,   5, 5, 1, 0, -1, -1};
static const float max_gradient[] = {0, 1 / 3.f, 1 / 3.f, 1 / 3.f, 0, 0,  0.5f, 0.5f, 0, 0, 0, 0};
static const float min_gradient[] = {0, 0, 0, 0, 0, 1,   0, 0, 0, 0, 0.5f, 0.5f};
static const float zeros[] = {2, 3, 4,   2, 0, 4,   0, 3, 0};
static const float prod_gradient[] = {12, 8, 6,   0, 8, 0,   0, 0, 0};
static const float nothing[] = {0, 0, 0,   3, 0, -4};
static const float l2_gradient[] = {0, 0, 0,   0.6f, 0, -0.8f};
static const float l1_gradient[] = {0, 0, 0,   1, 0, -1};
static const float huge[] = {1e25f, -1e25f, 1e25f, 1e25f};
static const float huge_gradient[] = {0.5f, -0.5f, 0.5f, 0.5f};
static const float hot[] = {600, 599, -600};
static const float hot_gradient[] = {0.7310586f, 0.2689414f, 0};

static const fvi_case cases[] = {
    FUNCTION("mean", MEAN, 0, 0),
    FUNCTION("sum", SUM, 0, 0),
    FUNCTION("max", MAX, 0, 0),
    FUNCTION("min", MIN, 0, 0),
    FUNCTION("product", PROD, 0.5f, 1.5f),
    FUNCTION("l1", L1, 0, 0),
    FUNCTION("l2", L2, 0, 0),
    FUNCTION("sum of squares", SUM_SQUARE, 0, 0),
    FUNCTION("log of sum", LOG_SUM, 0.1f, 1),
    FUNCTION("log of sum of exponentials", LOG_SUM_EXP, -3, 3),
    {.name = "mean of 224 x 224", REDUCE(MEAN, 4 | 8, 1), .in = {IN_RANGE(0.9f, 1, 1, 2, 224, 224)},
     .out = S(1, 2, 1, 1), .tol_forward = 2e-7, .batch = FVI_BATCH_EXACT},
    {.name = "mean over many channels, several blocks", REDUCE(MEAN, 2, 0),
     .in = {IN(2, 20, 23, 29)}, .out = S(2, 23, 29), .batch = FVI_BATCH_EXACT},
    {.name = "no axis at all", REDUCE(SUM_SQUARE, 0, 1), .in = {IN(2, 3)}, .out = S(2, 3)},
    {.name = "max: ties share", REDUCE(MAX, 2, 0),
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 6), .values = ties, .gradient = max_gradient}},
     .out = S(2)},
    {.name = "min: ties share", REDUCE(MIN, 2, 0),
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 6), .values = ties, .gradient = min_gradient}},
     .out = S(2)},
    {.name = "product: none, one, two zeros", REDUCE(PROD, 2, 0),
     .in = {{.how = FVI_IN_RUN, .shape = S(3, 3), .values = zeros, .gradient = prod_gradient}},
     .out = S(3)},
    {.name = "l2 at 0", REDUCE(L2, 2, 1),
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 3), .values = nothing, .gradient = l2_gradient}},
     .out = S(2, 1)},
    {.name = "l1 at 0", REDUCE(L1, 2, 1),
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 3), .values = nothing, .gradient = l1_gradient}},
     .out = S(2, 1)},
    {.name = "l2 of numbers whose squares overflow", REDUCE(L2, 1, 1),
     .in = {{.how = FVI_IN_RUN, .shape = S(4), .values = huge, .gradient = huge_gradient}},
     .out = S(1)},
    {.name = "log-sum-exp of large numbers", REDUCE(LOG_SUM_EXP, 1, 1),
     .in = {{.how = FVI_IN_RUN, .shape = S(3), .values = hot, .gradient = hot_gradient}},
     .out = S(1)},
    {.name = "sum of nothing", REDUCE(SUM, 2, 0), .in = {IN(2, 0, 3)}, .out = S(2, 3)},
    {.name = "product of nothing", REDUCE(PROD, 2, 0), .in = {IN(2, 0, 3)}, .out = S(2, 3)},
    {.name = "max of nothing", REDUCE(MAX, 2, 0), .in = {IN(2, 0, 3)}, .out = S(2, 3)},
    {.name = "nothing of nothing", REDUCE(MEAN, 2, 0), .in = {IN(2, 3, 0)}, .out = S(2, 0)},
};
// clang-format on
FVI_CASE_TABLE(reduce);
