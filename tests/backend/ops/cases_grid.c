/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of grid sampling: every mode with every padding and both meanings of a corner; points reach
 * far outside. */
#include "harness.h"

#define GRID(MODE, PADDING, ALIGN) \
    .kind = FVI_GRID_SAMPLE, .a.grid_sample = {FVI_GRID_##MODE, FVI_GRID_##PADDING, ALIGN}
#define POINTS(...) IN_RANGE(-2.7f, 2.7f, __VA_ARGS__)

// clang-format off
static const fvi_case cases[] = {
    {.name = "grid: nearest, zeros", GRID(NEAREST, ZEROS, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, zeros, corners", GRID(NEAREST, ZEROS, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, border", GRID(NEAREST, BORDER, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, border, corners", GRID(NEAREST, BORDER, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, reflection", GRID(NEAREST, REFLECTION, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, reflection, corners", GRID(NEAREST, REFLECTION, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, zeros", GRID(LINEAR, ZEROS, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, zeros, corners", GRID(LINEAR, ZEROS, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, border", GRID(LINEAR, BORDER, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, border, corners", GRID(LINEAR, BORDER, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, reflection", GRID(LINEAR, REFLECTION, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, reflection, corners", GRID(LINEAR, REFLECTION, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, zeros", GRID(CUBIC, ZEROS, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, zeros, corners", GRID(CUBIC, ZEROS, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, border", GRID(CUBIC, BORDER, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, border, corners", GRID(CUBIC, BORDER, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, reflection", GRID(CUBIC, REFLECTION, 0),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, reflection, corners", GRID(CUBIC, REFLECTION, 1),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, three axes", GRID(NEAREST, ZEROS, 1),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: linear, three axes", GRID(LINEAR, ZEROS, 1),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: cubic, three axes", GRID(CUBIC, ZEROS, 1),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: one axis, reflection", GRID(LINEAR, REFLECTION, 0),
     .in = {IN(2, 2, 5), POINTS(2, 4, 1)}, .out = S(2, 2, 4)},
    {.name = "grid: one grid for all samples", GRID(LINEAR, BORDER, 0),
     .in = {IN(3, 2, 4, 4), POINTS(1, 2, 3, 2)}, .out = S(3, 2, 2, 3)},
    {.name = "grid: one picture for all grids", GRID(LINEAR, ZEROS, 0),
     .in = {IN(1, 2, 4, 4), POINTS(3, 2, 3, 2)}, .out = S(3, 2, 2, 3)},
    {.name = "grid: a constant grid", GRID(LINEAR, ZEROS, 0),
     .in = {IN(2, 8, 9, 9), CONST(2, 20, 30, 2)}, .out = S(2, 8, 20, 30)},
    {.name = "grid: one cell, corners", GRID(LINEAR, REFLECTION, 1),
     .in = {IN(1, 2, 1, 1), POINTS(1, 2, 2, 2)}, .out = S(1, 2, 2, 2)},
    {.name = "grid: no points", GRID(LINEAR, ZEROS, 0),
     .in = {IN(1, 2, 3, 3), POINTS(1, 0, 2, 2)}, .out = S(1, 2, 0, 2)},
};
// clang-format on
FVI_CASE_TABLE(grid);
