/* SPDX-License-Identifier: Apache-2.0 */
/* reference: Philox4x32-10 as its authors' paper has it (Salmon et al. 2011, section 4.3), one
 * number after the other, and the formulas of base/random.h. A normal's two arguments are rounded
 * to f32, as they are everywhere; its functions are of double precision. */
#include <math.h>

#include "../reference.h"

/* Number i of the block with that counter. */
static uint32_t number(const uint32_t counter[4], const uint32_t key[2], int i) {
    uint32_t r0 = counter[0], l0 = counter[1], r1 = counter[2], l1 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * r0, p1 = (uint64_t)0xCD9E8D57u * r1;
        r0 = (uint32_t)(p1 >> 32) ^ l0 ^ k0;
        l0 = (uint32_t)p1;
        r1 = (uint32_t)(p0 >> 32) ^ l1 ^ k1;
        l1 = (uint32_t)p0;
    }
    return (uint32_t[]){r0, l0, r1, l1}[i];
}

static uint32_t word(const double *halves) {
    return (uint32_t)lround(halves[0]) | (uint32_t)lround(halves[1]) << 16;
}

/* 32-bit number i of the stream. */
static uint32_t bits(const double *key, int64_t i) {
    const uint32_t counter[] = {(uint32_t)(i / 4), word(key + 4), word(key + 6), word(key + 8)};
    return number(counter, (uint32_t[]){word(key), word(key + 2)}, (int)(i % 4));
}

static double normal(const double *key, int64_t first, int64_t i) {
    const uint32_t a = bits(key, first + i / 2 * 2), b = bits(key, first + i / 2 * 2 + 1);
    const float u = ((float)(a >> 1) + 0.5f) * 0x1p-31f;
    const float t = (float)(b >> 1) * (6.28318530718f * 0x1p-31f);
    return sqrt(-2 * log((double)u)) * (i % 2 ? sin((double)t) : cos((double)t));
}

void fvi_ref_random(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const int64_t streams = out->shape.dim[0], first = n->a.random.first;
    const int64_t each = streams ? fvi_ref_count(&out->shape) / streams : 0;
    for (int64_t k = 0; k < streams * each; k++) {
        const double *key = in[0].data + k / each * 10;
        const int64_t i = k % each;
        out->data[k] = n->a.random.f == FVI_RANDOM_NORMAL ? normal(key, first, i)
                                                          : (bits(key, first + i) >> 8) * 0x1p-24;
    }
}
