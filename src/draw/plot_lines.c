/* SPDX-License-Identifier: Apache-2.0 */
/* Line plots: series of numbers over one axis, each in its colour, with its name. A single one is
 * red above zero and blue below, as bars and maps are.
 *
 * The colours are Okabe and Ito's ("Color Universal Design", 2008), which colour-blind people can
 * distinguish. A line joins its points with a stroke of 2 pixels, column by column, so that steep
 * segments have no holes; if a column has several points, the stroke covers all of them.
 * What it does not do: points without lines, error bars, a horizontal scale between the ends.
 */
#include <glib.h>
#include <math.h>

#include "base/error.h"
#include "draw/plot.h"
#include "image/image.h"

enum { SERIES_MAX = 8, STROKE = 2, NAME = 14, NAME_LINE = 18, NAME_ROOM = 160, INSET = 8 };

static const fvi_rgb colors[SERIES_MAX] = {{{0.000f, 0.447f, 0.698f}}, {{0.835f, 0.369f, 0.000f}},
                                           {{0.000f, 0.620f, 0.451f}}, {{0.800f, 0.475f, 0.655f}},
                                           {{0.902f, 0.624f, 0.000f}}, {{0.337f, 0.706f, 0.914f}},
                                           {{0.000f, 0.000f, 0.000f}}, {{0.550f, 0.500f, 0.100f}}};

/* How a line is coloured: one colour, or by the sign of its values. */
typedef struct ink {
    fvi_rgb above, below;
} ink;

/* A column of pixels: the line from the value at its left edge to that at its right edge, and all
 * points between. */
static void draw_column(const fvi_plot *p, const float *v, int count, int x, const ink *color) {
    const int width = p->right - p->left;
    double from = (double)x / width * (count - 1), to = (double)(x + 1) / width * (count - 1);
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int end = 0; end < 2; end++) {
        double t = fmin(end ? to : from, count - 1);
        int i = MIN((int)t, count - 2);
        double value = (double)v[i] + (t - i) * ((double)v[i + 1] - (double)v[i]);
        low = fmin(low, value);
        high = fmax(high, value);
    }
    for (int i = (int)ceil(from); i <= MIN((int)floor(to), count - 1); i++) {
        low = fmin(low, (double)v[i]);
        high = fmax(high, (double)v[i]);
    }
    int y0 = fvi_plot_row(p, high), y1 = fvi_plot_row(p, low);
    const int end = MAX(y1 + 1, y0 + STROKE), zero = MIN(fvi_plot_row(p, 0), p->bottom);
    fvi_plot_fill(p, y0, MIN(end, zero), p->left + x, p->left + x + 1, &color->above);
    fvi_plot_fill(p, MAX(y0, zero), end, p->left + x, p->left + x + 1, &color->below);
}

/* How many pixels of a box are covered by lines, that is, coloured. */
static int covered(const fvi_plot *p, int top, int left, int height) {
    const fv_image *o = p->onto;
    const int64_t n = (int64_t)o->height * o->width;
    int sum = 0;
    for (int y = MAX(top, 0); y < MIN(top + height, o->height); y++) {
        for (int x = MAX(left, 0); x < MIN(left + NAME_ROOM, o->width); x++) {
            const float *px = o->data + (int64_t)y * o->width + x;
            sum += fabsf(px[0] - px[n]) + fabsf(px[0] - px[2 * n]) > 0.1f;
        }
    }
    return sum;
}

/* Draws the names, one under the other, in the corner where they cover least of the lines. */
static fv_status draw_names(const fvi_plot *p, const char *const *names, int series,
                            fv_error *err) {
    fv_status st = FV_OK;
    const int height = series * NAME_LINE, lows[] = {p->top + INSET, p->bottom - INSET - height};
    const int lefts[] = {p->right - INSET - NAME_ROOM, p->left + INSET};
    int least = G_MAXINT, x = 0, y = 0;
    for (int corner = 0; corner < 4; corner++) {
        int cost = covered(p, lows[corner / 2], lefts[corner % 2], height);
        if (cost >= least) continue;
        least = cost;
        y = lows[corner / 2];
        x = lefts[corner % 2];
    }
    for (int s = 0; !st && s < series; s++) {
        if (!names[s] || !names[s][0]) continue;
        fvi_plot_fill(p, y + NAME / 2 - 1, y + NAME / 2 + 2, x, x + 2 * INSET, &colors[s]);
        fvi_plot_label at = {NAME, y, x + 3 * INSET, 0, NAME_ROOM - 3 * INSET};
        st = fvi_plot_text(p, names[s], at, err);
        y += NAME_LINE;
    }
    return st;
}

/* Checks the series, and finds the range of the axis. */
static fv_status span(const float *const *values, int series, int count, double *low, double *high,
                      fv_error *err) {
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (int s = 0; s < series; s++) {
        if (!values[s]) return fvi_fail(err, FV_ARG, "the values of line %d are NULL", s);
        fv_status st = fvi_plot_check(values[s], count, 2, err);
        if (st) return st;
        for (int i = 0; i < count; i++) {
            *low = fmin(*low, (double)values[s][i]);
            *high = fmax(*high, (double)values[s][i]);
        }
    }
    if (*low > 0 && *low < 0.2 * *high) *low = 0; /* begin the axis at zero if it is near */
    return FV_OK;
}

fv_status fv_plot_lines(const float *const *values, const char *const *names, int series, int count,
                        const fv_plot_desc *desc, fv_image **out, fv_error *err) {
    fvi_plot p = {0};
    double low, high;
    char last[32];
    fv_status st = FVI_NOT_NULL(err, values, out);
    if (st) return st;
    if (series < 1 || series > SERIES_MAX)
        return fvi_fail(err, FV_ARG, "a plot of %d lines cannot be drawn; there may be 1..%d",
                        series, SERIES_MAX);
    st = span(values, series, count, &low, &high, err);
    if (st) return st;
    st = fvi_plot_begin(&p, desc, low, high, err);
    for (int s = 0; !st && s < series; s++) {
        const ink color = series > 1 ? (ink){colors[s], colors[s]}
                                     : (ink){fvi_palette_sign(1), fvi_palette_sign(-1)};
        for (int x = 0; x < p.right - p.left; x++) draw_column(&p, values[s], count, x, &color);
    }
    if (!st && low <= 0 && high >= 0) fvi_plot_line(&p, 0);
    if (!st && names) st = draw_names(&p, names, series, err);
    g_snprintf(last, sizeof last, "%d", count - 1);
    return fvi_plot_end(&p, st, "0", last, out, err);
}
