/* SPDX-License-Identifier: Apache-2.0 */
/* The graph form of a transform: nodes of a graph that do what its two directions on the processor
 * do, and the input that is given its random choices before each update. */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_FORM_H
#define FVI_VIS_TRANSFORM_TRANSFORM_FORM_H

#include "graph/build/given.h"
#include "signal/sample.h"

/* Heights and widths that can occur between two transforms of a chain. */
typedef struct fvi_sizes {
    int64_t low[2], high[2]; /* h, w */
} fvi_sizes;

/* Whether there is only one size. */
int fvi_sizes_fixed(const fvi_sizes *s);

/* Where a chain's graph form is made. */
typedef struct fvi_form_site {
    fvi_builder *builder;
    fvi_given_list *given;
    int samples; /* pictures, each with its own random choices */
} fvi_form_site;

/* The graph form of one transform, or of several moves done in one. Where sizes are drawn, a
 * picture is in the upper left corner of a canvas of the largest size, with zeros outside. */
typedef struct fvi_form {
    fvi_sizes in, out;
    int64_t numbers; /* of a sample's random choices */
    float *choices;  /* [samples][numbers]; NULL: there are none */
    int input;       /* their value */
} fvi_form;

/* Makes the input for the random choices, if the form has none yet; returns its value
 * [samples][numbers]. */
int fvi_form_choices(const fvi_form_site *site, fvi_form *f, int64_t numbers);
/* Numbers first, first + 1, ... of every sample's choices, in a shape that begins with samples. */
int fvi_form_part(const fvi_form_site *site, int choices, int64_t first, const fvi_shape *shape);

/* Fails unless one size goes in and comes out. Returns whether it does. */
int fvi_form_needs_fixed(const fvi_form_site *site, const fvi_form *f, const char *what);

/* ---- sampling --------------------------------------------------------------------------------
 *
 * The points at which a picture is sampled are row[y] + column[x], two numbers (x, y) each, in
 * pixels: an affine map has this form, and so have whole-pixel moves with any edge, whose rows and
 * columns are looked up on the host. */

#define FVI_FORM_OUTSIDE (-1e9F) /* a position at which a picture is 0 */

/* How many numbers h rows and w columns of a grid are. */
int64_t fvi_form_lines(int64_t h, int64_t w);

/* An affine map as rows and columns of a grid. */
typedef struct fvi_form_map {
    const fvi_affine *map;
    int64_t rows, columns; /* of the output's canvas */
    int h, w;              /* of the output; outside it nothing is read */
    int parts, side;       /* grid points a side of each pixel, and how many of them are used */
} fvi_form_map;
/* Writes fvi_form_lines(rows parts, columns parts) numbers. */
void fvi_form_put_map(const fvi_form_map *m, float *to);

/* How a picture is sampled in a graph. */
typedef struct fvi_form_sampler {
    fvi_grid_mode mode;
    fvi_edge edge;
    float grey;
    int64_t h, w; /* rows and columns of the grid */
    int back;     /* value of the grid at which the gradient is sampled instead; -1: the adjoint */
} fvi_form_sampler;

/* The grid [samples][h][w][2] of the rows and columns that begin at choice `first`. */
int fvi_form_grid(const fvi_form_site *site, int choices, int64_t first, int64_t h, int64_t w);
/* x [samples][c][.][.] -> [samples][c][h][w], at the rows and columns that the choices begin with.
 */
int fvi_form_sample(const fvi_form_site *site, const fvi_form_sampler *how, int x, int choices);

#endif
