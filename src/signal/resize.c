/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resizing of pictures, with exact adjoints.
 *
 * Each output pixel is a weighted sum of two rows and two columns. First the two rows are blended,
 * then the columns are interpolated in the result. This is done in blocks of at most BLOCK output
 * columns that read at most SPAN input columns. The adjoint spreads a row of the gradient over the
 * input's columns and adds the result to both rows; left and right neighbours have separate
 * buffers, so that consecutive additions are independent. Each thread owns some rows of the input.
 * A gradient row that goes to rows of two threads is spread by both, so that the order of additions
 * does not depend on the number of threads.
 *
 * Not done: antialiasing; fvi_sampler.side averages several samples a pixel instead.
 */
#include "signal/resize.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"

#define BLOCK 256 /* output columns whose inputs are computed at a time */
#define SPAN  512 /* input columns that they may read */

double fvi_resize_position(fvi_resize_align align, int i, int m, int n) {
    double at;
    if (align == FVI_ALIGN_ENDS)
        at = m > 1 ? (double)i * (n - 1) / (m - 1) : 0;
    else if (align == FVI_ALIGN_CORNER)
        at = (double)i * n / m;
    else
        at = fmax(0, (i + 0.5) * n / m - 0.5);
    return fmin(at, n - 1);
}

/* Output i of m, interpolated on a line of n inputs: sets *a to the left input, and returns the
 * weight of the right one, *a + 1 (0 if there is none). The left one has 1 minus that weight. */
static float line_weight(fvi_resize_align align, int i, int m, int n, int *a) {
    const double at = fvi_resize_position(align, i, m, n);
    *a = (int)at;
    return (float)(at - *a);
}

/* Consecutive output columns: the inputs they read, and their weights. */
typedef struct columns {
    int count;
    int first, span;     /* input columns they read */
    int at[BLOCK];       /* left input, counted from `first` */
    float weight[BLOCK]; /* of the right one */
} columns;

/* Fills in output columns x0, x0 + 1, ... of m, on lines of n inputs: one block. */
static void fill_columns(fvi_resize_align align, int x0, int m, int n, columns *k) {
    line_weight(align, x0, m, n, &k->first);
    k->count = 0;
    for (int x = x0; x < m && k->count < BLOCK; x++) {
        int at;
        float weight = line_weight(align, x, m, n, &at);
        if (at + 2 - k->first > SPAN) break;
        k->at[k->count] = at - k->first;
        k->weight[k->count++] = weight;
        k->span = (at + 1 < n ? at + 2 : n) - k->first;
    }
}

/* Blends top and bottom [span] and interpolates the columns of out [count]. */
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

void fvi_resize(fvi_planes in, fvi_planes out, fvi_resize_align align) {
    const int h = in.h, w = in.w, oh = out.h, ow = out.w;
#pragma omp parallel if (fvi_planes_count(out) > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        columns k;
        fvi_thread_share(oh, &from, &to);
        for (int x0 = 0; x0 < ow; x0 += k.count) {
            fill_columns(align, x0, ow, w, &k);
            for (int64_t y = from; y < to; y++) {
                int a;
                const float wy = line_weight(align, (int)y, oh, h, &a);
                for (int64_t c = 0; c < in.channels; c++) {
                    const float *top = in.data + (c * h + a) * w + k.first; /* in[c][a][first] */
                    const float *bottom = a + 1 < h ? top + w : top;
                    resize_row(&k, top, bottom, wy, out.data + (c * oh + y) * ow + x0);
                }
            }
        }
    }
}

/* Writes rows from..to - 1 of channel c of din. */
static void resize_back(fvi_planes dout, fvi_planes din, int64_t c, int from, int to,
                        fvi_resize_align align) {
    const float *source = dout.data + c * fvi_planes_area(dout);
    float line[SPAN + 1], *plane = din.data + c * fvi_planes_area(din);
    columns k;
    memset(plane + (int64_t)from * din.w, 0,
           (size_t)((int64_t)(to - from) * din.w) * sizeof *plane);
    for (int x0 = 0; x0 < dout.w; x0 += k.count) {
        fill_columns(align, x0, dout.w, din.w, &k);
        for (int y = 0; y < dout.h; y++) {
            int a;
            const float wy = line_weight(align, y, dout.h, din.h, &a);
            const int upper = a >= from && a < to, lower = a + 1 >= from && a + 1 < to;
            if (!upper && !lower) continue;
            float *row = plane + (int64_t)a * din.w + k.first; /* din[c][a][first] */
            resize_row_adjoint(&k, source + (int64_t)y * dout.w + x0, line);
            if (upper) add_row(line, 1 - wy, k.span, row);
            if (lower) add_row(line, wy, k.span, row + din.w);
        }
    }
}

void fvi_resize_adjoint(fvi_planes dout, fvi_planes din, fvi_resize_align align) {
#pragma omp parallel if (fvi_planes_count(din) > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(din.h, &from, &to);
        for (int64_t c = 0; c < din.channels && from < to; c++)
            resize_back(dout, din, c, (int)from, (int)to, align);
    }
}
