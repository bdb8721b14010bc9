/* SPDX-License-Identifier: Apache-2.0 */
/* winograd_transform: the three transforms of F(4x4, 3x3), B^T d B of a tile, G g G^T of a kernel
 * and A^T m A of a tile of products.
 *
 * Along one axis, 6 inputs d and 3 weights g are coefficients of polynomials; both are evaluated at
 * six points, multiplied there, and 4 outputs are interpolated from the products (Toom and Cook's
 * method, transposed). The points are 0, +-a, +-1/a and infinity. Their choice decides how many
 * digits are lost: two with 1 and 2, as published, half a digit with a = 2/3 (docs/performance.md).
 *
 * Kernels are evaluated as g0/p + g1 + g2 p, and the missing factor p is applied when outputs are
 * interpolated. So a rotated kernel has at p the value that the kernel has at 1/p, and backward
 * reads its U from forward's.
 *
 * Source: Lavin and Gray 2016, arXiv:1509.09308; for points, Barabasz et al. 2020,
 * arXiv:1803.10986.
 */
#include "backend/onednn/convolution/winograd_transform.h"
#include "base/simd.h"

#define SIDE  FVI_WINOGRAD_SIDE
#define TILE  FVI_WINOGRAD_TILE
#define LANES FVI_WINOGRAD_LANES
#define BLOCK FVI_WINOGRAD_BLOCK

#define A  (2 / 3.0) /* the points a and 1/a, and their squares */
#define B  (3 / 2.0)
#define A2 (A * A)
#define B2 (B * B)

/* ---- one axis ---- */

/* B^T d, elements `step` apart: rows are the polynomials x (x^2 - a^2) (x^2 - b^2) without the
 * factor of their own point. */
FVI_INLINE void transform_input(const fvi_f32x8 *d, int step, fvi_f32x8 *v, int to) {
    const float a = A, b = B, a2 = A2, b2 = B2, both = A2 + B2;
    fvi_f32x8 even_a = d[4 * step] - b2 * d[2 * step], odd_a = a * (d[3 * step] - b2 * d[step]);
    fvi_f32x8 even_b = d[4 * step] - a2 * d[2 * step], odd_b = b * (d[3 * step] - a2 * d[step]);
    v[0] = d[0] - both * d[2 * step] + d[4 * step];
    v[to] = even_a + odd_a;
    v[2 * to] = even_a - odd_a;
    v[3 * to] = even_b + odd_b;
    v[4 * to] = even_b - odd_b;
    v[5 * to] = d[step] - both * d[3 * step] + d[5 * step];
}

/* A^T m: powers of the points, times point / product of its distances to the others. */
FVI_INLINE void transform_output(const fvi_f32x8 *m, int step, fvi_f32x8 *y, int to) {
    const double at_a = 1 / (2 * A * (A2 - B2)), at_b = 1 / (2 * B * (B2 - A2));
    const float a0 = at_a, a1 = at_a * A, a2 = at_a * A2, a3 = at_a * A2 * A;
    const float b0 = at_b, b1 = at_b * B, b2 = at_b * B2, b3 = at_b * B2 * B;
    fvi_f32x8 sum_a = m[step] + m[2 * step], sum_b = m[3 * step] + m[4 * step];
    fvi_f32x8 off_a = m[step] - m[2 * step], off_b = m[3 * step] - m[4 * step];
    y[0] = m[0] + a0 * off_a + b0 * off_b;
    y[to] = a1 * sum_a + b1 * sum_b;
    y[2 * to] = a2 * off_a + b2 * off_b;
    y[3 * to] = a3 * sum_a + b3 * sum_b + m[5 * step];
}

/* G g for 16 kernels. */
FVI_INLINE void transform_kernel(const double *g, int step, double *u, int to) {
    for (int i = 0; i < BLOCK; i++) {
        double g0 = g[i], g1 = g[step + i], g2 = g[2 * step + i];
        double odd_a = B * g0 + A * g2, odd_b = A * g0 + B * g2;
        u[i] = g0;
        u[to + i] = g1 + odd_a;
        u[2 * to + i] = g1 - odd_a;
        u[3 * to + i] = g1 + odd_b;
        u[4 * to + i] = g1 - odd_b;
        u[5 * to + i] = g2;
    }
}

FVI_WIDE static void transform_kernels(const double *g, float *u, int64_t step) {
    double half[SIDE * 3 * BLOCK], whole[SIDE * SIDE * BLOCK];
    for (int x = 0; x < 3; x++)
        transform_kernel(g + x * BLOCK, 3 * BLOCK, half + x * BLOCK, 3 * BLOCK);
    for (int y = 0; y < SIDE; y++)
        transform_kernel(half + y * 3 * BLOCK, BLOCK, whole + y * SIDE * BLOCK, BLOCK);
    for (int p = 0; p < SIDE * SIDE; p++)
        for (int i = 0; i < BLOCK; i++) u[p * step + i] = (float)whole[p * BLOCK + i];
}

void fvi_winograd_kernels(const double *g, float *u, int64_t step) {
    transform_kernels(g, u, step);
}

/* ---- tiles ---- */

/* Position of a tile. */
typedef struct tile_position {
    int64_t n, y, x; /* picture; first output */
} tile_position;

static inline void find_tiles(const fvi_winograd *w, int64_t tile, int64_t n, tile_position *at) {
    for (int64_t i = 0; i < n; i++, tile++) {
        int64_t across = tile % w->tiles[1], rest = tile / w->tiles[1];
        at[i] = (tile_position){rest / w->tiles[0], rest % w->tiles[0] * TILE, across * TILE};
    }
}

/* Column x of the inputs of a tile, which begins at row y; zeros beyond the edge. */
FVI_INLINE void load_column(const fvi_winograd *w, const float *plane, int64_t y, int64_t x,
                            int inside, fvi_f32x8 d[SIDE]) {
#pragma GCC unroll 6
    for (int64_t i = 0; i < SIDE; i++) {
        int is = inside || (y + i >= 0 && y + i < w->in[0] && x >= 0 && x < w->in[1]);
        d[i] = is ? *(const fvi_f32x8 *)(plane + ((y + i) * w->in[1] + x) * LANES) : (fvi_f32x8){0};
    }
}

FVI_INLINE void read_tile(const fvi_winograd *w, const float *plane, int64_t y, int64_t x,
                          int inside, float *v, int64_t step) {
    fvi_f32x8 d[SIDE], half[SIDE * SIDE], whole[SIDE];
#pragma GCC unroll 6
    for (int i = 0; i < SIDE; i++) {
        load_column(w, plane, y, x + i, inside, d);
        transform_input(d, 1, half + i, SIDE);
    }
#pragma GCC unroll 6
    for (int i = 0; i < SIDE; i++) {
        transform_input(half + SIDE * i, 1, whole, 1);
#pragma GCC unroll 6
        for (int k = 0; k < SIDE; k++) *(fvi_f32x8 *)(v + (SIDE * i + k) * step) = whole[k];
    }
}

FVI_WIDE static void read_tiles(const fvi_winograd *w, int64_t tile, int64_t n, float *v) {
    int64_t plane = w->in[0] * w->in[1] * LANES, blocks = (w->c + LANES - 1) / LANES;
    int64_t step = fvi_winograd_point_step(w->c, w->chunk), next = fvi_winograd_tile_step(w->c);
    tile_position at[FVI_WINOGRAD_GROUP];
    find_tiles(w, tile, n, at);
    for (int64_t b = 0; b < blocks; b++)
        for (int64_t i = 0; i < n; i++) {
            const float *src = (const float *)w->src->data + (at[i].n * blocks + b) * plane;
            int64_t y = at[i].y - w->pad[0], x = at[i].x - w->pad[1];
            if (y >= 0 && x >= 0 && y + SIDE <= w->in[0] && x + SIDE <= w->in[1])
                read_tile(w, src, y, x, 1, v + i * next + b * LANES, step);
            else
                read_tile(w, src, y, x, 0, v + i * next + b * LANES, step);
        }
    if (blocks % 2 == 0) return;
    for (int64_t i = 0; i < n; i++) /* products read channels by 16 */
        for (int p = 0; p < SIDE * SIDE; p++)
            *(fvi_f32x8 *)(v + i * next + blocks * LANES + p * step) = (fvi_f32x8){0};
}

void fvi_winograd_read(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n) {
    read_tiles(w, tile, n, (float *)w->v->data + slot * fvi_winograd_tile_step(w->c));
}

/* Bias and activation of eight output channels. Lanes beyond the last channel stay zero, as in
 * every blocked tensor. */
typedef struct finish {
    fvi_f32x8 bias;
    fvi_i32x8 keep;
} finish;

FVI_INLINE finish finish_of(const fvi_winograd *w, int64_t first) {
    finish f = {{0}, {0}};
    const float *bias = w->bias ? w->bias->data : NULL;
    if (first + LANES <= w->k) {
        f.keep -= 1;
        if (bias) f.bias = *(const fvi_f32x8 *)(bias + first);
        return f;
    }
    for (int i = 0; i < LANES && first + i < w->k; i++) {
        f.keep[i] = -1;
        if (bias) f.bias[i] = bias[first + i];
    }
    return f;
}

FVI_INLINE void store(const fvi_winograd *w, const finish *f, const fvi_f32x8 *from, float *to) {
    fvi_f32x8 x = *from + f->bias;
    fvi_f32x8 low = (fvi_f32x8){0} + w->low, high = (fvi_f32x8){0} + w->high;
    fvi_f32x8 bent = x * w->slope;
    fvi_i32x8 is = x < 0; /* comparisons with NaN are false, so it stays */
    x = FVI_SELECT(is, bent, x);
    is = x < low;
    x = FVI_SELECT(is, low, x);
    is = x > high;
    x = FVI_SELECT(is, high, x);
    *(fvi_i32x8 *)to = (fvi_i32x8)x & f->keep;
}

/* Where a tile of outputs is written: plane[y][x] on, rows x columns of it. */
typedef struct target {
    float *plane;
    int64_t y, x, rows, columns;
} target;

FVI_INLINE void write_tile(const fvi_winograd *w, const float *m, int64_t step, const finish *f,
                           target to) {
    fvi_f32x8 d[SIDE], half[TILE * SIDE], whole[TILE];
#pragma GCC unroll 6
    for (int i = 0; i < SIDE; i++) {
#pragma GCC unroll 6
        for (int k = 0; k < SIDE; k++) d[k] = *(const fvi_f32x8 *)(m + (SIDE * k + i) * step);
        transform_output(d, 1, half + i, SIDE);
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i++) {
        if (i >= to.rows) break;
        float *row = to.plane + ((to.y + i) * w->out[1] + to.x) * LANES;
        transform_output(half + SIDE * i, 1, whole, 1);
#pragma GCC unroll 4
        for (int k = 0; k < TILE; k++)
            if (k < to.columns) store(w, f, &whole[k], row + k * LANES);
    }
}

FVI_WIDE static void write_tiles(const fvi_winograd *w, int64_t tile, int64_t n, const float *m) {
    int64_t plane = w->out[0] * w->out[1] * LANES, blocks = (w->k + LANES - 1) / LANES;
    int64_t step = fvi_winograd_point_step(w->k, w->chunk), next = fvi_winograd_tile_step(w->k);
    tile_position at[FVI_WINOGRAD_GROUP];
    find_tiles(w, tile, n, at);
    for (int64_t b = 0; b < blocks; b++) {
        finish f = finish_of(w, b * LANES);
        for (int64_t i = 0; i < n; i++) {
            int64_t rows = w->out[0] - at[i].y, columns = w->out[1] - at[i].x;
            const float *from = m + i * next + b * LANES;
            float *dst = (float *)w->dst->data + (at[i].n * blocks + b) * plane;
            if (rows >= TILE && columns >= TILE)
                write_tile(w, from, step, &f, (target){dst, at[i].y, at[i].x, TILE, TILE});
            else
                write_tile(w, from, step, &f, (target){dst, at[i].y, at[i].x, rows, columns});
        }
    }
}

void fvi_winograd_write(const fvi_winograd *w, int64_t tile, int64_t slot, int64_t n) {
    write_tiles(w, tile, n, (const float *)w->m->data + slot * fvi_winograd_tile_step(w->k));
}
