/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of eight and of four floats, and exp, log, sin and cos as plain arithmetic, for functions
 * marked FVI_WIDE whose loops compilers do not vectorise, or not well. On processors with shorter
 * registers the compiler uses several. In tensors of blocked layout the eight channels of a block
 * are adjacent.
 */
#ifndef FVI_BASE_SIMD_H
#define FVI_BASE_SIMD_H

#include "base/parallel.h"

typedef float fvi_f32x8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t fvi_i32x8 __attribute__((vector_size(32), aligned(4), may_alias));

/* is ? yes : no, lane by lane; a lane of `is` has all bits set or none, as comparisons give. */
#define FVI_SELECT(is, yes, no) ((fvi_f32x8)(((fvi_i32x8)(yes) & (is)) | ((fvi_i32x8)(no) & ~(is))))
/* x in all eight lanes. */
#define FVI_F32X8(x) ((fvi_f32x8){0} + (float)(x))

/* to[y][x] = from[x][y] for 8 x 8 floats; rows are `stride` and `to_stride` floats apart. */
FVI_INLINE void fvi_f32x8_transpose(const float *from, int64_t stride, float *to,
                                    int64_t to_stride) {
    fvi_f32x8 a[8], b[8], c[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) a[i] = *(const fvi_f32x8 *)(from + i * stride);
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) { /* rows i, i + 1 interleaved: columns 0 1 4 5, then 2 3 6 7 */
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += i % 4 ? 3 : 1) { /* four rows: columns 0 and 4; 1 and 5; ... */
        const int k = i / 4 * 4 + i % 4 * 2;
        c[k] = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        c[k + 1] = __builtin_shufflevector(b[i], b[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const fvi_f32x8 x = c[i], y = c[i + 4];
        *(fvi_f32x8 *)(to + i * to_stride) =
            __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11);
        *(fvi_f32x8 *)(to + (i + 4) * to_stride) =
            __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Four floats. */
typedef float fvi_f32x4 __attribute__((vector_size(16), aligned(4), may_alias));

/* v[y][x] = v[x][y] for 4 x 4 floats. */
FVI_INLINE void fvi_f32x4_transpose(fvi_f32x4 v[4]) {
    const fvi_f32x4 a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    const fvi_f32x4 b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    const fvi_f32x4 c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    const fvi_f32x4 d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
    v[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* ---- exp, log, sin, cos: errors up to 2e-7 (exp, log: relative) ---- */

/* The argument is reduced to near 0 by a whole number of steps (ln 2 for exp, pi/2 for sin and cos,
 * subtracted in parts that are exact) or, for log, to near 1 by a power of two; the remainder goes
 * through a polynomial: those of Moshier's Cephes library. Loops over these become vector
 * instructions, which calls of libm do not. */

/* Rounds |x| < 2^22 to a whole number: adding 1.5 * 2^23 leaves no fraction bits. */
static inline float fvi_nearest(float x) { return (x + 12582912.0f) - 12582912.0f; }

typedef union fvi_bits {
    int32_t whole;
    float value;
} fvi_bits;

/* e^x; x is clamped to -87..87, and NaN or infinity gives NaN. The bits of positive floats are
 * ordered as the floats are, and comparing integers cannot trap, so the loop has no branch. */
static inline float fvi_exp(float x) {
    fvi_bits b = {.value = x}, most = {.value = 87};
    int32_t size = b.whole & INT32_MAX, sign = b.whole & INT32_MIN;
    b.whole = (size > most.whole ? most.whole : size) | sign;
    float n = fvi_nearest(b.value * 1.44269504f);
    float r = b.value - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = (p * r + 8.3334519073e-3f) * r + 4.1665795894e-2f;
    p = (p * r + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    fvi_bits power = {.whole = ((int32_t)n + 127) * (1 << 23)}; /* 2^n */
    return (p * r * r + r + 1) * power.value + (x - x);
}

/* ln x, of ordinary positive x (no denormals). */
static inline float fvi_log(float x) {
    fvi_bits b = {.value = x};
    int32_t half = b.whole - 0x3F3504F3; /* sqrt(1/2)'s: the rest is in [sqrt 1/2, sqrt 2) */
    float n = (float)(half >> 23);
    b.whole -= (half >> 23) * (1 << 23);
    float r = b.value - 1, r2 = r * r;
    float p = 7.0376836292e-2f * r - 1.1514610310e-1f;
    p = (p * r + 1.1676998740e-1f) * r - 1.2420140846e-1f;
    p = (p * r + 1.4249322787e-1f) * r - 1.6668057665e-1f;
    p = (p * r + 2.0000714765e-1f) * r - 2.4999993993e-1f;
    p = (p * r + 3.3333331174e-1f) * r * r2 - 2.12194440e-4f * n - 0.5f * r2;
    return r + p + 0.693359375f * n;
}

/* sin x and cos x, of |x| < 8000. */
static inline void fvi_sincos(float x, float *sine, float *cosine) {
    float q = fvi_nearest(x * 0.636619772f);
    float r = x - q * 1.5703125f - q * 4.837512969970703125e-4f - q * 7.54978995489188e-8f;
    float r2 = r * r;
    float s = ((-1.9515295891e-4f * r2 + 8.3321608736e-3f) * r2 - 1.6666654611e-1f) * r2 * r + r;
    float c = ((2.443315711809948e-5f * r2 - 1.388731625493765e-3f) * r2 + 4.166664568298827e-2f) *
                  r2 * r2 -
              0.5f * r2 + 1;
    int32_t quarter = (int32_t)q & 3;
    float a = quarter & 1 ? c : s, b = quarter & 1 ? s : c;
    *sine = quarter & 2 ? -a : a;
    *cosine = (quarter + 1) & 2 ? -b : b;
}

#endif
