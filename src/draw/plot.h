/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of plots share: see plot.c. Order of use: begin, draw, end. */
#ifndef FVI_DRAW_PLOT_H
#define FVI_DRAW_PLOT_H

#include "draw/palette.h"

/* Where everything goes, in pixels; the plot proper is [top, bottom) x [left, right). */
typedef struct fvi_plot {
    fv_plot_desc desc; /* without zeros */
    fv_image *onto;
    int left, right, top, bottom;
    double low, high, step; /* of the vertical axis */
} fvi_plot;

extern const fvi_rgb fvi_plot_blue, fvi_plot_red, fvi_plot_light, fvi_plot_dark;

/* That there are at least n_least numbers, all finite.  errors  ARG */
fv_status fvi_plot_check(const float *values, int64_t count, int n_least, fv_error *err);

/* A copy in which what is not finite, which plots refuse, is 0; g_free it. NULL: no memory. */
float *fvi_plot_finite(const float *values, int64_t count);

/* Makes the picture with its vertical axis.
 *   low, high  what the axis must hold
 *   errors     ARG a size outside 64..16384; NOMEM. fvi_plot_end is to be called all the same */
fv_status fvi_plot_begin(fvi_plot *p, const fv_plot_desc *desc, double low, double high,
                         fv_error *err);

/* The row of a value. */
int fvi_plot_row(const fvi_plot *p, double value);
/* Fills rows y0..y1 - 1 of columns x0..x1 - 1, cut off at the picture. */
void fvi_plot_fill(const fvi_plot *p, int y0, int y1, int x0, int x1, const fvi_rgb *color);
/* A dark line from left to right at a value. */
void fvi_plot_line(const fvi_plot *p, double value);
/* Where and how large a text is written. */
typedef struct fvi_plot_label {
    int pixels; /* height of the text */
    int y, x;   /* its top, and its left, middle or right */
    int align;  /* 0: x is its left; 1: its middle; 2: its right */
    int width;  /* the text is shortened to it */
} fvi_plot_label;
fv_status fvi_plot_text(const fvi_plot *p, const char *text, fvi_plot_label at, fv_error *err);

/* Writes title and ends, and hands the picture over; with a status that is not OK, frees it.
 *   low, high  what stands under the ends unless the desc says; high NULL: nothing
 *   returns    st, or what failed here */
fv_status fvi_plot_end(fvi_plot *p, fv_status st, const char *low, const char *high,
                       fv_image **out, fv_error *err);

#endif
