/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of grid sampling: every mode with every padding and every unit; points reach far outside.
 * Gradients that are not the adjoint. */
#include "../harness.h"

#define GRID(MODE, PADDING, UNIT) \
    .kind = FVI_GRID_SAMPLE, .a.grid_sample = {FVI_GRID_##MODE, FVI_GRID_##PADDING, FVI_GRID_##UNIT}
#define POINTS(...) IN_RANGE(-2.7f, 2.7f, __VA_ARGS__)
#define CELLS(...)  IN_RANGE(-6, 9, __VA_ARGS__)

/* Halves, inside and outside, of a row of four: x of (x, 0). */
static const float halves[] = {-1.5f, 0, -0.5f, 0, 0.5f, 0, 1.5f, 0, 2.5f, 0, 3.5f, 0, 4.5f, 0};

/* A quarter turn of 3 x 3 cells, and the one that turns it back: (x, y) of every point. */
static const float quarter[] = {0, 2, 0, 1, 0, 0, 1, 2, 1, 1, 1, 0, 2, 2, 2, 1, 2, 0};
static const float quarter_back[] = {2, 0, 2, 1, 2, 2, 1, 0, 1, 1, 1, 2, 0, 0, 0, 1, 0, 2};

/* Half a cell on in 2 x 3 cells, and half a cell back. */
static const float half_on[] = {0.5f, 0.5f, 1.5f, 0.5f, 2.5f, 0.5f,
                                0.5f, 1.5f, 1.5f, 1.5f, 2.5f, 1.5f};
static const float half_back[] = {-0.5f, -0.5f, 0.5f, -0.5f, 1.5f, -0.5f,
                                  -0.5f, 0.5f,  0.5f, 0.5f,  1.5f, 0.5f};

/* Points for 2 x 2 cells, and what is read there of a gradient of 2 x 3 ones. */
static const float backs[] = {0.25f, 0.5f, 2.5f, 0, -0.5f, -0.5f, 1.5f, 1};
static const float linear_backs[] = {1, 0.5f, 0.25f, 1};
static const float nearest_backs[] = {1, 0, 0, 1};
static const float summed_backs[] = {2, 0, 0, 2}; /* of two samples */

// clang-format off
static const fvi_case cases[] = {
    {.name = "grid: nearest, zeros", GRID(NEAREST, ZEROS, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, zeros, corners", GRID(NEAREST, ZEROS, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, border", GRID(NEAREST, BORDER, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, border, corners", GRID(NEAREST, BORDER, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, reflection", GRID(NEAREST, REFLECTION, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, reflection, corners", GRID(NEAREST, REFLECTION, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, zeros", GRID(LINEAR, ZEROS, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, zeros, corners", GRID(LINEAR, ZEROS, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, border", GRID(LINEAR, BORDER, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, border, corners", GRID(LINEAR, BORDER, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, reflection", GRID(LINEAR, REFLECTION, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, reflection, corners", GRID(LINEAR, REFLECTION, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, zeros", GRID(CUBIC, ZEROS, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, zeros, corners", GRID(CUBIC, ZEROS, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, border", GRID(CUBIC, BORDER, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, border, corners", GRID(CUBIC, BORDER, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, reflection", GRID(CUBIC, REFLECTION, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, reflection, corners", GRID(CUBIC, REFLECTION, CORNERS),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: nearest, three axes", GRID(NEAREST, ZEROS, CORNERS),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: linear, three axes", GRID(LINEAR, ZEROS, CORNERS),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: cubic, three axes", GRID(CUBIC, ZEROS, CORNERS),
     .in = {IN(1, 2, 3, 4, 5), POINTS(1, 2, 2, 3, 3)}, .out = S(1, 2, 2, 2, 3)},
    {.name = "grid: one axis, reflection", GRID(LINEAR, REFLECTION, EDGES),
     .in = {IN(2, 2, 5), POINTS(2, 4, 1)}, .out = S(2, 2, 4)},
    {.name = "grid: one grid for all samples", GRID(LINEAR, BORDER, EDGES),
     .in = {IN(3, 2, 4, 4), POINTS(1, 2, 3, 2)}, .out = S(3, 2, 2, 3)},
    {.name = "grid: one picture for all grids", GRID(LINEAR, ZEROS, EDGES),
     .in = {IN(1, 2, 4, 4), POINTS(3, 2, 3, 2)}, .out = S(3, 2, 2, 3)},
    {.name = "grid: a constant grid", GRID(LINEAR, ZEROS, EDGES),
     .in = {IN(2, 8, 9, 9), CONST(2, 20, 30, 2)}, .out = S(2, 8, 20, 30)},
    {.name = "grid: one cell, corners", GRID(LINEAR, REFLECTION, CORNERS),
     .in = {IN(1, 2, 1, 1), POINTS(1, 2, 2, 2)}, .out = S(1, 2, 2, 2)},
    {.name = "grid: no points", GRID(LINEAR, ZEROS, EDGES),
     .in = {IN(1, 2, 3, 3), POINTS(1, 0, 2, 2)}, .out = S(1, 2, 0, 2)},
    {.name = "grid: nearest, cells", GRID(NEAREST, REFLECTION, INDEX),
     .in = {IN(2, 3, 5, 4), CELLS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: linear, cells", GRID(LINEAR, REFLECTION, INDEX),
     .in = {IN(2, 3, 5, 4), CELLS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: cubic, cells", GRID(CUBIC, BORDER, INDEX),
     .in = {IN(2, 3, 5, 4), CELLS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: halves to even", GRID(NEAREST, ZEROS, INDEX),
     .in = {IN(1, 2, 1, 4), CONST_VALUES(halves, 1, 1, 7, 2)}, .out = S(1, 2, 1, 7)},
    {.name = "grid: halves away, zeros", GRID(NEAREST_AWAY, ZEROS, INDEX),
     .in = {IN(1, 2, 1, 4), CONST_VALUES(halves, 1, 1, 7, 2)}, .out = S(1, 2, 1, 7)},
    {.name = "grid: halves away, border", GRID(NEAREST_AWAY, BORDER, INDEX),
     .in = {IN(1, 2, 1, 4), CONST_VALUES(halves, 1, 1, 7, 2)}, .out = S(1, 2, 1, 7)},
    {.name = "grid: halves away, reflection", GRID(NEAREST_AWAY, REFLECTION, INDEX),
     .in = {IN(1, 2, 1, 4), CONST_VALUES(halves, 1, 1, 7, 2)}, .out = S(1, 2, 1, 7)},
    {.name = "grid: away, edges", GRID(NEAREST_AWAY, REFLECTION, EDGES),
     .in = {IN(2, 3, 5, 4), POINTS(2, 3, 6, 2)}, .out = S(2, 3, 3, 6), .batch = FVI_BATCH_EXACT},
    {.name = "grid: turned back, the adjoint", GRID(NEAREST_AWAY, ZEROS, INDEX),
     .in = {IN(2, 2, 3, 3), CONST_VALUES(quarter, 1, 3, 3, 2),
            CONST_VALUES(quarter_back, 1, 3, 3, 2)}, .out = S(2, 2, 3, 3),
     .batch = FVI_BATCH_EXACT},
    {.name = "grid: half a cell back, the adjoint", GRID(LINEAR, ZEROS, INDEX),
     .in = {IN(2, 2, 2, 3), CONST_VALUES(half_on, 1, 2, 3, 2),
            CONST_VALUES(half_back, 1, 2, 3, 2)}, .out = S(2, 2, 2, 3), .batch = FVI_BATCH_EXACT},
    {.name = "grid: turned back, at run time", GRID(LINEAR, BORDER, INDEX),
     .in = {CONST(1, 2, 3, 3), IN_RANGE(0.1f, 0.4f, 1, 3, 3, 2),
            {.how = FVI_IN_RUN, .shape = S(1, 3, 3, 2), .lo = 0, .hi = 2}}, .out = S(1, 2, 3, 3)},
    {.name = "grid: turned back, linear", GRID(LINEAR, BORDER, INDEX),
     .in = {{.how = FVI_IN_RUN, .shape = S(1, 1, 2, 2), .gradient = linear_backs},
            CONST(1, 2, 3, 2), CONST_VALUES(backs, 1, 2, 2, 2)},
     .out = S(1, 1, 2, 3)},
    {.name = "grid: turned back, nearest", GRID(NEAREST_AWAY, ZEROS, INDEX),
     .in = {{.how = FVI_IN_RUN, .shape = S(1, 1, 2, 2), .gradient = nearest_backs},
            CONST(1, 2, 3, 2), CONST_VALUES(backs, 1, 2, 2, 2)},
     .out = S(1, 1, 2, 3)},
    {.name = "grid: turned back, one picture", GRID(NEAREST_AWAY, ZEROS, INDEX),
     .in = {{.how = FVI_IN_RUN, .shape = S(1, 1, 2, 2), .gradient = summed_backs},
            CONST(2, 2, 3, 2), CONST_VALUES(backs, 1, 2, 2, 2)},
     .out = S(2, 1, 2, 3)},
};
// clang-format on
FVI_CASE_TABLE(grid);
