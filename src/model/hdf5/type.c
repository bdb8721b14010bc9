/* SPDX-License-Identifier: Apache-2.0 */
/* Datatypes and dataspaces.
 *
 * A datatype is a class, a size and the bits of its class. Read are: integers that fill their 1, 2,
 * 4 or 8 bytes; the IEEE floats of 2, 4 and 8 bytes and bfloat16, known by where their exponent and
 * mantissa lie; enumerations, which are their integers, and booleans if the two members are FALSE
 * and TRUE, as h5py writes them; strings of fixed and of variable length. All others have a name
 * for the message that refuses them.
 * Source: HDF5 File Format Specification, sections IV.A.2.b and IV.A.2.d.
 */
#include "model/hdf5/type.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

enum {
    CLASS_INTEGER,
    CLASS_FLOAT,
    CLASS_TIME,
    CLASS_STRING,
    CLASS_BITFIELD,
    CLASS_OPAQUE,
    CLASS_COMPOUND,
    CLASS_REFERENCE,
    CLASS_ENUM,
    CLASS_VARIABLE,
    CLASS_ARRAY
};

#define BIG_ENDIAN_BIT 0x01
#define SIGNED_BIT     0x08

/* A datatype's first 8 bytes. */
typedef struct head {
    int class, version;
    uint32_t bits, size;
} head;

static head head_read(fvi_h5_cursor *c) {
    head h;
    int first = (int)fvi_h5_take(c, 1);
    h.class = first & 15;
    h.version = first >> 4;
    h.bits = (uint32_t)fvi_h5_take(c, 3);
    h.size = (uint32_t)fvi_h5_take(c, 4);
    return h;
}

static void integer_read(const head *h, fvi_h5_cursor *c, fvi_h5_type *t) {
    static const struct {
        uint32_t size;
        int is_signed;
        fvi_dtype dtype;
        const char *name;
    } types[] = {{1, 0, FVI_U8, "uint8"},   {1, 1, FVI_I8, "int8"},    {2, 0, FVI_U16, "uint16"},
                 {2, 1, FVI_I16, "int16"},  {4, 0, FVI_U32, "uint32"}, {4, 1, FVI_I32, "int32"},
                 {8, 0, FVI_U64, "uint64"}, {8, 1, FVI_I64, "int64"}};
    uint64_t offset = fvi_h5_take(c, 2), precision = fvi_h5_take(c, 2);
    t->name = "integers with bits that are not used";
    if (offset || precision != 8 * (uint64_t)h->size) return;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].size == h->size && types[i].is_signed == !!(h->bits & SIGNED_BIT)) {
            t->class = FVI_H5_NUMBER;
            t->dtype = types[i].dtype;
            t->name = types[i].name;
        }
    t->big_endian = h->bits & BIG_ENDIAN_BIT;
}

static void float_read(const head *h, fvi_h5_cursor *c, fvi_h5_type *t) {
    static const struct {
        uint32_t size, sign;                     /* bytes; the sign's bit */
        uint8_t exponent_at, exponent, mantissa; /* bits; the mantissa begins at bit 0 */
        uint32_t bias;
        fvi_dtype dtype;
        const char *name;
    } types[] = {{2, 15, 10, 5, 10, 15, FVI_F16, "float16"},
                 {2, 15, 7, 8, 7, 127, FVI_BF16, "bfloat16"},
                 {4, 31, 23, 8, 23, 127, FVI_F32, "float32"},
                 {8, 63, 52, 11, 52, 1023, FVI_F64, "float64"}};
    uint64_t offset = fvi_h5_take(c, 2), precision = fvi_h5_take(c, 2);
    uint64_t exponent_at = fvi_h5_take(c, 1), exponent = fvi_h5_take(c, 1);
    uint64_t mantissa_at = fvi_h5_take(c, 1), mantissa = fvi_h5_take(c, 1);
    uint64_t bias = fvi_h5_take(c, 4);
    t->name = "floats of a form of their own";
    /* bit 6: VAX order; bits 4 and 5: the mantissa's highest bit, 2 if it is implied */
    if (offset || precision != 8 * (uint64_t)h->size || mantissa_at || (h->bits & 0x70) != 0x20)
        return;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].size == h->size && types[i].sign == (h->bits >> 8 & 0xff) &&
            types[i].exponent_at == exponent_at && types[i].exponent == exponent &&
            types[i].mantissa == mantissa && types[i].bias == bias) {
            t->class = FVI_H5_NUMBER;
            t->dtype = types[i].dtype;
            t->name = types[i].name;
        }
    t->big_endian = h->bits & BIG_ENDIAN_BIT;
}

/* An enumeration: a datatype, names, values. */
static void enum_read(const head *h, fvi_h5_cursor *c, fvi_h5_type *t) {
    static const char members[] = "FALSE\0TRUE";
    head base = head_read(c);
    t->name = "enumerations that are not of integers";
    if (base.class != CLASS_INTEGER || base.size != h->size) return;
    integer_read(&base, c, t);
    if (t->class != FVI_H5_NUMBER || t->size != 1 || (h->bits & 0xffff) != 2) return;
    /* up to version 2 each name fills 8 bytes, "FALSE\0\0\0TRUE\0\0\0\0" */
    const uint8_t *at = fvi_h5_skip(c, h->version < 3 ? 16 : sizeof members);
    const uint8_t *values = fvi_h5_skip(c, 2);
    if (!at || !values || values[0] != 0 || values[1] != 1) return;
    if (h->version < 3 ? !memcmp(at, members, 6) && !memcmp(at + 8, members + 6, 5)
                       : !memcmp(at, members, sizeof members)) {
        t->dtype = FVI_BOOL;
        t->name = "bool";
    }
}

static void string_read(const head *h, fvi_h5_type *t) {
    int padding = h->bits & 15;
    t->name = "strings of a padding of their own";
    if (padding > 2) return;
    t->class = FVI_H5_FIXED_TEXT;
    t->name = "string";
    t->ends_at_nul = padding == 0;
    t->padded_by = padding == 2 ? ' ' : 0;
}

static void variable_read(const head *h, fvi_h5_type *t) {
    t->name = "sequences of variable length";
    if ((h->bits & 15) != 1) return;
    t->class = FVI_H5_VARIABLE_TEXT;
    t->name = "string";
}

static const char *unread_name(int class) {
    static const char *const names[] = {"integer",     "float",    "time",     "string",
                                        "bit-field",   "opaque",   "compound", "reference",
                                        "enumeration", "variable", "array"};
    return class >= 0 && class < (int)(sizeof names / sizeof *names) ? names[class] : "unknown";
}

fv_status fvi_h5_type_read(fvi_h5_cursor message, fvi_h5_type *out, fv_error *err) {
    fvi_h5_cursor c = message;
    head h = head_read(&c);
    fvi_h5_type t = {.class = FVI_H5_UNREAD, .size = h.size};
    switch (h.class) {
    case CLASS_INTEGER: integer_read(&h, &c, &t); break;
    case CLASS_FLOAT: float_read(&h, &c, &t); break;
    case CLASS_STRING: string_read(&h, &t); break;
    case CLASS_ENUM: enum_read(&h, &c, &t); break;
    case CLASS_VARIABLE: variable_read(&h, &t); break;
    case CLASS_OPAQUE: t.class = FVI_H5_OPAQUE; /* fall through */
    default: t.name = unread_name(h.class);
    }
    if (c.bad) return fvi_fail(err, FV_FORMAT, "its datatype is cut short");
    if (!h.size) return fvi_fail(err, FV_FORMAT, "its elements have 0 bytes");
    *out = t;
    return FV_OK;
}

/* The sizes of `ndim` axes. */
static fv_status dims_read(const fvi_hdf5 *f, fvi_h5_cursor *c, int ndim, fvi_shape *out,
                           fv_error *err) {
    fvi_shape s = {.ndim = ndim};
    if (ndim > FVI_MAX_DIMS)
        return fvi_fail(err, FV_UNSUPPORTED, "has %d axes; at most %d are read", ndim,
                        FVI_MAX_DIMS);
    for (int i = 0; i < ndim; i++) {
        uint64_t d = fvi_h5_length(f, c);
        if (d > INT64_MAX) d = INT64_MAX;
        s.dim[i] = (int64_t)d;
    }
    *out = s;
    return FV_OK;
}

fv_status fvi_h5_space_read(const fvi_hdf5 *f, fvi_h5_cursor message, fvi_shape *out,
                            int64_t *count, fv_error *err) {
    fvi_h5_cursor c = message;
    fvi_shape s = {0};
    int version = (int)fvi_h5_take(&c, 1), ndim = (int)fvi_h5_take(&c, 1);
    fvi_h5_skip(&c, 1);                 /* whether largest sizes follow */
    int type = (int)fvi_h5_take(&c, 1); /* of version 2: 0 scalar, 1 simple, 2 null */
    if (version == 1) fvi_h5_skip(&c, 4);
    if (!c.bad && version != 1 && version != 2)
        return fvi_fail(err, FV_UNSUPPORTED, "has a dataspace of version %d; 1 and 2 are read",
                        version);
    fv_status st = dims_read(f, &c, ndim, &s, err);
    if (st) return st;
    if (c.bad) return fvi_fail(err, FV_FORMAT, "its dataspace is cut short");
    if (version == 2 && type == 2) s = (fvi_shape){.ndim = 1};
    int64_t n = fvi_shape_count(&s);
    if (n < 0) {
        char text[FVI_SHAPE_TEXT];
        return fvi_fail(err, FV_NOMEM, "has shape %s; at most 2^31 elements are read",
                        fvi_shape_text(&s, text));
    }
    *out = s;
    *count = n;
    return FV_OK;
}

fvi_shape fvi_h5_space_largest(const fvi_hdf5 *f, fvi_h5_cursor message, const fvi_shape *shape) {
    fvi_h5_cursor c = message;
    fvi_shape s = *shape;
    int version = (int)fvi_h5_take(&c, 1), ndim = (int)fvi_h5_take(&c, 1);
    int follow = (int)fvi_h5_take(&c, 1) & 1;
    fvi_h5_skip(&c, version == 1 ? 5 : 1);
    fvi_h5_skip(&c, (uint64_t)ndim * (uint64_t)f->length_size);
    if (!follow || ndim != shape->ndim) return s;
    for (int i = 0; i < ndim; i++) {
        uint64_t d = fvi_h5_length(f, &c);
        s.dim[i] = d > INT64_MAX ? -1 : (int64_t)d;
    }
    return c.bad ? *shape : s;
}
