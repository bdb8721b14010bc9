/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of resize: growing, shrinking, few and many taps, the outside. Taps are written by hand. */
#include "../harness.h"

#define RESIZE .kind = FVI_RESIZE, .a.resize
#define TAPS(NAME, T) \
    { .entries = (T), .index = NAME##_i, .weight = NAME##_w }

/* 3 -> 6, nearest */
static const int32_t near_i[] = {0, 0, 1, 1, 2, 2};
static const float near_w[] = {1, 1, 1, 1, 1, 1};
/* 4 -> 7, linear, corners aligned */
static const int32_t linear_i[] = {0, 1, 0, 1, 1, 2, 1, 2, 2, 3, 2, 3, 3, 3};
static const float linear_w[] = {1, 0, 0.5f, 0.5f, 1, 0, 0.5f, 0.5f, 1, 0, 0.5f, 0.5f, 1, 0};
/* 4 -> 8, cubic, repeated edges */
static const int32_t cubic_i[] = {0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 1, 2, 0, 1, 2, 3,
                                  0, 1, 2, 3, 1, 2, 3, 3, 1, 2, 3, 3, 2, 3, 3, 3};
static const float cubic_w[] = {-.035f, .262f, .879f, -.106f, -.106f, .879f, .262f, -.035f,
                                -.035f, .262f, .879f, -.106f, -.106f, .879f, .262f, -.035f,
                                -.035f, .262f, .879f, -.106f, -.106f, .879f, .262f, -.035f,
                                -.035f, .262f, .879f, -.106f, -.106f, .879f, .262f, -.035f};
/* 6 -> 2, antialiased: three taps */
static const int32_t anti_i[] = {0, 1, 2, 3, 4, 5};
static const float anti_w[] = {.3f, .4f, .3f, .25f, .5f, .25f};
/* 3 -> 5, linear, beyond the edges: -1 is the extrapolation value */
static const int32_t out_i[] = {-1, -1, 0, 1, 1, 1, 1, 2, 2, -1};
static const float out_w[] = {.5f, .5f, .5f, .5f, 1, 0, .25f, .75f, .5f, .5f};

// clang-format off
static const fvi_case cases[] = {
    {.name = "nearest, both axes", RESIZE = {.axis = {[2] = TAPS(near, 1), [3] = TAPS(near, 1)}},
     .in = {IN(3, 2, 3, 3)}, .out = S(3, 2, 6, 6), .batch = FVI_BATCH_EXACT},
    {.name = "linear, both axes", RESIZE = {.axis = {[2] = TAPS(linear, 2), [3] = TAPS(linear, 2)}},
     .in = {IN(2, 3, 4, 4)}, .out = S(2, 3, 7, 7), .batch = FVI_BATCH_EXACT},
    {.name = "cubic grows, antialiased shrinks",
     RESIZE = {.axis = {[2] = TAPS(cubic, 4), [3] = TAPS(anti, 3)}},
     .in = {IN(2, 2, 4, 6)}, .out = S(2, 2, 8, 2), .batch = FVI_BATCH_EXACT},
    {.name = "channels last", RESIZE = {.axis = {[1] = TAPS(linear, 2), [2] = TAPS(cubic, 4)}},
     .in = {IN(2, 4, 4, 5)}, .out = S(2, 7, 8, 5), .batch = FVI_BATCH_EXACT},
    {.name = "one axis of a signal", RESIZE = {.axis = {[2] = TAPS(cubic, 4)}},
     .in = {IN(3, 2, 4)}, .out = S(3, 2, 8), .batch = FVI_BATCH_EXACT},
    {.name = "extrapolation", RESIZE = {.axis = {[2] = TAPS(out, 2), [3] = TAPS(out, 2)},
                                        .extrapolation = 3},
     .in = {IN(2, 2, 3, 3)}, .out = S(2, 2, 5, 5), .batch = FVI_BATCH_EXACT},
    {.name = "extrapolation by 0", RESIZE = {.axis = {[1] = TAPS(out, 2)}},
     .in = {IN(2, 3, 4)}, .out = S(2, 5, 4), .batch = FVI_BATCH_EXACT},
    {.name = "three axes", RESIZE = {.axis = {TAPS(near, 1), TAPS(anti, 3), TAPS(linear, 2)}},
     .in = {IN(3, 6, 4)}, .out = S(6, 2, 7)},
    {.name = "no axis", RESIZE = {.extrapolation = 0}, .in = {IN(2, 3)}, .out = S(2, 3)},
    {.name = "large, threads", RESIZE = {.axis = {[1] = TAPS(near, 1), [2] = TAPS(linear, 2)}},
     .in = {IN(2, 3, 4, 900)}, .out = S(2, 6, 7, 900), .batch = FVI_BATCH_EXACT},
};
// clang-format on
FVI_CASE_TABLE(resize);
