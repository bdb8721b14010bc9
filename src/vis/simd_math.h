/* SPDX-License-Identifier: Apache-2.0 */
/* exp, sin and cos in single precision as plain arithmetic, so that loops over them become vector
 * instructions, which calls of libm do not. Errors up to 2e-7 (exp: relative).
 *
 * The argument is brought near 0 by a whole number of steps (ln 2 for exp, pi/2 for sin and cos,
 * taken off in parts that are exact), the rest is a polynomial: those of Moshier's Cephes library.
 */
#ifndef FVI_VIS_SIMD_MATH_H
#define FVI_VIS_SIMD_MATH_H

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
