/* SPDX-License-Identifier: Apache-2.0 */
/* exp, log, sin and cos in single precision as plain arithmetic, so that loops over them become
 * vector instructions, which calls of libm do not. Errors up to 2e-7 (exp, log: relative).
 *
 * The argument is brought near 0 by a whole number of steps (ln 2 for exp, pi/2 for sin and cos,
 * taken off in parts that are exact) or, for log, near 1 by a power of two; the rest is a
 * polynomial: those of Moshier's Cephes library.
 */
#ifndef FVI_BASE_SIMD_MATH_H
#define FVI_BASE_SIMD_MATH_H

#include <stdint.h>

/* The nearest whole number, of |x| < 2^22: adding 1.5 * 2^23 leaves no bits behind the point. */
static inline float fvi_nearest(float x) { return (x + 12582912.0f) - 12582912.0f; }

typedef union fvi_bits {
    int32_t whole;
    float value;
} fvi_bits;

/* e^x; x is held within -87..87, and what is not finite gives NaN. The bits of positive numbers are
 * in the order of the numbers, and comparing them, unlike numbers, cannot trap: no branch is left.
 */
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
