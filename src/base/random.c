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

/* out [4] = Philox4x32-10 of counter [4] under key [2]. */
static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u; /* the golden ratio's and sqrt(3)-1's bits: Weyl sequences */
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

fvi_random fvi_random_stream(uint64_t seed, uint64_t unit, uint32_t step, fvi_draw use) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t who[4] = {(uint32_t)unit, (uint32_t)(unit >> 32), (uint32_t)use, 0};
    uint32_t mixed[4];
    philox(who, key, mixed);
    fvi_random r = {.key = {mixed[0], mixed[1]}, .counter = {0, step, mixed[2], mixed[3]}};
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

float fvi_random_uniform(fvi_random *r) { return (float)(fvi_random_u32(r) >> 8) * 0x1p-24f; }

float fvi_random_normal(fvi_random *r) {
    double u = ((double)fvi_random_u32(r) + 1) * 0x1p-32; /* (0,1]: its logarithm is finite */
    double v = (double)fvi_random_u32(r) * 0x1p-32;
    return (float)(sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v));
}

void fvi_random_normals(fvi_random *r, int64_t n, float *out) {
    for (int64_t i = 0; i < n; i += 2) {
        float u = ((float)fvi_random_u32(r) + 1) * 0x1p-32f; /* (0,1] */
        float t = (float)fvi_random_u32(r) * (6.28318530718f * 0x1p-32f);
        float length = sqrtf(-2 * logf(fminf(u, 1)));
        out[i] = length * cosf(t);
        if (i + 1 < n) out[i + 1] = length * sinf(t);
    }
}

int fvi_random_int(fvi_random *r, int lo, int hi) {
    assert(lo <= hi);
    uint64_t range = (uint64_t)((int64_t)hi - lo) + 1;       /* 1..2^32 */
    uint64_t whole = ((uint64_t)1 << 32) / range * range, x; /* a multiple of range */
    do x = fvi_random_u32(r);
    while (x >= whole);
    return (int)(lo + (int64_t)(x % range));
}
