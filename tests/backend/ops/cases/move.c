/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the ops that only move numbers: identity, reshape, transpose, expand, slice, gather. */
#include "../harness.h"

#define SLICE(...) .kind = FVI_SLICE, .a.slice = {__VA_ARGS__}
#define PERM(...)  .kind = FVI_TRANSPOSE, .a.transpose = {.perm = {__VA_ARGS__}}
#define WORDS(list, ...) \
    { .how = FVI_IN_RUN, .shape = S(__VA_ARGS__), .values = list, .no_gradient = 1 }
#define RELU                                       \
    {                                              \
        .kind = FVI_UNARY, .a.unary = { FVI_RELU } \
    }

static const int64_t twice[] = {2, 0, 2, -1, 2};
static const int64_t grid[] = {0, 3, 1, 1, -4, 2};
static const float words[] = {2, 0, 2, -1, 1, 0, -3, 2, 1, 1};
static const float nothing[2 * 3 * 4];
static const int64_t first[] = {0};
static const int64_t last[] = {-1};
static const int64_t swin[] = {5, 4, 3, 2, 1, 0, 6, 6, 6, 2, 2, 8, 8, 7, 1, 0, 3, 4, 5, 6};

// clang-format off
static const fvi_case cases[] = {
    {.name = "identity", .kind = FVI_IDENTITY,
     .in = {IN(2, 3, 4)}, .out = S(2, 3, 4), .batch = FVI_BATCH_EXACT},
    {.name = "identity, then relu", .kind = FVI_IDENTITY,
     .in = {IN_AWAY(0, 2, 3, 4)}, .out = S(2, 3, 4), .n_then = 1, .then = {RELU}},
    {.name = "no gradient goes back", .kind = FVI_IDENTITY, .a.identity = {.stops = 1},
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 3, 4), .gradient = nothing}}, .out = S(2, 3, 4)},
    {.name = "no gradient goes back, then relu", .kind = FVI_IDENTITY, .a.identity = {.stops = 1},
     .in = {{.how = FVI_IN_RUN, .shape = S(2, 3, 4), .gradient = nothing}}, .out = S(2, 3, 4),
     .n_then = 1, .then = {RELU}},
    {.name = "identity of a scalar", .kind = FVI_IDENTITY, .in = {IN(1)}, .out = S(1)},
    {.name = "reshape: flatten", .kind = FVI_RESHAPE,
     .in = {IN(3, 4, 2, 5)}, .out = S(3, 40), .batch = FVI_BATCH_EXACT},
    {.name = "reshape to more axes, twice", .kind = FVI_RESHAPE,
     .in = {IN(6, 4)}, .out = S(2, 3, 1, 4), .n_then = 1, .then = {{.kind = FVI_RESHAPE}}},

    {.name = "transpose: nchw to nhwc", PERM(0, 2, 3, 1),
     .in = {IN(3, 5, 7, 6)}, .out = S(3, 7, 6, 5), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: nhwc to nchw", PERM(0, 3, 1, 2),
     .in = {IN(3, 7, 6, 5)}, .out = S(3, 5, 7, 6), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: several tiles each way", PERM(1, 0),
     .in = {IN(70, 101)}, .out = S(101, 70)},
    {.name = "transpose: three channels woven", PERM(0, 2, 3, 1),
     .in = {IN(2, 3, 7, 9)}, .out = S(2, 7, 9, 3), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: three channels woven, several tiles", PERM(1, 0),
     .in = {IN(3, 1100)}, .out = S(1100, 3)},
    {.name = "transpose: two and one of three axes", PERM(0, 2, 1),
     .in = {IN(3, 6, 2)}, .out = S(3, 2, 6), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: large nchw to nhwc, threads", PERM(0, 2, 3, 1),
     .in = {IN(2, 67, 16, 9)}, .out = S(2, 16, 9, 67), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: window partition", PERM(0, 1, 3, 2, 4, 5),
     .in = {IN(2, 2, 4, 3, 4, 5)}, .out = S(2, 2, 3, 4, 4, 5), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: attention heads", PERM(2, 0, 3, 1, 4),
     .in = {IN(2, 7, 3, 4, 5)}, .out = S(3, 2, 4, 7, 5)},
    {.name = "transpose: keys", PERM(0, 1, 3, 2),
     .in = {IN(2, 3, 9, 8)}, .out = S(2, 3, 8, 9), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: depth to space", PERM(0, 3, 4, 1, 5, 2),
     .in = {IN(2, 2, 3, 4, 3, 5)}, .out = S(2, 4, 3, 2, 5, 3), .batch = FVI_BATCH_EXACT},
    {.name = "transpose: reversed axes", PERM(3, 2, 1, 0),
     .in = {IN(2, 3, 4, 5)}, .out = S(5, 4, 3, 2)},
    {.name = "transpose: ones and nothing to do", PERM(0, 2, 1, 3),
     .in = {IN(1, 1, 6, 1)}, .out = S(1, 6, 1, 1)},
    {.name = "transpose: back again", PERM(1, 0, 2),
     .in = {IN(3, 3, 4)}, .out = S(3, 3, 4), .n_then = 1, .then = {{PERM(1, 0, 2)}}},

    {.name = "expand: middle axis", .kind = FVI_EXPAND,
     .in = {IN(2, 1, 5)}, .out = S(2, 4, 5), .batch = FVI_BATCH_EXACT},
    {.name = "expand: last axis and a new first one", .kind = FVI_EXPAND,
     .in = {IN(3, 1)}, .out = S(4, 3, 6)},
    {.name = "expand: a single number", .kind = FVI_EXPAND, .in = {IN(1)}, .out = S(3, 5)},
    {.name = "expand: large", .kind = FVI_EXPAND,
     .in = {IN(2, 3, 1, 1)}, .out = S(2, 3, 50, 70), .batch = FVI_BATCH_EXACT},
    {.name = "expand: nothing to do", .kind = FVI_EXPAND, .in = {IN(2, 3)}, .out = S(2, 3)},

    {.name = "slice: first axis, shared", SLICE(.start = {1, 0}, .step = {1, 1}),
     .in = {IN(4, 5)}, .out = S(2, 5)},
    {.name = "slice: every second row, not shared", SLICE(.start = {1, 0}, .step = {2, 1}),
     .in = {IN(4, 5)}, .out = S(2, 5)},
    {.name = "slice: every second channel of one sample",
     SLICE(.start = {0, 0, 0}, .step = {1, 2, 1}), .in = {IN(1, 6, 5)}, .out = S(1, 3, 5)},
    {.name = "slice: channels", SLICE(.start = {0, 2, 0, 0}, .step = {1, 1, 1, 1}),
     .in = {IN(3, 6, 4, 3)}, .out = S(3, 3, 4, 3), .batch = FVI_BATCH_EXACT},
    {.name = "slice: channels of one sample, then relu",
     SLICE(.start = {0, 2, 0, 0}, .step = {1, 1, 1, 1}), .in = {IN_AWAY(0, 1, 6, 4, 3)},
     .out = S(1, 3, 4, 3), .n_then = 1, .then = {RELU}},
    {.name = "slice: steps, Swin's patch merging",
     SLICE(.start = {0, 1, 0, 0}, .step = {1, 2, 2, 1}), .in = {IN(2, 6, 4, 5)}, .out = S(2, 3, 2, 5), .batch = FVI_BATCH_EXACT},
    {.name = "slice: backwards", SLICE(.start = {0, 4, 6}, .step = {1, -1, -3}),
     .in = {IN(2, 5, 7)}, .out = S(2, 5, 3), .batch = FVI_BATCH_EXACT},
    {.name = "slice: last axis", SLICE(.start = {0, 3}, .step = {1, 1}),
     .in = {IN(3, 9)}, .out = S(3, 4), .batch = FVI_BATCH_EXACT},
    {.name = "slice: one element", SLICE(.start = {1, 2}, .step = {1, 1}),
     .in = {IN(3, 4)}, .out = S(1, 1)},

    {.name = "gather: an index several times", .kind = FVI_GATHER, .a.axis = {1},
     .in = {IN(2, 3, 4), INDICES(twice, 5)}, .out = S(2, 5, 4), .batch = FVI_BATCH_EXACT},
    {.name = "gather: 2-D indices, last axis", .kind = FVI_GATHER, .a.axis = {1},
     .in = {IN(3, 4), INDICES(grid, 2, 3)}, .out = S(3, 2, 3), .batch = FVI_BATCH_EXACT},
    {.name = "gather: a scalar index, first axis", .kind = FVI_GATHER, .a.axis = {0},
     .in = {IN(4, 5), {.how = FVI_IN_CONST, .shape = SCALAR, .indices = last}}, .out = S(5)},
    {.name = "gather: the class token", .kind = FVI_GATHER, .a.axis = {1},
     .in = {IN(3, 7, 6), {.how = FVI_IN_CONST, .shape = SCALAR, .indices = first}},
     .out = S(3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "gather: rows of a table", .kind = FVI_GATHER, .a.axis = {0},
     .in = {IN(9, 6), INDICES(swin, 20)}, .out = S(20, 6)},
    {.name = "reshape: nothing", .kind = FVI_RESHAPE, .in = {IN(2, 0, 3)}, .out = S(0, 6)},
    {.name = "transpose: nothing", PERM(2, 0, 1), .in = {IN(2, 0, 3)}, .out = S(3, 2, 0)},
    {.name = "expand: nothing", .kind = FVI_EXPAND, .in = {IN(1, 0)}, .out = S(3, 0)},
    {.name = "slice: to nothing", SLICE(.start = {0, 3}, .step = {1, 1}), .in = {IN(2, 3)},
     .out = S(2, 0)},
    {.name = "gather: indices at run time, an axis inside", .kind = FVI_GATHER, .a.axis = {1},
     .in = {IN(2, 3, 4), WORDS(words, 5)}, .out = S(2, 5, 4)},
    {.name = "gather: words of a constant table", .kind = FVI_GATHER, .a.axis = {0},
     .in = {CONST(3, 6), WORDS(words, 2, 5)}, .out = S(2, 5, 6), .batch = FVI_BATCH_EXACT},
    {.name = "gather: one word, a table at run time", .kind = FVI_GATHER, .a.axis = {0},
     .in = {IN(3, 6), WORDS(words, 1)}, .out = S(1, 6)},
    {.name = "gather: nothing", .kind = FVI_GATHER, .a.axis = {1},
     .in = {IN(2, 3), INDICES(first, 0)}, .out = S(2, 0)},
};
// clang-format on
FVI_CASE_TABLE(move);
