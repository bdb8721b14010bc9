/* SPDX-License-Identifier: Apache-2.0 */
/* grid_cells: a grid's numbers are places in a picture, its last axis first, in the unit of
 * graph.h. Along each axis there are 1 (nearest), 2 (linear) or 4 (cubic, a = -0.75) cells with
 * their weights; cells outside count as 0, repeat the edge, or are mirrored. The slope through
 * `nearest` is 0.
 * Source: ONNX operator specification, GridSample-16..22, and its reference implementation.
 */
#include "backend/onednn/kernels/grid_cells.h"

#include <math.h>

#define TAPS  4 /* along an axis, at most */
#define CUBIC -0.75
#define FAR   0x1p50 /* farther outside than any picture is large */

/* Cells along one axis: indices (-1: outside, counts as 0), weights, slopes by the grid's number.
 */
typedef struct taps {
    int n;
    int64_t index[TAPS];
    double weight[TAPS], slope[TAPS];
} taps;

/* c mirrored at lo and hi until it is inside; *sign becomes the slope of that. */
static double mirror(double c, double lo, double hi, double *sign) {
    const double range = hi - lo;
    if (range <= 0) {
        *sign = 0;
        return lo;
    }
    double r = fmod(fabs(c - lo), 2 * range);
    *sign = c < lo ? -1 : 1;
    if (r > range) {
        r = 2 * range - r;
        *sign = -*sign;
    }
    return lo + r;
}

/* Puts a coordinate inside, as the padding says; *slope is multiplied by the slope of that. */
static double pad_coordinate(const fvi_grid *s, double c, int64_t n, double *slope) {
    const double lo = s->a->unit == FVI_GRID_CORNERS ? 0 : -0.5, hi = (double)(n - 1) - lo;
    double sign = 1;
    if (s->a->padding == FVI_GRID_BORDER || s->a->padding == FVI_GRID_REFLECTION) {
        if (s->a->padding == FVI_GRID_REFLECTION) c = mirror(c, lo, hi, &sign);
        if (c < 0 || c > (double)(n - 1)) sign = 0;
        c = fmin(fmax(c, 0), (double)(n - 1));
    }
    *slope *= sign;
    return c;
}

/* The index of a cell, which may be outside. */
static int64_t pad_index(const fvi_grid *s, double i, int64_t n) {
    double ignored = 1;
    if (s->a->padding != FVI_GRID_ZEROS) i = pad_coordinate(s, i, n, &ignored);
    return i >= 0 && i <= (double)(n - 1) ? (int64_t)i : -1;
}

static void cubic(double t, double *weight, double *slope) {
    const double a = CUBIC, x = fabs(t), sign = t < 0 ? -1 : 1;
    *weight = x <= 1  ? ((a + 2) * x - (a + 3)) * x * x + 1
              : x < 2 ? a * (((x - 5) * x + 8) * x - 4)
                      : 0;
    *slope = sign * (x <= 1  ? (3 * (a + 2) * x - 2 * (a + 3)) * x
                     : x < 2 ? a * ((3 * x - 10) * x + 8)
                             : 0);
}

/* The cells that coordinate c, which is inside if the padding wants that, lies between. */
static void weigh_taps(const fvi_grid *s, double c, double scale, int64_t n, taps *t) {
    const int is_cubic = s->a->mode == FVI_GRID_CUBIC;
    const double first = floor(c) - is_cubic;
    for (int k = 0; k < t->n; k++) {
        const double at = first + k;
        t->weight[k] = 1 - fabs(c - at);
        t->slope[k] = k ? 1 : -1;
        t->index[k] = at >= 0 && at <= (double)(n - 1) ? (int64_t)at : -1;
        if (is_cubic) {
            t->index[k] = pad_index(s, at, n);
            cubic(c - at, &t->weight[k], &t->slope[k]);
        }
        t->slope[k] *= scale;
    }
}

/* NaN reads NaN. */
static void nan_taps(taps *t) {
    for (int k = 0; k < t->n; k++) {
        t->index[k] = 0;
        t->weight[k] = NAN;
        t->slope[k] = 0;
    }
}

/* The cell at the grid's number g along an axis of n, and the slope of that. */
static double coordinate(fvi_grid_unit unit, double g, int64_t n, double *slope) {
    const int corners = unit == FVI_GRID_CORNERS;
    *slope = unit == FVI_GRID_INDEX ? 1 : (double)(corners ? n - 1 : n) / 2;
    return unit == FVI_GRID_INDEX ? g : (g + 1) * *slope - (corners ? 0 : 0.5);
}

/* The cells of the grid's number g along an axis of n. */
static void find_taps(const fvi_grid *s, double g, int64_t n, taps *t) {
    static const int taps_of[FVI_GRID_MODES] = {1, 2, 4, 1};
    const fvi_grid_mode mode = s->a->mode;
    double scale, c = coordinate(s->a->unit, g, n, &scale);
    t->n = taps_of[mode];
    if (isnan(c)) {
        nan_taps(t);
        return;
    }
    c = fmin(fmax(c, -FAR), FAR);
    if (mode == FVI_GRID_NEAREST || mode == FVI_GRID_LINEAR) c = pad_coordinate(s, c, n, &scale);
    if (mode == FVI_GRID_LINEAR || mode == FVI_GRID_CUBIC) {
        weigh_taps(s, c, scale, n, t);
        return;
    }
    t->index[0] = pad_index(s, mode == FVI_GRID_NEAREST ? nearbyint(c) : round(c), n);
    t->weight[0] = 1;
    t->slope[0] = 0;
}

/* The weight of the cell at k[] of the taps, with those of axis `by` replaced by slopes; -1: not.
 */
static float product(const fvi_grid *s, const taps *t, const int *k, int by) {
    double w = 1;
    for (int a = 0; a < s->axes; a++) w *= a == by ? t[a].slope[k[a]] : t[a].weight[k[a]];
    return (float)w;
}

void fvi_grid_find(const fvi_grid *s, const float *point, int slopes, fvi_grid_cells *out) {
    taps t[FVI_MAX_SPATIAL];
    out->n = 1;
    for (int a = 0; a < s->axes; a++) {
        find_taps(s, point[s->axes - 1 - a], s->size[a], &t[a]);
        out->n *= t[a].n;
    }
    for (int i = 0; i < out->n; i++) {
        int rest = i, k[FVI_MAX_SPATIAL];
        int64_t at = 0;
        for (int a = s->axes - 1; a >= 0; a--) k[a] = rest % t[a].n, rest /= t[a].n;
        for (int a = 0; a < s->axes; a++) {
            const int64_t index = t[a].index[k[a]];
            at = index < 0 || at < 0 ? -1 : at * s->size[a] + index;
        }
        out->at[i] = at;
        out->weight[i] = product(s, t, k, -1);
        for (int a = 0; slopes && a < s->axes; a++) out->slope[a][i] = product(s, t, k, a);
    }
}
