/* SPDX-License-Identifier: Apache-2.0 */
/* winograd_product: the products of Winograd's algorithm at one point,
 *
 *   forward   M[tile][k] = sum over c of V[tile][c] U[c][k]
 *   backward  M[tile][c] = sum over k of V[tile][k] U'[c][k],   U' of the rotated kernels
 *
 * with one U for both, in rows of 16 k. Twelve registers of eight sums leave four of AVX2's sixteen
 * for the factors. Forward they are 6 tiles by 16 k, U a vector and V a number; backward 3 tiles by
 * 4 c, all vectors along k, and the eight lanes are summed at the end. Every sum is added in one
 * order, whatever the number of tiles, so the result depends neither on chunks nor on threads.
 */
#include "backend/onednn/convolution/winograd_product.h"
#include "base/simd.h"

#define BLOCK FVI_WINOGRAD_BLOCK
#define SIDE  FVI_WINOGRAD_SIDE

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

/* The operands of one product. */
typedef struct operands {
    const float *v, *u;
    float *m;
    int64_t v_step, m_step; /* from tile to tile */
    int64_t length;         /* forward: channels c; backward: blocks of 16 k */
    int64_t u_step;         /* from block to block */
} operands;

/* ---- forward --------------------------------------------------------------------------------- */

#define TILES 6

/* n tiles by one block of 16 */
FVI_INLINE void forward(const operands *o, int n, const float *v, float *m) {
    fvi_f32x8 sum[TILES][2] = {{{0}}};
    const float *u = o->u;
    for (int64_t c = 0; c < o->length; c++, u += BLOCK) {
        fvi_f32x8 u0 = *(const fvi_f32x8 *)u, u1 = *(const fvi_f32x8 *)(u + 8);
#pragma GCC unroll 6
        for (int t = 0; t < n; t++) {
            float x = v[t * o->v_step + c];
            sum[t][0] += x * u0;
            sum[t][1] += x * u1;
        }
    }
#pragma GCC unroll 6
    for (int t = 0; t < n; t++) {
        *(fvi_f32x8 *)(m + t * o->m_step) = sum[t][0];
        *(fvi_f32x8 *)(m + t * o->m_step + 8) = sum[t][1];
    }
}

FVI_WIDE static void forward_tiles(const operands *o, int64_t n) {
    const float *v = o->v;
    float *m = o->m;
    for (; n >= TILES; n -= TILES, v += TILES * o->v_step, m += TILES * o->m_step)
        forward(o, TILES, v, m);
    switch (n) {
    case 5: forward(o, 5, v, m); break;
    case 4: forward(o, 4, v, m); break;
    case 3: forward(o, 3, v, m); break;
    case 2: forward(o, 2, v, m); break;
    case 1: forward(o, 1, v, m); break;
    default: break;
    }
}

/* ---- backward -------------------------------------------------------------------------------- */

#define TURNED_TILES 3
#define TURNED_ROWS  4

/* Pairwise sums of lanes, alternating four of x and four of y. */
#define PAIRS(x, y)                                             \
    (__builtin_shufflevector(x, y, 0, 2, 8, 10, 4, 6, 12, 14) + \
     __builtin_shufflevector(x, y, 1, 3, 9, 11, 5, 7, 13, 15))

/* n tiles by 4 rows of every block */
FVI_INLINE void backward(const operands *o, int n, const float *v, const float *u, float *m) {
    fvi_f32x8 sum[TURNED_TILES][TURNED_ROWS] = {{{0}}};
    for (int64_t b = 0; b < o->length; b++, u += o->u_step, v += BLOCK)
#pragma GCC unroll 2
        for (int h = 0; h < BLOCK; h += 8) {
#pragma GCC unroll 4
            for (int c = 0; c < TURNED_ROWS; c++) {
                fvi_f32x8 x = *(const fvi_f32x8 *)(u + c * BLOCK + h);
#pragma GCC unroll 3
                for (int t = 0; t < n; t++)
                    sum[t][c] += *(const fvi_f32x8 *)(v + t * o->v_step + h) * x;
            }
        }
#pragma GCC unroll 3
    for (int t = 0; t < n; t++) {
        fvi_f32x8 low = PAIRS(sum[t][0], sum[t][1]), high = PAIRS(sum[t][2], sum[t][3]);
        fvi_f32x8 s = PAIRS(low, high);
        *(four *)(m + t * o->m_step) =
            __builtin_shufflevector(s, s, 0, 1, 2, 3) + __builtin_shufflevector(s, s, 4, 5, 6, 7);
    }
}

/* n tiles by 8 rows, so that the second half finds the tiles in the first-level cache. */
FVI_WIDE static void backward_tiles(const operands *o, int64_t n) {
    const float *v = o->v;
    float *m = o->m;
    for (int64_t take; n > 0; n -= take, v += take * o->v_step, m += take * o->m_step) {
        take = n < TURNED_TILES ? 1 : TURNED_TILES;
        for (int c = 0; c < FVI_WINOGRAD_LANES; c += TURNED_ROWS)
            if (take == TURNED_TILES)
                backward(o, TURNED_TILES, v, o->u + c * BLOCK, m + c);
            else
                backward(o, 1, v, o->u + c * BLOCK, m + c);
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

/* The point at which the rotated kernel has the value that the kernel has at this one. */
static int64_t rotated(int64_t point) {
    static const int inverse[SIDE] = {5, 3, 4, 1, 2, 0}; /* of 0, +-a, +-1/a, infinity */
    return inverse[point / SIDE] * SIDE + inverse[point % SIDE];
}

static int64_t block_size(const fvi_winograd *w) {
    return w->backward ? FVI_WINOGRAD_LANES : BLOCK;
}

int64_t fvi_winograd_blocks(const fvi_winograd *w) {
    return fvi_winograd_round(w->k, block_size(w)) / block_size(w);
}

void fvi_winograd_multiply(const fvi_winograd *w, int64_t point, int64_t block, int64_t n) {
    int64_t kernels = w->backward ? w->c : w->k, channels = w->backward ? w->k : w->c;
    operands o = {.v_step = fvi_winograd_tile_step(w->c),
                  .m_step = fvi_winograd_tile_step(w->k),
                  .u_step = fvi_winograd_rows(channels) * BLOCK};
    int64_t blocks = fvi_winograd_round(kernels, BLOCK) / BLOCK;
    o.length = w->backward ? blocks : channels;
    o.v = (const float *)w->v->data + point * fvi_winograd_point_step(w->c, w->chunk);
    o.m = (float *)w->m->data + point * fvi_winograd_point_step(w->k, w->chunk) +
          block * block_size(w);
    o.u = (const float *)w->u->data + (w->backward ? rotated(point) : point) * blocks * o.u_step;
    o.u += w->backward ? block * FVI_WINOGRAD_LANES * BLOCK : block * o.u_step;
    if (w->backward)
        backward_tiles(&o, n);
    else
        forward_tiles(&o, n);
}
