/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: how often values occur, in bars of equal width from the least to the greatest value.
 *
 * As many bars as the square root of the number of values, at least 10 and at most one in 4 pixels;
 * bars of values below zero are blue, those above red; marks are dark lines from top to bottom at
 * their values, drawn over the bars.
 * What it does not do: logarithmic counts; several series.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/desc.h"
#include "base/error.h"
#include "draw/plot.h"

enum { BINS_MIN = 10, BIN_PIXELS = 4, BINS_MAX = 4096, WIDTH = 640, MARK = 2 };

typedef struct bins {
    double low, high;
    int n;
    int64_t count[BINS_MAX];
} bins;

/* The position of a value on the horizontal axis, 0..1. */
static double position(const bins *b, double value) {
    return (value - b->low) / (b->high - b->low);
}

/* Counts the finite values in bins; returns their number. */
static int64_t count_all(bins *b, const float *values, int64_t count, int width) {
    int64_t finite = 0;
    b->low = HUGE_VAL;
    b->high = -HUGE_VAL;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        finite++;
        b->low = fmin(b->low, (double)values[i]);
        b->high = fmax(b->high, (double)values[i]);
    }
    if (!finite) return 0;
    if (!(b->low < b->high)) { /* one value: in the middle */
        double half = fmax(0.5, fabs(b->low) * 1e-3);
        b->low -= half;
        b->high += half;
    }
    int most = MIN(MAX(width / BIN_PIXELS, BINS_MIN), BINS_MAX);
    b->n = MIN(MAX((int)fmin(ceil(sqrt((double)finite)), BINS_MAX), BINS_MIN), most);
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            b->count[MIN((int)(position(b, (double)values[i]) * b->n), b->n - 1)]++;
    return finite;
}

static void draw(const fvi_plot *p, const bins *b) {
    const int64_t width = p->right - p->left;
    const fvi_rgb above = fvi_palette_sign(1), below = fvi_palette_sign(-1);
    const double zero_at = fmin(fmax(position(b, 0), 0), 1);
    const int sign =
        p->left + (int)lround(zero_at * (double)width); /* where values become positive */
    for (int i = 0; i < b->n; i++) {
        int x0 = p->left + (int)(i * width / b->n), x1 = p->left + (int)((i + 1) * width / b->n);
        int gap = x1 - x0 >= BIN_PIXELS;
        const int top = fvi_plot_row(p, (double)b->count[i]), zero = fvi_plot_row(p, 0);
        fvi_plot_fill(p, top, zero, x0, MIN(x1 - gap, sign), &below);
        fvi_plot_fill(p, top, zero, MAX(x0, sign), x1 - gap, &above);
    }
}

static void draw_marks(const fvi_plot *p, const bins *b, const float *marks, int n) {
    for (int i = 0; i < n; i++) {
        double t = isfinite(marks[i]) ? position(b, (double)marks[i]) : -1;
        if (t < 0 || t > 1) continue;
        int x = p->left + (int)lround(t * (p->right - p->left - MARK));
        fvi_plot_fill(p, p->top, p->bottom, x, x + MARK, &fvi_plot_dark);
    }
}

fv_status fv_plot_histogram(const float *values, int64_t count, const float *marks, int n_marks,
                            const fv_plot_desc *desc, fv_image **out, fv_error *err) {
    fvi_plot p = {0};
    fv_plot_desc d;
    fv_status st = FVI_NOT_NULL(err, values, out);
    if (!st && n_marks > 0) st = FVI_NOT_NULL(err, marks);
    if (!st) st = FVI_DESC_READ(fv_plot_desc, like, desc, &d, err);
    if (st) return st;
    if (n_marks < 0) return fvi_fail(err, FV_ARG, "a histogram with %d marks; at least 0", n_marks);
    if (count < 1)
        return fvi_fail(err, FV_ARG, "a histogram of %lld values; at least 1", (long long)count);
    bins *b = calloc(1, sizeof *b);
    if (!b) return fvi_fail(err, FV_NOMEM, "no memory for a histogram");
    if (!count_all(b, values, count, d.width > 0 ? d.width : WIDTH)) {
        st = fvi_fail(err, FV_ARG, "a histogram of %lld values: none of them is finite",
                      (long long)count);
        goto done;
    }
    int64_t most = 0;
    for (int i = 0; i < b->n; i++) most = MAX(most, b->count[i]);
    st = fvi_plot_begin(&p, &d, 0, (double)most, err);
    if (!st) {
        draw(&p, b);
        draw_marks(&p, b, marks, n_marks);
        fvi_plot_line(&p, 0);
    }
    char low[32], high[32];
    g_ascii_formatd(low, sizeof low, "%.4g", b->low);
    g_ascii_formatd(high, sizeof high, "%.4g", b->high);
    st = fvi_plot_end(&p, st, low, high, out, err);
done:
    free(b);
    return st;
}
