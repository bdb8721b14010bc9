/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto -> fvi_const.
 *
 * ONNX keeps a tensor's elements in one of: `raw_data` (little-endian bytes), an external file, or
 * a typed field. Of the typed fields, float_data, double_data, int64_data, uint64_data and
 * int32_data are used in place if the element type has their width; narrower types, which
 * int32_data and uint64_data carry one an entry, are packed into the pool. Whatever the source, the
 * number of elements must be the product of dims. Integers of 4 bits, two a byte, become those of 8
 * that are marked as quantised with 4 bits. Not read: strings, complex numbers, 8-bit and narrower
 * floats, 2-bit integers, segments. Source: onnx.proto of the ONNX specification,
 * TensorProto.
 */
#include "model/onnx/tensors/tensor.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/onnx/tensors/external.h"

#define LOCATION_EXTERNAL 1 /* TensorProto.DataLocation */

enum { UINT4 = 21, INT4 = 22 }; /* TensorProto.DataType */

static const uint8_t nothing[8]; /* what empty tensors point to */

static const char *type_name(int type) {
    static const char *const names[] = {
        "undefined",      "float32",  "uint8",        "int8",           "uint16",
        "int16",          "int32",    "int64",        "string",         "bool",
        "float16",        "float64",  "uint32",       "uint64",         "complex64",
        "complex128",     "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
        "float8e5m2fnuz", "uint4",    "int4",         "float4e2m1",     "float8e8m0",
        "uint2",          "int2"};
    return type >= 0 && (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

/* Where a typed field keeps the elements: entries of `width` bytes. */
typedef struct field {
    const void *entries;
    size_t count, width;
    const char *name;
} field;

static field typed_field(const Onnx__TensorProto *t, fvi_dtype type) {
    switch (type) {
    case FVI_F32: return (field){t->float_data, t->n_float_data, 4, "float_data"};
    case FVI_F64: return (field){t->double_data, t->n_double_data, 8, "double_data"};
    case FVI_I64: return (field){t->int64_data, t->n_int64_data, 8, "int64_data"};
    case FVI_U32:
    case FVI_U64: return (field){t->uint64_data, t->n_uint64_data, 8, "uint64_data"};
    default: return (field){t->int32_data, t->n_int32_data, 4, "int32_data"};
    }
}

static fv_status typed_read(const Onnx__TensorProto *t, fvi_dtype type, int64_t count,
                            fvi_pool *pool, const uint8_t **out, fv_error *err) {
    field f = typed_field(t, type);
    if ((int64_t)f.count != count)
        return fvi_fail(err, FV_FORMAT,
                        "tensor \"%s\": %zu elements in %s, its shape needs %" G_GINT64_FORMAT,
                        fvi_tensor_name(t), f.count, f.name, count);
    size_t size = fvi_dtype_size(type);
    if (size == f.width) {
        *out = f.entries;
        return FV_OK;
    }
    uint8_t *packed = fvi_pool_array(pool, f.count, size);
    if (!packed)
        return fvi_fail(err, FV_NOMEM, "tensor \"%s\": no memory for its %zu elements",
                        fvi_tensor_name(t), f.count);
    for (size_t i = 0; i < f.count; i++) /* the lower bytes of each entry */
        memcpy(packed + i * size, (const uint8_t *)f.entries + i * f.width, size);
    *out = packed;
    return FV_OK;
}

static fv_status shape_read(const Onnx__TensorProto *t, fvi_shape *out, int64_t *count,
                            const char **problem, fv_error *err) {
    fvi_shape s = {0};
    if (t->n_dims > FVI_MAX_DIMS) {
        *problem = "has more than 8 dimensions";
        return FV_OK;
    }
    s.ndim = (int)t->n_dims;
    for (int i = 0; i < s.ndim; i++) s.dim[i] = t->dims[i];
    *count = fvi_shape_count(&s);
    if (*count < 0) {
        char text[FVI_SHAPE_TEXT];
        return fvi_fail(err, FV_FORMAT,
                        "tensor \"%s\": shape %s is negative or beyond 2^31 elements",
                        fvi_tensor_name(t), fvi_shape_text(&s, text));
    }
    *out = s;
    return FV_OK;
}

static fv_status payload_read(const Onnx__TensorProto *t, fvi_payload p, uint64_t need,
                              const uint8_t **out, fv_error *err) {
    if (p.size != need)
        return fvi_fail(err, FV_FORMAT,
                        "tensor \"%s\": %zu bytes of data, its shape and type %s need "
                        "%" G_GUINT64_FORMAT,
                        fvi_tensor_name(t), p.size, type_name(t->data_type), (guint64)need);
    *out = p.bytes;
    return FV_OK;
}

/* Makes one byte of each of a tensor's integers of 4 bits; the first of two is the lower half. */
static fv_status widen(const Onnx__TensorProto *t, int64_t count, fvi_pool *pool, fvi_const *c,
                       fv_error *err) {
    uint8_t *wide = fvi_pool_array(pool, (size_t)count + 1, 1);
    if (!wide)
        return fvi_fail(err, FV_NOMEM,
                        "tensor \"%s\": no memory for its %" G_GINT64_FORMAT " elements",
                        fvi_tensor_name(t), count);
    for (int64_t i = 0; i < count; i++) {
        const int half = c->bytes[i / 2] >> (i % 2 * 4) & 15;
        wide[i] = (uint8_t)(t->data_type == INT4 && half > 7 ? half - 16 : half);
    }
    c->bytes = wide;
    c->quantised = FVI_QUANTISED_4_BITS;
    return FV_OK;
}

/* Finds the data of `entries` elements of c's type, wherever the file has them. */
static fv_status data_read(const fvi_onnx *o, const Onnx__TensorProto *t,
                           const fvi_payload *payload, int64_t entries, fvi_pool *pool,
                           fvi_const *c, fv_error *err) {
    const uint64_t need = (uint64_t)entries * fvi_dtype_size(c->dtype); /* at most 2^31 times 8 */
    if (t->data_location == LOCATION_EXTERNAL && o)
        return fvi_onnx_external(o, t, need, &c->bytes, err);
    if (payload && payload->bytes) return payload_read(t, *payload, need, &c->bytes, err);
    if (t->has_raw_data)
        return payload_read(t, (fvi_payload){t->raw_data.data, t->raw_data.len}, need, &c->bytes,
                            err);
    return typed_read(t, c->dtype, entries, pool, &c->bytes, err);
}

fv_status fvi_onnx_tensor_read(const fvi_onnx *o, const Onnx__TensorProto *t,
                               const fvi_payload *payload, fvi_pool *pool, fvi_const *out,
                               const char **problem, fv_error *err) {
    const int is_half = t->data_type == INT4 || t->data_type == UINT4; /* of a byte */
    const fvi_dtype half = t->data_type == INT4 ? FVI_I8 : FVI_U8;
    fvi_const c = {.dtype = is_half ? half : (fvi_dtype)t->data_type};
    int64_t count = 0;
    *problem = NULL;
    fv_status st = shape_read(t, &c.shape, &count, problem, err);
    if (st) return st;
    if (!fvi_dtype_size(c.dtype) && !*problem) {
        *problem = fvi_pool_printf(pool, "has element type %s (%d), which fovea does not read",
                                   type_name(t->data_type), t->data_type);
        if (!*problem) return fvi_fail(err, FV_NOMEM, "no memory");
    }
    if (*problem) return FV_OK;
    st = data_read(o, t, payload, is_half ? (count + 1) / 2 : count, pool, &c, err);
    if (!st && is_half) st = widen(t, count, pool, &c, err);
    if (st) return st;
    if (!count) c.bytes = nothing;
    *out = c;
    return FV_OK;
}

fv_status fvi_onnx_tensor(const fvi_onnx *o, const Onnx__TensorProto *t, fvi_pool *pool,
                          const fvi_const **out, fv_error *err) {
    const char *problem = NULL;
    fvi_const *c = fvi_pool_alloc(pool, sizeof *c);
    if (!c) return fvi_fail(err, FV_NOMEM, "no memory for a tensor");
    fv_status st = fvi_onnx_tensor_read(o, t, NULL, pool, c, &problem, err);
    if (st) return st;
    if (problem)
        return fvi_fail(err, FV_UNSUPPORTED, "tensor \"%s\" %s", fvi_tensor_name(t), problem);
    *out = c;
    return FV_OK;
}
