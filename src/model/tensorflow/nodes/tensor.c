/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto -> fvi_const. Numbers are in `tensor_content`, little-endian, as many as the shape
 * says; or in a list of the type's own, whose last number stands for all that are missing.
 *
 * What it does not do: strings, complex numbers, resources.
 * Source: tensor.proto, types.proto.
 */
#include "model/tensorflow/nodes/tensor.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"

enum { DTYPE = 1, SHAPE = 2, CONTENT = 4 };

static const struct {
    int type, list; /* TensorFlow's number; the field of its numbers */
    fvi_dtype dtype;
} types[] = {{1, 5, FVI_F32},   {2, 6, FVI_F64},  {3, 7, FVI_I32},  {4, 7, FVI_U8},
             {5, 7, FVI_I16},   {6, 7, FVI_I8},   {9, 10, FVI_I64}, {10, 11, FVI_BOOL},
             {11, 7, FVI_I8},   {12, 7, FVI_U8},  {13, 7, FVI_I32}, {14, 13, FVI_BF16},
             {15, 7, FVI_I16},  {16, 7, FVI_U16}, {17, 7, FVI_U16}, {19, 13, FVI_F16},
             {22, 16, FVI_U32}, {23, 17, FVI_U64}};

#define N_TYPES (sizeof types / sizeof *types)

int fvi_tf_dtype(int type) {
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].type == type) return types[i].dtype;
    return 0;
}

static int list_of(int type) {
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].type == type) return types[i].list;
    return 0;
}

/* Puts one number of a list, which is `size` bytes of it, or a varint. */
static void put(fvi_dtype t, uint8_t *to, int64_t i, const uint8_t *bytes, uint64_t v) {
    const size_t size = fvi_dtype_size(t);
    if (bytes)
        memcpy(to + (size_t)i * size, bytes, size);
    else if (t == FVI_F16 || t == FVI_BF16)
        memcpy(to + (size_t)i * size, &v, size); /* the lower bytes */
    else
        fvi_put_int(t, to, i, (int64_t)v);
}

/* The packed numbers of one field, from number n on; returns how many there are then, or -1. */
static int64_t unpack(fvi_dtype t, const fvi_wire_field *f, uint8_t *to, int64_t n, int64_t most) {
    const size_t size = fvi_dtype_size(t);
    const int whole = t == FVI_F32 || t == FVI_F64;
    for (size_t at = 0; at < f->size;) {
        uint8_t tagged[11] = {1 << 3};
        const size_t left = f->size - at < 10 ? f->size - at : 10;
        fvi_wire inner = {tagged, tagged + 1 + left};
        fvi_wire_field one;
        if (whole && f->size - at < size) return -1;
        if (!whole) {
            memcpy(tagged + 1, f->bytes + at, left);
            if (fvi_wire_next(&inner, &one) <= 0) return -1;
        }
        if (n >= most) return -1;
        put(t, to, n++, whole ? f->bytes + at : NULL, whole ? 0 : one.value);
        at += whole ? size : one.whole - 1;
    }
    return n;
}

/* The numbers of a list; the last one stands for those that are missing. */
static fv_status from_list(fvi_tf_bytes m, int list, const fvi_const *c, int64_t count, uint8_t *to,
                           fv_error *err) {
    fvi_wire w = fvi_tf_wire(m);
    fvi_wire_field f;
    int64_t n = 0;
    while (n >= 0 && fvi_wire_next(&w, &f) > 0) {
        if (f.number != (uint32_t)list) continue;
        if (f.type == FVI_WIRE_BYTES)
            n = unpack(c->dtype, &f, to, n, count);
        else if (n >= count)
            n = -1;
        else
            put(c->dtype, to, n++, f.type == FVI_WIRE_VARINT ? NULL : f.bytes, f.value);
    }
    if (n < 0)
        return fvi_fail(err, FV_FORMAT,
                        "a tensor has more numbers than its shape, or damaged ones");
    const size_t size = fvi_dtype_size(c->dtype);
    for (int64_t i = n; n && i < count; i++)
        memcpy(to + (size_t)i * size, to + (size_t)(n - 1) * size, size);
    return FV_OK;
}

fv_status fvi_tf_tensor(fvi_tf_bytes m, fvi_pool *pool, int64_t most, fvi_const *out,
                        const char **problem, fv_error *err) {
    static const uint8_t nothing[8];
    const int64_t type = fvi_tf_number(m, DTYPE, 0);
    fvi_const c = {.dtype = (fvi_dtype)fvi_tf_dtype(type >= 0 && type < 1 << 16 ? (int)type : 0)};
    const size_t size = fvi_dtype_size(c.dtype);
    const fvi_tf_bytes shape = fvi_tf_part(m, SHAPE), content = fvi_tf_part(m, CONTENT);
    *problem = NULL;
    fvi_tf_shape(shape, &c.shape);
    if (!shape.bytes) c.shape = (fvi_shape){0};
    const int64_t count = fvi_shape_count(&c.shape);
    if (!c.dtype)
        *problem = fvi_pool_printf(
            pool, "its elements are of TensorFlow's type %lld%s; allowed: numbers and truth values",
            (long long)type, type == FVI_TF_STRING ? " (string)" : "");
    else if (count < 0)
        *problem = "its shape is not known, has more than 8 axes or more than 2^31 elements";
    if (!fvi_tf_is_sound(m)) return fvi_fail(err, FV_FORMAT, "a tensor is damaged");
    if (*problem) return FV_OK;
    c.bytes = nothing;
    if (content.size) {
        if (content.size != (uint64_t)count * size)
            return fvi_fail(err, FV_FORMAT, "a tensor has %zu bytes; its shape needs %llu",
                            content.size, (unsigned long long)((uint64_t)count * size));
        c.bytes = content.bytes;
    } else if (count) {
        uint8_t *to = count <= most ? fvi_pool_array(pool, (size_t)count, size) : NULL;
        if (!to) return fvi_fail(err, FV_NOMEM, "no memory for a tensor");
        c.bytes = to;
        const fv_status st = from_list(m, list_of((int)type), &c, count, to, err);
        if (st) return st;
    }
    *out = c;
    return FV_OK;
}
