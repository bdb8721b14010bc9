/* SPDX-License-Identifier: Apache-2.0 */
/* How a value's positions lie over the picture: as rows and columns of a map, whether the value is
 * [n][channels][h][w] or a transformer's [n][tokens][channels]. */
#ifndef FVI_GRAPH_POSITIONS_TOKEN_GRID_H
#define FVI_GRAPH_POSITIONS_TOKEN_GRID_H

#include "graph/positions/layout.h"

typedef enum fvi_grid_kind {
    FVI_GRID_NONE,  /* its positions are not known to lie over a picture */
    FVI_GRID_MAP,   /* each position is a cell of the map, or one of the tokens beside it */
    FVI_GRID_SPLIT, /* there are several numbers of a channel in a cell: heads, several maps */
    FVI_GRID_PAIRS  /* positions against positions: the weights of attention */
} fvi_grid_kind;

typedef struct fvi_grid_digit {
    fvi_direction direction;
    int64_t size, step; /* in cells */
    int64_t weight;     /* of the digit in the number of a position */
} fvi_grid_digit;

/* Where the cells of a map are among the positions of one sample, counted as by fvi_extent_at. */
typedef struct fvi_token_grid {
    fvi_grid_kind kind;
    int channel;           /* the axis of the channels */
    int64_t rows, columns; /* MAP; else 0 */
    int64_t before, after; /* tokens beside the map, at each end: class tokens, registers */
    int is_sequence;       /* rows and columns are in one axis: tokens */
    int of_picture;        /* the map lies over the picture; 0: over a map computed from it */
    fvi_stretch over[2];   /* what rows and columns lie over in the picture: all of it, unless it
                              was cropped or padded */
    fvi_stretch seen[2];   /* what was not cropped off before */
    int64_t several;       /* SPLIT: how many numbers */
    int is_lost;           /* SPLIT: rows or columns are no longer followed */
    int n;
    fvi_grid_digit digit[FVI_MAX_DIMS * FVI_LAYOUT_PIECES];
    int64_t base;              /* the position of the first cell in memory */
    int64_t shift[2], wrap[2]; /* row r is at (r + shift) modulo wrap, in cells */
} fvi_token_grid;

/* Whether it is a map of more than one row and column. */
int fvi_token_grid_is_map(const fvi_token_grid *t);

/* The position of a cell of a MAP. */
int64_t fvi_token_grid_position(const fvi_token_grid *t, int64_t row, int64_t column);

/* The cell of a position. Returns 0 where the position is no cell of the map. */
int fvi_token_grid_cell(const fvi_token_grid *t, int64_t position, int64_t *row, int64_t *column);

/* Reads off a value's layout how its positions lie over the picture.
 *   layouts  of all values, by fvi_graph_layouts
 *   channel  the axis of its channels */
void fvi_token_grid_of(const fvi_graph *g, const fvi_layout *layouts, int value, int channel,
                       fvi_token_grid *out);

/* The same for one value.  errors  NOMEM */
fv_status fvi_token_grid_find(const fvi_graph *g, const fv_input *in, int value, int channel,
                              fvi_token_grid *out, fv_error *err);

/* Why a value of that shape is no map over the picture: "its positions are tokens by tokens ...".
 */
#define FVI_GRID_TEXT 160
const char *fvi_token_grid_text(const fvi_token_grid *t, char text[FVI_GRID_TEXT]);

#endif
