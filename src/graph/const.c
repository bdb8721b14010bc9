/* SPDX-License-Identifier: Apache-2.0 */
/* Constants: little-endian elements of any type we read, turned into numbers.
 *
 * Elements may stand at any address (a mapped file aligns nothing), so they are copied out before
 * they are looked at. Half floats are converted by bits: bf16 is the upper half of an f32; f16 has
 * 5 bits of exponent (bias 15) and 10 of mantissa, subnormals below 2^-14. The machine is
 * little-endian too: all that oneDNN runs on are, and the build refuses others.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
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
