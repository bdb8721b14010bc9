/* SPDX-License-Identifier: Apache-2.0 */
/* Which positions of the picture the elements along a value's axes stand for. */
#ifndef FVI_GRAPH_POSITIONS_LAYOUT_H
#define FVI_GRAPH_POSITIONS_LAYOUT_H

#include "graph/graph.h"

/* Pieces of one axis; more than are met: rows and columns, of windows in windows in windows. */
#define FVI_LAYOUT_PIECES 10

typedef enum fvi_direction { FVI_ROWS, FVI_COLUMNS, FVI_SAMPLES, FVI_NO_DIRECTION } fvi_direction;

/* An axis is a mixed-radix number; this is one of its digits. A digit of 1 more along rows is
 * `step` rows further down. */
typedef struct fvi_layout_piece {
    fvi_direction direction;
    int64_t size, step;
} fvi_layout_piece;

/* `before` elements that stand for no position (class tokens, registers), then the product of the
 * pieces' sizes, outermost first, then `after` more. */
typedef struct fvi_axis_layout {
    int64_t before, after;
    int n;
    fvi_layout_piece piece[FVI_LAYOUT_PIECES];
} fvi_axis_layout;

/* A stretch of the picture's height (width): 0 is its upper (left) border, 1 the lower (right). */
typedef struct fvi_stretch {
    double low, high;
} fvi_stretch;

/* The rows (columns) that the pieces count: row = start + sum of digits times steps, modulo
 * `extent`. Rows pad .. pad + cells - 1 are on the map, all others are padding.
 *   over  what the rows on the map lie over
 *   seen  the picture without what was cropped off before */
typedef struct fvi_layout_frame {
    int64_t extent, cells, pad, start;
    fvi_stretch over, seen;
} fvi_layout_frame;

typedef struct fvi_layout {
    int known;   /* 0: the value does not depend on the picture, or is not followed */
    int picture; /* the map lies over the picture; 0: only over a map computed from it */
    fvi_layout_frame frame[2]; /* of rows, of columns */
    fvi_axis_layout axis[FVI_MAX_DIMS];
} fvi_layout;

/* What the rows (columns) from .. to of a frame lie over. */
fvi_stretch fvi_frame_stretch(const fvi_layout_frame *f, double from, double to);

/* Whether pieces of an axis have that direction. */
int fvi_axis_has(const fvi_axis_layout *a, fvi_direction direction);

/* The layouts of all values of a graph.
 *   in      description of the network's picture; all are unknown if it is none
 *   out     [n_values]; to be freed with free
 *   errors  NOMEM */
fv_status fvi_graph_layouts(const fvi_graph *g, const fv_input *in, fvi_layout **out,
                            fv_error *err);

#endif
