/* SPDX-License-Identifier: Apache-2.0 */
/* Constants: little-endian elements of any type we read, converted to numbers.
 *
 * Elements may be unaligned (a mapped file guarantees no alignment), so they are read with memcpy.
 * Half floats are converted by bits: bf16 is the upper half of an f32; f16 has 5 bits of exponent
 * (bias 15) and 10 of mantissa, subnormals below 2^-14. The machine must be little-endian too, like
 * all that oneDNN supports; the build refuses others.
 */
#include "graph/const.h"

#include <math.h>
#include <string.h>

#include "base/tensor.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "fovea reads weights in place and needs a little-endian machine"
#endif

size_t fvi_dtype_size(fvi_dtype t) {
    switch (t) {
    case FVI_U8:
    case FVI_I8:
    case FVI_BOOL: return 1;
    case FVI_U16:
    case FVI_I16:
    case FVI_F16:
    case FVI_BF16: return 2;
    case FVI_F32:
    case FVI_I32:
    case FVI_U32: return 4;
    case FVI_I64:
    case FVI_U64:
    case FVI_F64: return 8;
    }
    return 0;
}

static float from_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* One line a type: reads element i of `bytes` as T and gives VALUE, an expression in `e`. */
#define EACH_TYPE(X)                                    \
    X(FVI_F32, float, e)                                \
    X(FVI_F64, double, e)                               \
    X(FVI_F16, uint16_t, fvi_half_to_float(e))          \
    X(FVI_BF16, uint16_t, from_bits((uint32_t)e << 16)) \
    X(FVI_U8, uint8_t, e)                               \
    X(FVI_I8, int8_t, e)                                \
    X(FVI_U16, uint16_t, e)                             \
    X(FVI_I16, int16_t, e)                              \
    X(FVI_U32, uint32_t, e)                             \
    X(FVI_I32, int32_t, e)                              \
    X(FVI_U64, uint64_t, e)                             \
    X(FVI_I64, int64_t, e)                              \
    X(FVI_BOOL, uint8_t, e != 0)

void fvi_const_to_f32(const fvi_const *c, float *dst) {
    int64_t n = fvi_shape_count(&c->shape);
    if (n <= 0) return;
    if (c->dtype == FVI_F32) {
        memcpy(dst, c->bytes, (size_t)n * sizeof *dst);
        return;
    }
#define CONVERT(TYPE, T, VALUE)                                    \
    case TYPE:                                                     \
        for (int64_t i = 0; i < n; i++) {                          \
            T e;                                                   \
            memcpy(&e, c->bytes + (size_t)i * sizeof e, sizeof e); \
            dst[i] = (float)(VALUE);                               \
        }                                                          \
        break;
    switch (c->dtype) { EACH_TYPE(CONVERT) }
}

double fvi_const_at(const fvi_const *c, int64_t i) {
#define ONE(TYPE, T, VALUE)                                    \
    case TYPE: {                                               \
        T e;                                                   \
        memcpy(&e, c->bytes + (size_t)i * sizeof e, sizeof e); \
        return (double)(VALUE);                                \
    }
    switch (c->dtype) { EACH_TYPE(ONE) }
    return NAN;
}

int fvi_dtype_is_int(fvi_dtype t) {
    return t != FVI_F32 && t != FVI_F64 && t != FVI_F16 && t != FVI_BF16;
}

const char *fvi_dtype_name(fvi_dtype t) {
    static const char *const names[] = {"undefined",  "float",   "uint8",  "int8",   "uint16",
                                        "int16",      "int32",   "int64",  "string", "bool",
                                        "float16",    "double",  "uint32", "uint64", "complex64",
                                        "complex128", "bfloat16"};
    return (unsigned)t < sizeof names / sizeof *names ? names[t] : "an unknown type";
}

static int64_t clamp_to_int(double x) {
    if (isnan(x)) return 0;
    if (x >= 9223372036854775807.0) return INT64_MAX;
    if (x <= -9223372036854775808.0) return INT64_MIN;
    return (int64_t)x;
}

int64_t fvi_const_int(const fvi_const *c, int64_t i) {
#define READ(TYPE, T)                                          \
    case TYPE: {                                               \
        T e;                                                   \
        memcpy(&e, c->bytes + (size_t)i * sizeof e, sizeof e); \
        return (int64_t)e;                                     \
    }
    switch (c->dtype) {
        READ(FVI_U8, uint8_t)
        READ(FVI_I8, int8_t)
        READ(FVI_U16, uint16_t)
        READ(FVI_I16, int16_t)
        READ(FVI_U32, uint32_t)
        READ(FVI_I32, int32_t)
        READ(FVI_U64, uint64_t)
        READ(FVI_I64, int64_t)
    case FVI_BOOL: return c->bytes[i] != 0;
    default: return clamp_to_int(fvi_const_at(c, i));
    }
#undef READ
}

void fvi_put_int(fvi_dtype t, void *dst, int64_t i, int64_t x) {
#define WRITE(TYPE, T)                                               \
    case TYPE: {                                                     \
        T e = (T)x;                                                  \
        memcpy((uint8_t *)dst + (size_t)i * sizeof e, &e, sizeof e); \
        break;                                                       \
    }
    switch (t) {
        WRITE(FVI_U8, uint8_t)
        WRITE(FVI_I8, int8_t)
        WRITE(FVI_U16, uint16_t)
        WRITE(FVI_I16, int16_t)
        WRITE(FVI_U32, uint32_t)
        WRITE(FVI_I32, int32_t)
        WRITE(FVI_U64, uint64_t)
        WRITE(FVI_I64, int64_t)
    case FVI_BOOL: ((uint8_t *)dst)[i] = x != 0; break;
    default: fvi_put_real(t, dst, i, (double)x);
    }
#undef WRITE
}

static uint32_t float_bits(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

/* Rounds to nearest even; overflow becomes infinity. */
static uint16_t to_f16(float f) {
    uint32_t sign = float_bits(f) >> 16 & 0x8000;
    float a = fabsf(f);
    if (isnan(f)) return (uint16_t)(sign | 0x7e00);
    if (a >= 65520.0f) return (uint16_t)(sign | 0x7c00);
    if (a < 0x1p-14f) return (uint16_t)(sign | (uint32_t)lrintf(a * 0x1p24f)); /* subnormal */
    uint32_t bits = float_bits(a) - (112u << 23);
    bits += 0xfff + (bits >> 13 & 1);
    return (uint16_t)(sign | bits >> 13);
}

static uint16_t to_bf16(float f) {
    uint32_t bits = float_bits(f);
    if (isnan(f)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void fvi_put_real(fvi_dtype t, void *dst, int64_t i, double x) {
    float f = (float)x;
    uint16_t h;
    switch (t) {
    case FVI_F64: memcpy((uint8_t *)dst + (size_t)i * sizeof x, &x, sizeof x); break;
    case FVI_F32: memcpy((uint8_t *)dst + (size_t)i * sizeof f, &f, sizeof f); break;
    case FVI_F16:
    case FVI_BF16:
        h = t == FVI_F16 ? to_f16(f) : to_bf16(f);
        memcpy((uint8_t *)dst + (size_t)i * sizeof h, &h, sizeof h);
        break;
    case FVI_BOOL: ((uint8_t *)dst)[i] = x != 0; break;
    default: fvi_put_int(t, dst, i, clamp_to_int(x));
    }
}

void fvi_put_from(fvi_dtype t, void *dst, int64_t i, const fvi_const *c, int64_t j) {
    if (fvi_dtype_is_int(c->dtype))
        fvi_put_int(t, dst, i, fvi_const_int(c, j));
    else
        fvi_put_real(t, dst, i, fvi_const_at(c, j));
}
