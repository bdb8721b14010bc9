/* SPDX-License-Identifier: Apache-2.0 */
/* abs_max: the largest magnitude. Without the sign bit, the bits of floats have the order of the
 * floats, with infinity above all numbers and NaN above infinity (IEEE 754). So one maximum of
 * integers, which compilers vectorise, finds both the largest magnitude and values that are not
 * finite.
 */
#include "base/abs_max.h"

#include <string.h>

#include "base/parallel.h"

#define MAGNITUDE 0x7fffffffu
#define INFINITE  0x7f800000u

FVI_WIDE static uint32_t max_bits(const float *x, int64_t n) {
    uint32_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= MAGNITUDE;
        most = bits > most ? bits : most;
    }
    return most;
}

float fvi_abs_max(const float *x, int64_t n) {
    uint32_t most = 0;
    float result;
#pragma omp parallel if (n > FVI_PARALLEL_MIN) reduction(max : most)
    {
        int64_t from, to;
        fvi_thread_share(n, &from, &to);
        most = max_bits(x + from, to - from);
    }
    memcpy(&result, &most, sizeof result);
    return result;
}

int64_t fvi_count_nonfinite(const float *x, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        count += (bits & MAGNITUDE) >= INFINITE;
    }
    return count;
}
