/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers by Philox4x32-10: ten rounds turn a 128-bit counter under a 64-bit key into four
 * 32-bit numbers.
 *
 * A stream is made so that no two (unit, step, use) of one seed ever share a block: Philox under
 * the seed's key is a bijection of counters, so (unit, use) becomes 128 bits that differ from those
 * of any other pair; 64 of them are the stream's key, 64 the upper half of its counter; the lower
 * half is the step and the number of the block. A stream is 2^34 numbers long and then repeats.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 * Not for secrets.
 */
#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/simd.h"

/* What is added to the keys: the golden ratio's and sqrt(3)-1's bits, Weyl sequences. */
#define WEYL_0 0x9E3779B9u
#define WEYL_1 0xBB67AE85u

FVI_INLINE void philox_round(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3, uint32_t k0,
                             uint32_t k1) {
    /* both halves separately, which suits vectors of 32-bit lanes */
    const uint32_t m0 = 0xD2511F53u, m1 = 0xCD9E8D57u, a = *c0, b = *c2;
    *c0 = (uint32_t)((uint64_t)m1 * b >> 32) ^ *c1 ^ k0;
    *c1 = m1 * b;
    *c2 = (uint32_t)((uint64_t)m0 * a >> 32) ^ *c3 ^ k1;
    *c3 = m0 * a;
}

/* out [4] = Philox4x32-10 of counter [4] under key [2]. */
static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t k0 = key[0], k1 = key[1];
    memcpy(out, counter, 4 * sizeof *out);
    for (int round = 0; round < 10; round++) {
        philox_round(out, out + 1, out + 2, out + 3, k0, k1);
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
}

fvi_random fvi_random_stream(uint64_t seed, uint64_t unit, uint32_t step, fvi_draw use) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t who[4] = {(uint32_t)unit, (uint32_t)(unit >> 32), (uint32_t)use, 0};
    uint32_t mixed[4];
    philox(who, key, mixed);
    fvi_random r = {.key = {mixed[0], mixed[1]}, .counter = {0, step, mixed[2], mixed[3]}};
    return r;
}

/* The word that halves 2 i and 2 i + 1 are of. */
static uint32_t *word_of(fvi_random *r, int i) { return i < 2 ? &r->key[i] : &r->counter[i - 1]; }

void fvi_random_to_halves(const fvi_random *r, float halves[FVI_RANDOM_HALVES]) {
    fvi_random copy = *r;
    for (int i = 0; i < FVI_RANDOM_HALVES; i++)
        halves[i] = (float)(*word_of(&copy, i / 2) >> 16 * (i % 2) & 0xFFFF);
}

fvi_random fvi_random_from_halves(const float halves[FVI_RANDOM_HALVES]) {
    fvi_random r = {.left = 0};
    for (int i = 0; i < FVI_RANDOM_HALVES; i++)
        *word_of(&r, i / 2) |= (uint32_t)fmaxf(0, fminf(rintf(halves[i]), 65535)) << 16 * (i % 2);
    return r;
}

uint32_t fvi_random_u32(fvi_random *r) {
    if (r->left == 0) {
        philox(r->counter, r->key, r->out);
        r->counter[0]++;
        r->left = 4;
    }
    return r->out[4 - r->left--];
}

void fvi_random_skip(fvi_random *r, int64_t n) {
    int64_t kept = r->left < n ? r->left : n;
    r->left -= (int)kept;
    n -= kept;
    r->counter[0] += (uint32_t)(n / 4);
    for (n %= 4; n > 0; n--) fvi_random_u32(r);
}

float fvi_random_uniform(fvi_random *r) { return (float)(fvi_random_u32(r) >> 8) * 0x1p-24f; }

float fvi_random_normal(fvi_random *r) {
    double u = ((double)fvi_random_u32(r) + 1) * 0x1p-32; /* (0,1]: its logarithm is finite */
    double v = (double)fvi_random_u32(r) * 0x1p-32;
    return (float)(sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v));
}

/* ---- many normals: blocks in vector lanes, then the two functions in vector lanes ---- */

enum {
    BLOCKS = 64,       /* of four numbers, made together */
    CHUNK = 4 * BLOCKS /* normals made together */
};

/* The numbers of blocks counter, counter + 1, ...: c[k][i] is number k of block i. */
FVI_INLINE void philox_many(const uint32_t counter[4], const uint32_t key[2],
                            uint32_t c[4][BLOCKS]) {
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < BLOCKS; i++) c[0][i] = counter[0] + (uint32_t)i;
    for (int k = 1; k < 4; k++)
        for (int i = 0; i < BLOCKS; i++) c[k][i] = counter[k];
    for (int round = 0; round < 10; round++) {
#pragma omp simd
        for (int i = 0; i < BLOCKS; i++)
            philox_round(&c[0][i], &c[1][i], &c[2][i], &c[3][i], k0, k1);
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
}

/* The two normals of each two numbers. */
FVI_INLINE void box_muller(int n, const uint32_t *restrict a, const uint32_t *restrict b,
                           float *restrict x, float *restrict y) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        float u = ((float)(int32_t)(a[i] >> 1) + 0.5f) * 0x1p-31f; /* (0,1] */
        float t = (float)(int32_t)(b[i] >> 1) * (6.28318530718f * 0x1p-31f);
        float length = sqrtf(-2 * fvi_log(u)), sine, cosine;
        fvi_sincos(t, &sine, &cosine);
        x[i] = length * cosine;
        y[i] = length * sine;
    }
}

/* The CHUNK normals that begin at block `counter`. */
FVI_WIDE static void normals_of(const uint32_t counter[4], const uint32_t key[2],
                                float *restrict out) {
    uint32_t bits[4][BLOCKS];
    float x[4][BLOCKS];
    philox_many(counter, key, bits);
    box_muller(BLOCKS, bits[0], bits[1], x[0], x[1]);
    box_muller(BLOCKS, bits[2], bits[3], x[2], x[3]);
    for (int i = 0; i < BLOCKS; i++)
        for (int k = 0; k < 4; k++) out[4 * i + k] = x[k][i];
}

static void normals_in_turn(fvi_random *r, int64_t n, float *out) {
    for (int64_t i = 0; i < n; i += 2) {
        uint32_t a = fvi_random_u32(r), b = fvi_random_u32(r);
        float second;
        box_muller(1, &a, &b, out + i, &second);
        if (i + 1 < n) out[i + 1] = second;
    }
}

/* Chunk i of those that begin at r's next block. */
static void chunk_of(const fvi_random *r, int64_t i, float *out) {
    const uint32_t counter[4] = {r->counter[0] + (uint32_t)i * BLOCKS, r->counter[1], r->counter[2],
                                 r->counter[3]};
    normals_of(counter, r->key, out + i * CHUNK);
}

void fvi_random_normals(fvi_random *r, int64_t n, float *out) {
    /* one by one up to the next block; all of them if a pair crosses a block */
    int64_t first = r->left < n && r->left % 2 == 0 ? r->left : r->left ? n : 0;
    normals_in_turn(r, first, out);
    n -= first;
    out += first;
    int64_t chunks = r->left ? 0 : n / CHUNK;
    if (n > FVI_PARALLEL_MIN) {
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < chunks; i++) chunk_of(r, i, out);
    } else { /* no parallel region: the callers are threads of one */
        for (int64_t i = 0; i < chunks; i++) chunk_of(r, i, out);
    }
    r->counter[0] += (uint32_t)chunks * BLOCKS;
    normals_in_turn(r, n - chunks * CHUNK, out + chunks * CHUNK);
}

int fvi_random_int(fvi_random *r, int lo, int hi) {
    assert(lo <= hi);
    uint64_t range = (uint64_t)((int64_t)hi - lo) + 1;       /* 1..2^32 */
    uint64_t whole = ((uint64_t)1 << 32) / range * range, x; /* a multiple of range */
    do x = fvi_random_u32(r);
    while (x >= whole);
    return (int)(lo + (int64_t)(x % range));
}
