/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of group norm (instance norm is one of them) and layer norm. */
#include "../harness.h"

#define GROUP(GROUPS, EPSILON) \
    .kind = FVI_GROUP_NORM, .a.norm = {.groups = (GROUPS), .epsilon = (EPSILON)}
#define LAYER(AXIS, EPSILON) \
    .kind = FVI_LAYER_NORM, .a.norm = {.axis = (AXIS), .epsilon = (EPSILON)}

// clang-format off
static const fvi_case cases[] = {
    {.name = "group: 2 groups", GROUP(2, 1e-5f), .in = {IN(3, 4, 3, 5), CONST(4), CONST(4)},
     .out = S(3, 4, 3, 5), .batch = FVI_BATCH_EXACT},
    {.name = "group: instance norm", GROUP(3, 1e-5f), .in = {IN(2, 3, 4, 4), CONST(3), CONST(3)},
     .out = S(2, 3, 4, 4), .batch = FVI_BATCH_EXACT},
    {.name = "group: one group, 1-D", GROUP(1, 1e-3f), .in = {IN(2, 6, 5), CONST(6), CONST(6)},
     .out = S(2, 6, 5), .batch = FVI_BATCH_EXACT},
    {.name = "group: far from zero", GROUP(2, 1e-5f),
     .in = {IN_RANGE(99, 101, 2, 4, 5, 5), CONST(4), CONST(4)}, .out = S(2, 4, 5, 5),
     .tol_forward = 1e-4, .batch = FVI_BATCH_EXACT},
    {.name = "group: scale and shift at run time", GROUP(2, 1e-5f),
     .in = {IN(3, 4, 2, 3), IN(4), IN(4)}, .out = S(3, 4, 2, 3)},
    {.name = "group: large, threads", GROUP(4, 1e-5f),
     .in = {IN(2, 8, 31, 33), CONST(8), CONST(8)}, .out = S(2, 8, 31, 33),
     .batch = FVI_BATCH_EXACT},
    {.name = "layer: last axis", LAYER(2, 1e-6f), .in = {IN(2, 5, 33), CONST(33), CONST(33)},
     .out = S(2, 5, 33), .batch = FVI_BATCH_EXACT},
    {.name = "layer: three axes", LAYER(1, 1e-5f),
     .in = {IN(3, 4, 3, 2), CONST(4, 3, 2), CONST(4, 3, 2)}, .out = S(3, 4, 3, 2),
     .batch = FVI_BATCH_EXACT},
    {.name = "layer: no scale, no shift", LAYER(1, 1e-5f), .in = {IN(3, 16)}, .out = S(3, 16),
     .batch = FVI_BATCH_EXACT},
    {.name = "layer: a shift alone", LAYER(1, 1e-5f), .in = {IN(3, 16), NONE, CONST(16)},
     .out = S(3, 16), .batch = FVI_BATCH_EXACT},
    {.name = "layer: one number as scale", LAYER(1, 1e-5f), .in = {IN(3, 16), CONST(1), CONST(16)},
     .out = S(3, 16)},
    {.name = "layer: scale and shift at run time", LAYER(2, 1e-5f),
     .in = {IN(3, 4, 8), IN(8), IN(8)}, .out = S(3, 4, 8)},
    {.name = "layer: far from zero", LAYER(1, 1e-5f),
     .in = {IN_RANGE(99, 101, 4, 48), CONST(48), CONST(48)}, .out = S(4, 48), .tol_forward = 1e-4,
     .batch = FVI_BATCH_EXACT},
    {.name = "layer: large, threads", LAYER(2, 1e-5f), .in = {IN(2, 49, 96), CONST(96), CONST(96)},
     .out = S(2, 49, 96), .batch = FVI_BATCH_EXACT},
    {.name = "layer: no rows", LAYER(1, 1e-5f), .in = {IN(0, 4), CONST(4), CONST(4)},
     .out = S(0, 4)},
    {.name = "group: nothing", GROUP(2, 1e-5f), .in = {IN(2, 4, 0), CONST(4), CONST(4)},
     .out = S(2, 4, 0)},
};
// clang-format on
FVI_CASE_TABLE(norm);
