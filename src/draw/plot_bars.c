/* SPDX-License-Identifier: Apache-2.0 */
/* Bar plots: numbers as bars from zero, red above it and blue below.
 *
 * Bars of at least 4 pixels have gaps between them. A column of pixels with several bars is drawn
 * from the least to the greatest of them (and zero), so that no peak is lost. What it does not do:
 * several series, names of bars.
 */
#include <glib.h>
#include <math.h>

#include "base/error.h"
#include "draw/plot.h"

enum { APART = 4 }; /* bars of at least this width have gaps */

/* A bar from zero up to `high` and down to `low`, each in the colour of its sign. */
static void draw_bar(const fvi_plot *p, double low, double high, int x0, int x1) {
    const int zero = fvi_plot_row(p, 0);
    const fvi_rgb above = fvi_palette_sign(1), below = fvi_palette_sign(-1);
    fvi_plot_fill(p, fvi_plot_row(p, high), zero, x0, x1, &above);
    fvi_plot_fill(p, zero + 1, fvi_plot_row(p, low) + 1, x0, x1, &below);
}

/* Bars narrower than a pixel: draws each column from its least to its greatest value. */
static void draw_columns(const fvi_plot *p, const float *values, int count) {
    const int width = p->right - p->left;
    for (int x = 0; x < width; x++) {
        int64_t from = (int64_t)x * count / width, to = (int64_t)(x + 1) * count / width;
        double low = 0, high = 0;
        for (int64_t i = from; i < MAX(to, from + 1); i++) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
        draw_bar(p, low, high, p->left + x, p->left + x + 1);
    }
}

static void draw_bars(const fvi_plot *p, const float *values, int count) {
    const int64_t width = p->right - p->left;
    for (int i = 0; i < count; i++) {
        int x0 = p->left + (int)(i * width / count);
        int x1 = p->left + (int)((i + 1) * width / count);
        int gap = x1 - x0 >= APART ? MAX(1, (x1 - x0) / 6) : 0;
        draw_bar(p, fmin(values[i], 0), fmax(values[i], 0), x0 + (gap + 1) / 2, x1 - gap / 2);
    }
}

fv_status fv_plot_bars(const float *values, int count, const fv_plot_desc *desc, fv_image **out,
                       fv_error *err) {
    fvi_plot p = {0};
    double low = 0, high = 0;
    char last[32];
    fv_status st = FVI_NOT_NULL(err, values, out);
    if (!st) st = fvi_plot_check(values, count, 1, err);
    if (st) return st;
    for (int i = 0; i < count; i++) {
        low = fmin(low, (double)values[i]);
        high = fmax(high, (double)values[i]);
    }
    st = fvi_plot_begin(&p, desc, low, high, err);
    if (!st && count > p.right - p.left)
        draw_columns(&p, values, count);
    else if (!st)
        draw_bars(&p, values, count);
    if (!st) fvi_plot_line(&p, 0);
    g_snprintf(last, sizeof last, "%d", count - 1);
    return fvi_plot_end(&p, st, "0", count > 1 ? last : NULL, out, err);
}
