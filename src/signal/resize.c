/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resizing of pictures, with exact adjoints.
 *
 * Each output pixel is a sum of two rows, and in each of two columns. So first the two rows are
 * mixed, along memory, and then the mixture's columns are looked up; columns are done a block at a
 * time, as many as look at SPAN columns of the picture. The adjoint brings a row of the gradient
 * back to the picture's columns, left and right taps apart, so that neighbours do not wait for each
 * other, and adds it to both rows. There each thread has rows of the picture for itself: a row of
 * the gradient that goes to rows of two threads is brought back twice, and sums have one order
 * however many threads there are.
 *
 * Not done: antialiasing (peers do none either); fvi_sample_mean takes several samples a pixel
 * instead.
 */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "signal/sample.h"

#define BLOCK 256 /* columns whose taps are held at a time */
#define SPAN  512 /* columns of the picture they may look at */

/* The two taps of place i of m on a line of n: *a with weight 1 - result, and the next one; result
 * is 0 where there is none. */
static float line_taps(fvi_sample_grid grid, int i, int m, int n, int *a) {
    double at;
    if (grid == FVI_GRID_ENDS)
        at = m > 1 ? (double)i * (n - 1) / (m - 1) : 0;
    else if (grid == FVI_GRID_CORNER)
        at = (double)i * n / m;
    else
        at = fmax(0, (i + 0.5) * n / m - 0.5);
    *a = at < n - 1 ? (int)at : n - 1;
    return *a < n - 1 ? (float)(at - *a) : 0;
}

/* The taps of some columns. */
typedef struct columns {
    int count;
    int first, span;     /* columns of the picture they look at */
    int at[BLOCK];       /* left tap, from `first` on */
    float weight[BLOCK]; /* of the right one */
} columns;

/* Those of columns x0, x0 + 1, ... of m, on lines of n. */
static void fill_columns(fvi_sample_grid grid, int x0, int m, int n, columns *k) {
    line_taps(grid, x0, m, n, &k->first);
    k->count = 0;
    for (int x = x0; x < m && k->count < BLOCK; x++) {
        int at;
        float weight = line_taps(grid, x, m, n, &at);
        if (at + 2 - k->first > SPAN) break;
        k->at[k->count] = at - k->first;
        k->weight[k->count++] = weight;
        k->span = (at + 1 < n ? at + 2 : n) - k->first;
    }
}

/* top, bottom [span], mixed, to the columns of out [count]. */
FVI_WIDE static void resize_row(const columns *k, const float *top, const float *bottom, float wy,
                                float *restrict out) {
    float line[SPAN + 1];
#pragma omp simd
    for (int i = 0; i < k->span; i++) line[i] = (1 - wy) * top[i] + wy * bottom[i];
    line[k->span] = 0; /* of weight 0 */
    for (int i = 0; i < k->count; i++) {
        const float *tap = line + k->at[i];
        out[i] = (1 - k->weight[i]) * tap[0] + k->weight[i] * tap[1];
    }
}

/* dout [count] -> line [span + 1] */
FVI_WIDE static void resize_row_adjoint(const columns *k, const float *dout, float *restrict line) {
    float right[SPAN + 1] = {0};
    memset(line, 0, (size_t)(k->span + 1) * sizeof *line);
    for (int i = 0; i < k->count; i++) {
        float part = k->weight[i] * dout[i];
        line[k->at[i]] += dout[i] - part;
        right[k->at[i] + 1] += part;
    }
#pragma omp simd
    for (int i = 1; i < k->span; i++) line[i] += right[i];
}

FVI_WIDE static void add_row(const float *in, float weight, int n, float *restrict out) {
#pragma omp simd
    for (int i = 0; i < n; i++) out[i] += weight * in[i];
}

void fvi_resize_grid(const float *in, int channels, int h, int w, float *out, int oh, int ow,
                     fvi_sample_grid grid) {
#pragma omp parallel if ((int64_t)channels * oh * ow > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        columns k;
        fvi_thread_share(oh, &from, &to);
        for (int x0 = 0; x0 < ow; x0 += k.count) {
            fill_columns(grid, x0, ow, w, &k);
            for (int64_t y = from; y < to; y++) {
                int a;
                const float wy = line_taps(grid, (int)y, oh, h, &a);
                for (int64_t c = 0; c < channels; c++) {
                    const float *top = in + (c * h + a) * w + k.first; /* in[c][a][first] */
                    const float *bottom = a + 1 < h ? top + w : top;
                    resize_row(&k, top, bottom, wy, out + (c * oh + y) * ow + x0);
                }
            }
        }
    }
}

/* The part of a channel's gradient dout [oh][ow] that goes to rows from..to - 1 of din [h][w]. */
static void resize_back(const float *dout, int oh, int ow, float *din, int h, int w, int from,
                        int to, fvi_sample_grid grid) {
    float line[SPAN + 1];
    columns k;
    memset(din + (int64_t)from * w, 0, (size_t)((int64_t)(to - from) * w) * sizeof *din);
    for (int x0 = 0; x0 < ow; x0 += k.count) {
        fill_columns(grid, x0, ow, w, &k);
        for (int y = 0; y < oh; y++) {
            int a;
            const float wy = line_taps(grid, y, oh, h, &a);
            const int upper = a >= from && a < to, lower = a + 1 >= from && a + 1 < to;
            if (!upper && !lower) continue;
            float *row = din + (int64_t)a * w + k.first; /* din[a][first] */
            resize_row_adjoint(&k, dout + (int64_t)y * ow + x0, line);
            if (upper) add_row(line, 1 - wy, k.span, row);
            if (lower) add_row(line, wy, k.span, row + w);
        }
    }
}

void fvi_resize_grid_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h,
                             int w, fvi_sample_grid grid) {
    const int64_t plane = (int64_t)h * w;
#pragma omp parallel if (channels * plane > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(h, &from, &to);
        for (int64_t c = 0; c < channels && from < to; c++)
            resize_back(dout + c * oh * ow, oh, ow, din + c * plane, h, w, (int)from, (int)to,
                        grid);
    }
}

void fvi_resize(const float *in, int channels, int h, int w, float *out, int oh, int ow) {
    fvi_resize_grid(in, channels, h, w, out, oh, ow, FVI_GRID_CENTRES);
}
void fvi_resize_adjoint(const float *dout, int channels, int oh, int ow, float *din, int h, int w) {
    fvi_resize_grid_adjoint(dout, channels, oh, ow, din, h, w, FVI_GRID_CENTRES);
}
