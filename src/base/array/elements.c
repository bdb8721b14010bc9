/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as files of arrays have them, made f32. They may be unaligned, and in either order of
 * bytes. What it does not do: complex numbers, 8-bit floats, long doubles. */
#include "base/array/elements.h"

#include <string.h>

#include "base/error.h"
#include "base/tensor.h"

static float from_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

/* One element as f32, from bytes in this machine's order. */
static float element_value(char kind, int size, const uint8_t b[8]) {
    uint64_t u = 0;
    double d;
    memcpy(&u, b, (size_t)size);
    switch (kind) {
    case 'f':
        if (size == 2) return fvi_half_to_float((uint16_t)u);
        if (size == 4) return from_bits((uint32_t)u);
        memcpy(&d, b, 8);
        return (float)d;
    case 'B': return from_bits((uint32_t)u << 16);
    case 'i': {
        int shift = 64 - 8 * size; /* sign extension */
        return (float)((int64_t)(u << shift) >> shift);
    }
    case 'u': return (float)u;
    default: return u ? 1.0f : 0.0f;
    }
}

/* Whether an integer is another number as f32. */
static int is_rounded(char kind, int size, const uint8_t b[8], float f) {
    uint64_t u = 0;
    if (size < 4 || (kind != 'i' && kind != 'u')) return 0;
    memcpy(&u, b, (size_t)size);
    if (kind == 'u') return f >= 0x1p64f || (uint64_t)f != u;
    const int64_t i = (int64_t)(u << (64 - 8 * size)) >> (64 - 8 * size);
    return f >= 0x1p63f || (int64_t)f != i;
}

int64_t fvi_elements_read(const fvi_elements *type, const uint8_t *src, int64_t stride, int64_t n,
                          float *dst) {
    int64_t rounded = 0;
    if (type->kind == 'f' && type->size == 4 && !type->swapped && stride == 4) {
        if (n > 0) memcpy(dst, src, (size_t)n * 4);
        return 0;
    }
    for (int64_t i = 0; i < n; i++, src += stride) {
        uint8_t b[8];
        for (int k = 0; k < type->size; k++) b[k] = src[type->swapped ? type->size - 1 - k : k];
        dst[i] = element_value(type->kind, type->size, b);
        rounded += is_rounded(type->kind, type->size, b, dst[i]);
    }
    return rounded;
}

fv_status fvi_elements_exact(int64_t rounded, fv_error *err) {
    if (!rounded) return FV_OK;
    return fvi_fail(err, FV_FORMAT,
                    "%lld of its integers would be rounded to f32; allowed: those that f32 holds, "
                    "all up to 2^24 (saved as float64 they are rounded)",
                    (long long)rounded);
}
