/* SPDX-License-Identifier: Apache-2.0 */
/* winograd_product: the products of Winograd's algorithm, M[tile][k] = sum over c of V[tile][c]
 * U[c][k], at one point and for 16 channels k.
 *
 * Six tiles by sixteen channels are summed in twelve vectors of eight, which leaves four of the
 * sixteen that AVX2 has for two of U and one of V. Every sum runs over c in order, whatever the
 * number of tiles, so neither chunks nor threads change a digit.
 */
#include "base/parallel.h"
#include "ops/winograd.h"

#define TILES 6

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

/* n tiles, `v_step` and `m_step` floats apart; u [c][16] */
FVI_INLINE void product(int n, const float *v, int64_t v_step, const float *u, int64_t c, float *m,
                        int64_t m_step) {
    eight sum[TILES][2] = {{{0}}};
    for (int64_t i = 0; i < c; i++, u += FVI_WINOGRAD_BLOCK) {
        eight u0 = *(const eight *)u, u1 = *(const eight *)(u + 8);
#pragma GCC unroll 6
        for (int t = 0; t < n; t++) {
            float x = v[t * v_step + i];
            sum[t][0] += x * u0;
            sum[t][1] += x * u1;
        }
    }
#pragma GCC unroll 6
    for (int t = 0; t < n; t++) {
        *(eight *)(m + t * m_step) = sum[t][0];
        *(eight *)(m + t * m_step + 8) = sum[t][1];
    }
}

FVI_WIDE static void products(const float *v, int64_t v_step, const float *u, int64_t c, float *m,
                              int64_t m_step, int64_t n) {
    for (; n >= TILES; n -= TILES, v += TILES * v_step, m += TILES * m_step)
        product(TILES, v, v_step, u, c, m, m_step);
    switch (n) {
    case 5: product(5, v, v_step, u, c, m, m_step); break;
    case 4: product(4, v, v_step, u, c, m, m_step); break;
    case 3: product(3, v, v_step, u, c, m, m_step); break;
    case 2: product(2, v, v_step, u, c, m, m_step); break;
    case 1: product(1, v, v_step, u, c, m, m_step); break;
    default: break;
    }
}

void fvi_winograd_multiply(const fvi_winograd *w, int64_t point, int64_t block, int64_t n) {
    int64_t v_step = fvi_winograd_tile_step(w->c), m_step = fvi_winograd_tile_step(w->k);
    int64_t blocks = m_step / FVI_WINOGRAD_BLOCK;
    const float *v = w->v->data, *u = w->u->data;
    float *m = w->m->data;
    products(v + point * fvi_winograd_point_step(w->c, w->chunk), v_step,
             u + (point * blocks + block) * w->c * FVI_WINOGRAD_BLOCK, w->c,
             m + point * fvi_winograd_point_step(w->k, w->chunk) + block * FVI_WINOGRAD_BLOCK,
             m_step, n);
}
