/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resampling along an affine map, and resizing, with exact adjoints.
 *
 * A bilinear sample is a sum of four pixels with weights that depend on the place alone. So each
 * run of output pixels is done in two steps: offsets and weights of its four taps once, then one
 * pass a channel, which reads (forward) or adds (adjoint) through them. Runs whose four taps surely
 * lie inside need no test of edges; they are found by solving for the columns of each row. Taps on
 * a constant border have weight 0 and are gathered in `rest`.
 *
 * Resizing is the same with rows and columns apart: two taps each.
 *
 * Not done: antialiasing when resizing (peers do none either); fvi_sample_mean takes several
 * samples a pixel instead.
 */
#include "vis/sample.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"

#define RUN   64  /* pixels whose taps are held at a time */
#define BLOCK 256 /* columns of a resize whose taps are held at a time */

typedef struct taps {
    int at[4][RUN]; /* offsets into a channel */
    float weight[4][RUN];
    float rest[RUN]; /* of taps on the constant border */
} taps;

/* What all rows of one call share. */
typedef struct sampling {
    int h, w;       /* of the side that is looked at */
    fvi_affine map; /* shifted to the sample within the pixel */
    fv_edge edge;
    float share; /* of one sample in its pixel */
} sampling;

int fvi_edge_index(int64_t i, int n, fv_edge edge) {
    if (i >= 0 && i < n) return (int)i;
    int64_t m;
    switch (edge) {
    case FV_EDGE_REFLECT:
        m = i % (2 * (int64_t)n);
        if (m < 0) m += 2 * (int64_t)n;
        return (int)(m < n ? m : 2 * (int64_t)n - 1 - m);
    case FV_EDGE_WRAP: m = i % n; return (int)(m < 0 ? m + n : m);
    case FV_EDGE_REPEAT: return i < 0 ? 0 : n - 1;
    default: return -1;
    }
}

/* ---- affine maps ---------------------------------------------------------------------------- */

/* Narrows [*a, *b) to the whole x for which low <= start + slope * x <= high. */
static void narrow(double start, double slope, double low, double high, int *a, int *b) {
    if (low > high || (fabs(slope) < 1e-12 && (start < low || start > high))) *b = *a;
    if (*a >= *b || fabs(slope) < 1e-12) return;
    double from = (low - start) / slope, to = (high - start) / slope;
    if (from > to) {
        double swap = from;
        from = to;
        to = swap;
    }
    if (from > *a) *a = from < *b ? (int)ceil(from) : *b;
    if (to < *b - 1) *b = to >= *a ? (int)floor(to) + 1 : *a;
}

/* The columns [*a, *b) of an output row whose taps are all inside. A hundredth of a pixel is kept
 * clear, far more than float coordinates are off. */
static void find_inside(const sampling *s, int y, int ow, int *a, int *b) {
    const float *m = s->map.m;
    *a = 0;
    *b = ow;
    narrow((double)m[0] * y + m[2], m[1], 0.01, s->h - 1.01, a, b);
    narrow((double)m[3] * y + m[5], m[4], 0.01, s->w - 1.01, a, b);
    if (*b < *a) *b = *a;
}

static void fill_inside(const sampling *s, int y, int x0, int n, taps *t) {
    const float *m = s->map.m, ys = m[0] * (float)y + m[2], xs = m[3] * (float)y + m[5];
    const float share = s->share;
    const int w = s->w;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        float fy = ys + m[1] * (float)(x0 + i), fx = xs + m[4] * (float)(x0 + i);
        int iy = (int)fy, ix = (int)fx;
        float dy = fy - (float)iy, dx = fx - (float)ix, low = (1 - dy) * share, high = dy * share;
        t->at[0][i] = iy * w + ix;
        t->at[1][i] = iy * w + ix + 1;
        t->at[2][i] = (iy + 1) * w + ix;
        t->at[3][i] = (iy + 1) * w + ix + 1;
        t->weight[0][i] = low * (1 - dx);
        t->weight[1][i] = low * dx;
        t->weight[2][i] = high * (1 - dx);
        t->weight[3][i] = high * dx;
    }
    memset(t->rest, 0, sizeof t->rest);
}

static void fill_edge(const sampling *s, int y, int x0, int n, taps *t) {
    const float *m = s->map.m, ys = m[0] * (float)y + m[2], xs = m[3] * (float)y + m[5];
    for (int i = 0; i < n; i++) {
        float fy = ys + m[1] * (float)(x0 + i), fx = xs + m[4] * (float)(x0 + i);
        float floor_y = floorf(fy), floor_x = floorf(fx), dy = fy - floor_y, dx = fx - floor_x;
        float rest = 0;
        for (int k = 0; k < 4; k++) {
            int row = fvi_edge_index((int64_t)floor_y + (k >> 1), s->h, s->edge);
            int column = fvi_edge_index((int64_t)floor_x + (k & 1), s->w, s->edge);
            float weight = (k >> 1 ? dy : 1 - dy) * (k & 1 ? dx : 1 - dx) * s->share;
            int inside = row >= 0 && column >= 0;
            t->at[k][i] = inside ? row * s->w + column : 0;
            t->weight[k][i] = inside ? weight : 0;
            rest += inside ? 0 : weight;
        }
        t->rest[i] = rest;
    }
}

/* Fills the taps of the next run of row y from column x on; returns its length. */
static int fill_run(const sampling *s, int y, int x, int inside, int outside, int ow, taps *t) {
    int end = x < inside ? inside : x < outside ? outside : ow;
    int n = end - x < RUN ? end - x : RUN;
    if (x >= inside && x < outside)
        fill_inside(s, y, x, n, t);
    else
        fill_edge(s, y, x, n, t);
    return n;
}

/* out[i] += sum of weight * in[at], for the n pixels of a run; and back. */
static void read_run(const taps *t, int n, const float *in, float grey, float *out) {
    for (int i = 0; i < n; i++)
        out[i] += t->weight[0][i] * in[t->at[0][i]] + t->weight[1][i] * in[t->at[1][i]] +
                  t->weight[2][i] * in[t->at[2][i]] + t->weight[3][i] * in[t->at[3][i]] +
                  t->rest[i] * grey;
}
static void add_run(const taps *t, int n, const float *dout, float *din) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++) din[t->at[k][i]] += t->weight[k][i] * dout[i];
}

/* The map of sample number `part` of side x side in each pixel. */
static sampling part_of(const fvi_affine *map, int h, int w, fv_edge edge, int side, int part) {
    sampling s = {h, w, *map, edge, 1 / ((float)side * (float)side)};
    const int row = part / side, column = part % side;
    float y = ((float)row + 0.5f) / (float)side - 0.5f;
    float x = ((float)column + 0.5f) / (float)side - 0.5f;
    s.map.m[2] += map->m[0] * y + map->m[1] * x;
    s.map.m[5] += map->m[3] * y + map->m[4] * x;
    return s;
}

void fvi_sample_mean(const float *in, int channels, int h, int w, const fvi_affine *map, int side,
                     fv_edge edge, float grey, float *out, int oh, int ow) {
    int64_t plane = (int64_t)h * w, oplane = (int64_t)oh * ow;
    float border = edge == FV_EDGE_GREY ? grey : 0;
    memset(out, 0, (size_t)(channels * oplane) * sizeof *out);
#pragma omp parallel for schedule(static) if (oplane > FVI_PARALLEL_MIN)
    for (int y = 0; y < oh; y++)
        for (int part = 0; part < side * side; part++) {
            sampling s = part_of(map, h, w, edge, side, part);
            taps t;
            int inside, outside;
            find_inside(&s, y, ow, &inside, &outside);
            for (int x = 0, n; x < ow; x += n) {
                n = fill_run(&s, y, x, inside, outside, ow, &t);
                for (int c = 0; c < channels; c++)
                    read_run(&t, n, in + c * plane, border, out + c * oplane + (int64_t)y * ow + x);
            }
        }
}

void fvi_sample_mean_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                             int side, fv_edge edge, float *din, int h, int w) {
    taps t;
    int64_t plane = (int64_t)h * w, oplane = (int64_t)oh * ow;
    memset(din, 0, (size_t)(channels * plane) * sizeof *din);
    for (int part = 0; part < side * side; part++) {
        sampling s = part_of(map, h, w, edge, side, part);
        for (int y = 0; y < oh; y++) {
            int inside, outside;
            find_inside(&s, y, ow, &inside, &outside);
            for (int x = 0, n; x < ow; x += n) {
                n = fill_run(&s, y, x, inside, outside, ow, &t);
                for (int c = 0; c < channels; c++)
                    add_run(&t, n, dout + c * oplane + (int64_t)y * ow + x, din + c * plane);
            }
        }
    }
}

void fvi_sample(const float *in, int channels, int h, int w, const fvi_affine *map, fv_edge edge,
                float grey, float *out, int oh, int ow) {
    fvi_sample_mean(in, channels, h, w, map, 1, edge, grey, out, oh, ow);
}
void fvi_sample_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                        fv_edge edge, float *din, int h, int w) {
    fvi_sample_mean_adjoint(dout, channels, oh, ow, map, 1, edge, din, h, w);
}

void fvi_sample_nearest(const float *in, int channels, int h, int w, const fvi_affine *map,
                        fv_edge edge, float grey, float *out, int oh, int ow) {
    const float *m = map->m;
    int64_t plane = (int64_t)h * w, oplane = (int64_t)oh * ow;
    float border = edge == FV_EDGE_GREY ? grey : 0;
    for (int y = 0; y < oh; y++)
        for (int x = 0; x < ow; x++) {
            float fy = m[0] * (float)y + m[1] * (float)x + m[2];
            float fx = m[3] * (float)y + m[4] * (float)x + m[5];
            int row = fvi_edge_index(llroundf(fy), h, edge);
            int column = fvi_edge_index(llroundf(fx), w, edge);
            const float *from = in + (int64_t)row * w + column;
            for (int c = 0; c < channels; c++)
                out[c * oplane + (int64_t)y * ow + x] =
                    row < 0 || column < 0 ? border : from[c * plane];
        }
}

/* ---- resizing ------------------------------------------------------------------------------- */

/* The two taps of place i of m on a line of n: *a and *b with weights 1 - result and result. */
static float line_taps(fvi_grid grid, int i, int m, int n, int *a, int *b) {
    double at;
    if (grid == FVI_GRID_ENDS)
        at = m > 1 ? (double)i * (n - 1) / (m - 1) : 0;
    else if (grid == FVI_GRID_CORNER)
        at = (double)i * n / m;
    else
        at = fmax(0, (i + 0.5) * n / m - 0.5);
    *a = at < n - 1 ? (int)at : n - 1;
    *b = *a + 1 < n ? *a + 1 : n - 1;
    return (float)fmin(1, at - *a);
}

/* The taps of columns x0 .. x0+n-1. */
typedef struct columns {
    int a[BLOCK], b[BLOCK];
    float weight[BLOCK]; /* of b */
} columns;

static int fill_columns(fvi_grid grid, int x0, int ow, int w, columns *c) {
    int n = ow - x0 < BLOCK ? ow - x0 : BLOCK;
    for (int i = 0; i < n; i++) c->weight[i] = line_taps(grid, x0 + i, ow, w, &c->a[i], &c->b[i]);
    return n;
}

void fvi_resize_grid(const float *in, int channels, int h, int w, float *out, int oh, int ow,
                     fvi_grid grid) {
    columns k;
    for (int x0 = 0, n; x0 < ow; x0 += n) {
        n = fill_columns(grid, x0, ow, w, &k);
        for (int y = 0; y < oh; y++) {
            int a, b;
            float wy = line_taps(grid, y, oh, h, &a, &b);
            for (int c = 0; c < channels; c++) {
                const float *top = in + ((int64_t)c * h + a) * w;    /* in[c][a][.] */
                const float *bottom = in + ((int64_t)c * h + b) * w; /* in[c][b][.] */
                float *row = out + ((int64_t)c * oh + y) * ow + x0;  /* out[c][y][x0 + .] */
                for (int i = 0; i < n; i++) {
                    int l = k.a[i], r = k.b[i];
                    float wx = k.weight[i];
                    row[i] = (1 - wy) * ((1 - wx) * top[l] + wx * top[r]) +
                             wy * ((1 - wx) * bottom[l] + wx * bottom[r]);
                }
            }
        }
    }
}

void fvi_resize_grid_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h,
                             int w, fvi_grid grid) {
    columns k;
    memset(din, 0, (size_t)((int64_t)channels * h * w) * sizeof *din);
    for (int x0 = 0, n; x0 < ow; x0 += n) {
        n = fill_columns(grid, x0, ow, w, &k);
        for (int y = 0; y < oh; y++) {
            int a, b;
            float wy = line_taps(grid, y, oh, h, &a, &b);
            for (int c = 0; c < channels; c++) {
                float *top = din + ((int64_t)c * h + a) * w;
                float *bottom = din + ((int64_t)c * h + b) * w;
                const float *row = dout + ((int64_t)c * oh + y) * ow + x0;
                for (int i = 0; i < n; i++) {
                    int l = k.a[i], r = k.b[i];
                    float right = k.weight[i] * row[i], left = row[i] - right;
                    top[l] += (1 - wy) * left;
                    top[r] += (1 - wy) * right;
                    bottom[l] += wy * left;
                    bottom[r] += wy * right;
                }
            }
        }
    }
}

void fvi_resize(const float *in, int channels, int h, int w, float *out, int oh, int ow) {
    fvi_resize_grid(in, channels, h, w, out, oh, ow, FVI_GRID_CENTRES);
}
void fvi_resize_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h, int w) {
    fvi_resize_grid_adjoint(dout, channels, oh, ow, din, h, w, FVI_GRID_CENTRES);
}
