/* SPDX-License-Identifier: Apache-2.0 */
/* Bar plots: numbers as bars from zero, on white, with lines at round values.
 *
 * The vertical axis holds zero and all values, and a little more; its lines stand at multiples of
 * 1, 2 or 5 times a power of ten, the least step that gives at most one line in 40 pixels. Bars
 * stand apart where each has at least 4 pixels. A column of pixels in which several bars fall is
 * drawn from the least to the greatest of them (and zero), so that no peak is lost.
 * What it does not do: several series, logarithmic axes, names for each bar.
 */
#include <float.h>
#include <glib.h>
#include <math.h>

#include "base/error.h"
#include "image/image.h"

enum {
    WIDTH = 640,
    HEIGHT = 320,
    SIDE_MIN = 64,
    SIDE_MAX = 16384,
    TEXT = 14, /* heights of text, in pixels */
    TITLE = 18,
    EDGE = 10, /* around everything */
    SPACE = 6, /* between text and plot */
    LINE_EVERY = 40,
    APART = 4, /* bars at least so wide stand apart */
    TICKS_MAX = 512
};

typedef struct rgb {
    float v[3];
} rgb;

static const rgb bar_up = {{0.16f, 0.44f, 0.70f}}, bar_down = {{0.80f, 0.36f, 0.22f}},
                 light = {{0.88f, 0.88f, 0.88f}}, dark = {{0.25f, 0.25f, 0.25f}};

/* Where everything goes, in pixels; the plot proper is [top, bottom) x [left, right). */
typedef struct plot {
    const float *values;
    int count;
    const fv_plot_desc *desc;
    fv_image *onto;
    int left, right, top, bottom;
    double low, high, step; /* of the vertical axis */
} plot;

static fv_status check(const float *values, int count, const fv_plot_desc *d, fv_error *err) {
    if (!values || count < 1)
        return fvi_fail(err, FV_ARG, "a plot of %d values cannot be drawn", count);
    if (d->width < SIDE_MIN || d->width > SIDE_MAX || d->height < SIDE_MIN || d->height > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "a plot of %dx%d pixels; each side may be %d..%d", d->width,
                        d->height, SIDE_MIN, SIDE_MAX);
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return fvi_fail(err, FV_ARG, "value %d of a plot is not finite", i);
    return FV_OK;
}

/* The least 1, 2 or 5 times a power of ten that is at least x. */
static double round_step(double x) {
    double power = pow(10, floor(log10(x))), part = x / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void plan_axis(plot *p) {
    double low = 0, high = 0;
    for (int i = 0; i < p->count; i++) {
        low = fmin(low, p->values[i]);
        high = fmax(high, p->values[i]);
    }
    if (high - low < (double)FLT_MIN) high = 1; /* all zero, or as good as */
    double room = 0.05 * (high - low);
    p->low = low < 0 ? low - room : low;
    p->high = high > 0 ? high + room : high;
    p->step = round_step((p->high - p->low) * LINE_EVERY / MAX(p->bottom - p->top, LINE_EVERY));
}

static void fill(const plot *p, int y0, int y1, int x0, int x1, const rgb *color) {
    const int h = p->onto->height, w = p->onto->width;
    for (int c = 0; c < 3; c++)
        for (int y = MAX(y0, 0); y < MIN(y1, h); y++)
            for (int x = MAX(x0, 0); x < MIN(x1, w); x++)
                p->onto->data[((int64_t)c * h + y) * w + x] = color->v[c];
}

static int row_of(const plot *p, double value) {
    return p->top + (int)lround((p->high - value) / (p->high - p->low) * (p->bottom - p->top - 1));
}

/* Writes a text with its corner at (y, x); `align` 0, 1, 2: x is its left, its middle, its right.
 */
static fv_status write_text(const plot *p, const char *text, int pixels, int y, int x, int align,
                            int width, fv_error *err) {
    fv_image *line = NULL;
    fv_status st = fvi_image_from_text(text, pixels, MAX(width, 1), &line, err);
    if (st) return st;
    fvi_image_paste(p->onto, line, y, x - line->width * align / 2);
    fv_image_free(line);
    return FV_OK;
}

static void tick_text(const plot *p, double value, char text[32]) {
    double clean = fabs(value) < p->step / 1e6 ? 0 : value;
    g_ascii_formatd(text, 32, "%.6g", clean);
}

/* Values of the lines: the first, and how many. */
static int ticks(const plot *p, double *first) {
    *first = ceil(p->low / p->step - 1e-9) * p->step;
    return MIN((int)floor((p->high - *first) / p->step + 1e-9) + 1, TICKS_MAX);
}

/* Moves the left edge so that the widest number fits before it. */
static fv_status plan_left(plot *p, fv_error *err) {
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

static fv_status draw_axis(const plot *p, fv_error *err) {
    double first;
    int n = ticks(p, &first);
    for (int i = 0; i < n; i++) {
        double value = first + i * p->step;
        char text[32];
        int y = row_of(p, value);
        tick_text(p, value, text);
        fill(p, y, y + 1, p->left, p->right, &light);
        fv_status st =
            write_text(p, text, TEXT, y - TEXT / 2, p->left - SPACE, 2, p->left - SPACE, err);
        if (st) return st;
    }
    return FV_OK;
}

/* Bars that are narrower than a pixel: each column from its least to its greatest value. */
static void draw_columns(const plot *p) {
    const int width = p->right - p->left, zero = row_of(p, 0);
    for (int x = 0; x < width; x++) {
        int64_t from = (int64_t)x * p->count / width, to = (int64_t)(x + 1) * p->count / width;
        double low = 0, high = 0;
        for (int64_t i = from; i < MAX(to, from + 1); i++) {
            low = fmin(low, p->values[i]);
            high = fmax(high, p->values[i]);
        }
        fill(p, row_of(p, high), zero, p->left + x, p->left + x + 1, &bar_up);
        fill(p, zero + 1, row_of(p, low) + 1, p->left + x, p->left + x + 1, &bar_down);
    }
}

static void draw_bars(const plot *p) {
    const int64_t width = p->right - p->left;
    const int zero = row_of(p, 0);
    for (int i = 0; i < p->count; i++) {
        int x0 = p->left + (int)(i * width / p->count);
        int x1 = p->left + (int)((i + 1) * width / p->count);
        int gap = x1 - x0 >= APART ? MAX(1, (x1 - x0) / 6) : 0;
        int y = row_of(p, p->values[i]);
        if (p->values[i] >= 0)
            fill(p, y, zero, x0 + (gap + 1) / 2, x1 - gap / 2, &bar_up);
        else
            fill(p, zero + 1, y + 1, x0 + (gap + 1) / 2, x1 - gap / 2, &bar_down);
    }
}

/* The texts above and below. */
static fv_status draw_texts(const plot *p, fv_error *err) {
    const fv_plot_desc *d = p->desc;
    char number[32] = "0", last[32];
    g_snprintf(last, sizeof last, "%d", p->count - 1);
    const int half = (p->right - p->left) / 2, y = p->bottom + SPACE;
    fv_status st = write_text(p, d->low ? d->low : number, TEXT, y, p->left, 0, half - SPACE, err);
    if (!st && (p->count > 1 || d->high))
        st = write_text(p, d->high ? d->high : last, TEXT, y, p->right, 2, half - SPACE, err);
    if (!st && d->title && d->title[0])
        st = write_text(p, d->title, TITLE, EDGE, p->onto->width / 2, 1, p->onto->width - 2 * EDGE,
                        err);
    return st;
}

static fv_status draw(plot *p, fv_error *err) {
    const int64_t n = 3 * (int64_t)p->onto->height * p->onto->width;
    for (int64_t i = 0; i < n; i++) p->onto->data[i] = 1;
    p->top = EDGE + (p->desc->title && p->desc->title[0] ? TITLE + SPACE : 0);
    p->bottom = p->onto->height - EDGE - TEXT - SPACE;
    p->right = p->onto->width - EDGE;
    plan_axis(p);
    fv_status st = plan_left(p, err);
    if (!st) st = draw_axis(p, err);
    if (st) return st;
    if (p->count > p->right - p->left)
        draw_columns(p);
    else
        draw_bars(p);
    const int zero = row_of(p, 0);
    fill(p, zero, zero + 1, p->left, p->right, &dark);
    return draw_texts(p, err);
}

fv_status fv_plot_bars(const float *values, int count, const fv_plot_desc *desc, fv_image **out,
                       fv_error *err) {
    fv_plot_desc d = desc ? *desc : (fv_plot_desc){0};
    if (!out) return fvi_fail(err, FV_ARG, "fv_plot_bars: nowhere to put the picture");
    if (!d.width) d.width = WIDTH;
    if (!d.height) d.height = HEIGHT;
    plot p = {.values = values, .count = count, .desc = &d};
    fv_status st = check(values, count, &d, err);
    if (!st) st = fv_image_new(3, d.height, d.width, &p.onto, err);
    if (!st) st = draw(&p, err);
    if (!st && d.like) st = fvi_image_copy_texts(p.onto, d.like, err);
    if (st)
        fv_image_free(p.onto);
    else
        *out = p.onto;
    return st;
}
