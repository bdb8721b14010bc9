/* SPDX-License-Identifier: Apache-2.0 */
/* What all plots share: a white picture with a title, a vertical axis with lines at round values,
 * and texts at the ends of the horizontal axis. plot_bars.c, plot_histogram.c and plot_lines.c draw
 * into it.
 *
 * The axis covers all values and a margin, but no margin beyond zero if zero is an end; its lines
 * are at multiples of 1, 2 or 5 times a power of ten, the smallest step with at most one line in 40
 * pixels. What it does not do: logarithmic axes.
 */
#include "draw/plot.h"

#include <float.h>
#include <glib.h>
#include <math.h>

#include "base/desc.h"
#include "base/error.h"
#include "draw/caption.h"
#include "image/image.h"

enum {
    WIDTH = 640,
    HEIGHT = 320,
    SIDE_MIN = 64,
    SIDE_MAX = 16384,
    TEXT = 14, /* heights of text, in pixels */
    TITLE = 18,
    EDGE = 10, /* margin of the picture */
    SPACE = 6, /* between text and plot */
    LINE_EVERY = 40,
    TICKS_MAX = 512
};

const fvi_rgb fvi_plot_light = {{0.88f, 0.88f, 0.88f}}, fvi_plot_dark = {{0.25f, 0.25f, 0.25f}};

fv_status fvi_plot_check(const float *values, int64_t count, int n_least, fv_error *err) {
    if (count < n_least)
        return fvi_fail(err, FV_ARG, "a plot of %lld values; at least %d", (long long)count,
                        n_least);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return fvi_fail(err, FV_ARG, "value %lld of a plot is not finite", (long long)i);
    return FV_OK;
}

/* The least 1, 2 or 5 times a power of ten that is at least x. */
static double round_step(double x) {
    double power = pow(10, floor(log10(x))), part = x / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void plan_axis(fvi_plot *p, double low, double high) {
    if (high - low < (double)FLT_MIN) high = low + fmax(1, fabs(low)); /* practically one value */
    double room = 0.05 * (high - low);
    p->low = low == 0 ? low : low - room;
    p->high = high == 0 ? high : high + room;
    p->step = round_step((p->high - p->low) * LINE_EVERY / MAX(p->bottom - p->top, LINE_EVERY));
}

void fvi_plot_fill(const fvi_plot *p, int y0, int y1, int x0, int x1, const fvi_rgb *color) {
    const int h = p->onto->height, w = p->onto->width;
    for (int c = 0; c < 3; c++)
        for (int y = MAX(y0, 0); y < MIN(y1, h); y++)
            for (int x = MAX(x0, 0); x < MIN(x1, w); x++)
                p->onto->data[((int64_t)c * h + y) * w + x] = color->v[c];
}

int fvi_plot_row(const fvi_plot *p, double value) {
    return p->top + (int)lround((p->high - value) / (p->high - p->low) * (p->bottom - p->top - 1));
}

fv_status fvi_plot_text(const fvi_plot *p, const char *text, fvi_plot_label at, fv_error *err) {
    fv_image *line = NULL;
    fv_status st = fvi_image_from_text(text, at.pixels, MAX(at.width, 1), &line, err);
    if (st) return st;
    fvi_image_paste(p->onto, line, at.y, at.x - line->width * at.align / 2);
    fv_image_free(line);
    return FV_OK;
}

static void tick_text(const fvi_plot *p, double value, char text[32]) {
    double clean = fabs(value) < p->step / 1e6 ? 0 : value;
    g_ascii_formatd(text, 32, "%.6g", clean);
}

void fvi_plot_line(const fvi_plot *p, double value) {
    const int y = fvi_plot_row(p, value);
    fvi_plot_fill(p, y, y + 1, p->left, p->right, &fvi_plot_dark);
}

/* The value of the first line; returns how many lines there are. */
static int ticks(const fvi_plot *p, double *first) {
    *first = ceil(p->low / p->step - 1e-9) * p->step;
    return MIN((int)floor((p->high - *first) / p->step + 1e-9) + 1, TICKS_MAX);
}

/* Moves the left edge so that the widest number fits left of it. */
static fv_status plan_left(fvi_plot *p, fv_error *err) {
    double first;
    int n = ticks(p, &first), widest = 0;
    for (int i = 0; i < n; i++) {
        char text[32];
        fv_image *line = NULL;
        tick_text(p, first + i * p->step, text);
        fv_status st = fvi_image_from_text(text, TEXT, SIDE_MAX, &line, err);
        if (st) return st;
        widest = MAX(widest, line->width);
        fv_image_free(line);
    }
    p->left = MIN(EDGE + widest + SPACE, p->right / 2);
    return FV_OK;
}

static fv_status draw_axis(const fvi_plot *p, fv_error *err) {
    double first;
    int n = ticks(p, &first);
    for (int i = 0; i < n; i++) {
        double value = first + i * p->step;
        char text[32];
        int y = fvi_plot_row(p, value);
        tick_text(p, value, text);
        fvi_plot_fill(p, y, y + 1, p->left, p->right, &fvi_plot_light);
        fvi_plot_label at = {TEXT, y - TEXT / 2, p->left - SPACE, 2, p->left - SPACE};
        fv_status st = fvi_plot_text(p, text, at, err);
        if (st) return st;
    }
    return FV_OK;
}

float *fvi_plot_finite(const float *values, int64_t count) {
    float *out = g_try_new(float, (gsize)count);
    for (int64_t i = 0; out && i < count; i++) out[i] = isfinite(values[i]) ? values[i] : 0;
    return out;
}

/* Draws the title: whole, in as many lines as it needs, if that leaves two thirds of the picture.
 */
static fv_status plan_title(fvi_plot *p, fv_error *err) {
    const int width = MAX(1, p->desc.width - 2 * EDGE);
    fvi_caption *caption = NULL;
    if (!p->desc.title || !p->desc.title[0]) return FV_OK;
    fv_status st = fvi_caption_new(p->desc.title, TITLE, &caption, err);
    if (st) return st;
    const int lines = fvi_caption_lines(caption, width), fits = TITLE * lines <= p->desc.height / 3;
    st = fits ? fvi_caption_draw(caption, width, &p->title, err)
              : fvi_image_from_text(p->desc.title, TITLE, width, &p->title, err);
    fvi_caption_free(caption);
    return st;
}

fv_status fvi_plot_begin(fvi_plot *p, const fv_plot_desc *desc, double low, double high,
                         fv_error *err) {
    fv_plot_desc d;
    fv_status st = FVI_DESC_READ(fv_plot_desc, like, desc, &d, err);
    if (st) return st;
    if (!d.width) d.width = WIDTH;
    if (!d.height) d.height = HEIGHT;
    if (d.width < SIDE_MIN || d.width > SIDE_MAX || d.height < SIDE_MIN || d.height > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "a plot of %dx%d pixels; each side may be %d..%d", d.width,
                        d.height, SIDE_MIN, SIDE_MAX);
    *p = (fvi_plot){.desc = d};
    st = fv_image_new(3, d.height, d.width, &p->onto, err);
    if (st) return st;
    const int64_t n = 3 * (int64_t)d.height * d.width;
    for (int64_t i = 0; i < n; i++) p->onto->data[i] = 1;
    st = plan_title(p, err);
    if (st) return st;
    p->top = EDGE + (p->title ? p->title->height + SPACE : 0);
    p->bottom = d.height - EDGE - TEXT - SPACE;
    p->right = d.width - EDGE;
    plan_axis(p, low, high);
    st = plan_left(p, err);
    return st ? st : draw_axis(p, err);
}

/* The texts above and below. */
static fv_status draw_texts(const fvi_plot *p, const char *low, const char *high, fv_error *err) {
    const fv_plot_desc *d = &p->desc;
    const int width = (p->right - p->left) / 2 - SPACE, y = p->bottom + SPACE;
    const fvi_plot_label left = {TEXT, y, p->left, 0, width}, right = {TEXT, y, p->right, 2, width};
    fv_status st = fvi_plot_text(p, d->low ? d->low : low, left, err);
    if (d->high) high = d->high;
    if (!st && high) st = fvi_plot_text(p, high, right, err);
    if (p->title) fvi_image_paste(p->onto, p->title, EDGE, (p->onto->width - p->title->width) / 2);
    return st;
}

fv_status fvi_plot_end(fvi_plot *p, fv_status st, const char *low, const char *high, fv_image **out,
                       fv_error *err) {
    if (!st) st = draw_texts(p, low, high, err);
    if (!st && p->desc.like) st = fvi_image_copy_texts(p->onto, p->desc.like, err);
    if (st)
        fv_image_free(p->onto);
    else
        *out = p->onto;
    fv_image_free(p->title);
    p->onto = p->title = NULL;
    return st;
}
