/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of plots share. Order of use: begin, draw, end. */
#ifndef FVI_DRAW_PLOT_H
#define FVI_DRAW_PLOT_H

#include "draw/palette.h"

/* The layout, in pixels; the plot itself is [top, bottom) x [left, right). */
typedef struct fvi_plot {
    fv_plot_desc desc;      /* with defaults filled in */
    fv_image *onto, *title; /* title: drawn, or NULL */
    int left, right, top, bottom;
    double low, high, step; /* of the vertical axis */
} fvi_plot;

extern const fvi_rgb fvi_plot_light, fvi_plot_dark;

/* Checks that there are at least n_least numbers, all finite.  errors  ARG */
fv_status fvi_plot_check(const float *values, int64_t count, int n_least, fv_error *err);

/* A copy in which numbers that are not finite, which plots refuse, are 0; g_free it. NULL: out of
 * memory. */
float *fvi_plot_finite(const float *values, int64_t count);

/* Makes the picture with its vertical axis.
 *   low, high  values the axis must cover
 *   errors     ARG a size outside 64..16384; NOMEM. fvi_plot_end must be called also on failure */
fv_status fvi_plot_begin(fvi_plot *p, const fv_plot_desc *desc, double low, double high,
                         fv_error *err);

/* The row of a value. */
int fvi_plot_row(const fvi_plot *p, double value);
/* Fills rows y0..y1 - 1 of columns x0..x1 - 1, clipped to the picture. */
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

/* Draws the title and the texts at the ends, and returns the picture; frees it if st is not OK.
 *   low, high  texts at the ends unless the desc has them; high NULL: none
 *   returns    st, or the failure here */
fv_status fvi_plot_end(fvi_plot *p, fv_status st, const char *low, const char *high, fv_image **out,
                       fv_error *err);

#endif
