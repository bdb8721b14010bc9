/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: computing nodes of the small op set whose inputs are constants.
 *
 * Two kinds of numbers only: every integer type and bool as int64 (u64 as its bits), every floating
 * one as double; results are stored in the ONNX type. Ops that only move elements copy bytes.
 * The heavy kinds (convolution, pooling, ...) are not folded: they run, on constants, and so do
 * large matrix products.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/lowering.h"

int fvi_dtype_is_int(fvi_dtype t) {
    return t != FVI_F32 && t != FVI_F64 && t != FVI_F16 && t != FVI_BF16;
}

/* "int64", ...: ONNX's words; static. */
const char *fvi_dtype_name(fvi_dtype t) {
    static const char *const names[] = {"undefined",  "float",   "uint8",  "int8",   "uint16",
                                        "int16",      "int32",   "int64",  "string", "bool",
                                        "float16",    "double",  "uint32", "uint64", "complex64",
                                        "complex128", "bfloat16"};
    return (unsigned)t < G_N_ELEMENTS(names) ? names[t] : "an unknown type";
}

static int64_t clamp_to_int(double x) {
    if (isnan(x)) return 0;
    if (x >= 9223372036854775807.0) return INT64_MAX;
    if (x <= -9223372036854775808.0) return INT64_MIN;
    return (int64_t)x;
}

/* See lowering.h. */
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

/* See lowering.h. */
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

/* Nearest even; overflow becomes infinity. */
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

/* See lowering.h. */
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

/* See lowering.h. */
void fvi_put_from(fvi_dtype t, void *dst, int64_t i, const fvi_const *c, int64_t j) {
    if (fvi_dtype_is_int(c->dtype))
        fvi_put_int(t, dst, i, fvi_const_int(c, j));
    else
        fvi_put_real(t, dst, i, fvi_const_at(c, j));
}

/* A product of at most this many multiplications is folded; larger ones run. */
#define FOLD_MAX_PRODUCT ((int64_t)1 << 24)

static int small_product(const fvi_node_attr *a, const fvi_const *x, const fvi_shape *shape) {
    int64_t k = x->shape.dim[x->shape.ndim - 1 - (a->matmul.trans_a != 0)], work;
    return fvi_mul(fvi_shape_count(shape), k, &work) == 0 && work <= FOLD_MAX_PRODUCT;
}

/* Functions and walks over axes cost more than a copy; a product is counted by its
 * multiplications. None overflows: counts are at most 2^31, a product's work is small_product's. */
int64_t fvi_fold_work(fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in, int n_in,
                      const fvi_shape *shape) {
    int64_t out = fvi_shape_count(shape), work = 0;
    for (int i = 0; i < n_in; i++)
        if (in[i]) work += fvi_shape_count(&in[i]->shape);
    switch (kind) {
    case FVI_MATMUL: {
        const fvi_shape *x = &in[0]->shape;
        return work + out * x->dim[x->ndim - 1 - (a->matmul.trans_a != 0)];
    }
    case FVI_UNARY:
    case FVI_BINARY:
    case FVI_WHERE:
    case FVI_PAD: return work + 4 * out;
    default: return work + out;
    }
}

/* See lowering.h. */
int fvi_fold_knows(fvi_kind kind, const fvi_node_attr *a, const fvi_const *first,
                   const fvi_shape *shape) {
    switch (kind) {
    case FVI_MATMUL: return small_product(a, first, shape);
    case FVI_UNARY:
    case FVI_BINARY:
    case FVI_WHERE:
    case FVI_REDUCE:
    case FVI_BATCH_NORM:
    case FVI_CONCAT:
    case FVI_SLICE:
    case FVI_PAD:
    case FVI_TRANSPOSE:
    case FVI_EXPAND:
    case FVI_GATHER: return 1;
    default: return 0;
    }
}

/* See lowering.h. */
int fvi_constant_fold(fvi_site *s, fvi_kind kind, const fvi_node_attr *a,
                      const fvi_const *const *in, int n_in, const fvi_shape *shape, fvi_dtype t,
                      uint8_t *dst) {
    if (fvi_shape_count(shape) == 0) return 1;
    return fvi_fold_move(s, kind, a, in, n_in, shape, dst) ||
           fvi_fold_math(s, kind, a, in, n_in, shape, t, dst);
}
