/* SPDX-License-Identifier: Apache-2.0 */
/* FlatBuffers: a table begins with a signed offset back to its vtable, which has 16-bit offsets of
 * the fields; vectors, texts and tables are reached by unsigned offsets forward. Nothing is
 * verified beforehand: every read is.
 * Source: "FlatBuffers Internals" of Google's documentation.
 */
#include "model/tflite/flat.h"

#include <string.h>

/* Copies n bytes at a position; 0: they are not all in the file. */
static int read_at(const fvi_flat *f, uint64_t at, void *to, size_t n) {
    if (!at || at > f->size || n > f->size - at) return 0;
    memcpy(to, f->bytes + at, n);
    return 1;
}

static uint32_t unsigned_at(const fvi_flat *f, uint64_t at) {
    uint32_t v;
    return read_at(f, at, &v, sizeof v) ? v : 0;
}

/* Where the offset at a position leads; 0: nowhere in the file. */
static uint32_t follow(const fvi_flat *f, uint64_t at) {
    const uint64_t to = at + unsigned_at(f, at);
    return to > at && to < f->size && to <= UINT32_MAX ? (uint32_t)to : 0;
}

uint32_t fvi_flat_root(const fvi_flat *f) {
    uint32_t v;
    if (f->size < 8) return 0;
    memcpy(&v, f->bytes, sizeof v);
    return v < f->size ? v : 0;
}

uint32_t fvi_flat_field(const fvi_flat *f, uint32_t table, int field) {
    int32_t back;
    uint16_t length, offset;
    if (!read_at(f, table, &back, sizeof back)) return 0;
    const int64_t vtable = (int64_t)table - back;
    const uint64_t slot = 4 + 2 * (uint64_t)field;
    if (vtable <= 0 || !read_at(f, (uint64_t)vtable, &length, sizeof length) || slot + 2 > length ||
        !read_at(f, (uint64_t)vtable + slot, &offset, sizeof offset) || !offset)
        return 0;
    const uint64_t at = (uint64_t)table + offset;
    return at < f->size && at <= UINT32_MAX ? (uint32_t)at : 0;
}

/* A number of so many bytes at a position. */
static int number_at(const fvi_flat *f, uint64_t at, int bytes, int64_t *out) {
    uint64_t raw = 0;
    if (!read_at(f, at, &raw, (size_t)bytes)) return 0;
    const int shift = 64 - 8 * bytes;
    *out = (int64_t)(raw << shift) >> shift;
    return 1;
}

int64_t fvi_flat_int(const fvi_flat *f, uint32_t table, int field, int bytes, int64_t otherwise) {
    int64_t v;
    return number_at(f, fvi_flat_field(f, table, field), bytes, &v) ? v : otherwise;
}

double fvi_flat_real(const fvi_flat *f, uint32_t table, int field, double otherwise) {
    float v;
    return read_at(f, fvi_flat_field(f, table, field), &v, sizeof v) ? (double)v : otherwise;
}

uint32_t fvi_flat_table(const fvi_flat *f, uint32_t table, int field) {
    return follow(f, fvi_flat_field(f, table, field));
}

fvi_flat_vector fvi_flat_list(const fvi_flat *f, uint32_t table, int field, uint32_t bytes) {
    const uint32_t at = follow(f, fvi_flat_field(f, table, field));
    const uint64_t count = unsigned_at(f, at), first = (uint64_t)at + 4;
    if (!at || !count || first + count * bytes > f->size) return (fvi_flat_vector){0};
    return (fvi_flat_vector){(uint32_t)first, (uint32_t)count};
}

const char *fvi_flat_text(const fvi_flat *f, uint32_t table, int field, size_t *size) {
    const fvi_flat_vector v = fvi_flat_list(f, table, field, 1);
    *size = v.count;
    return v.at ? (const char *)f->bytes + v.at : NULL;
}

int64_t fvi_flat_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i, int bytes) {
    int64_t x = 0;
    return i < v->count && number_at(f, (uint64_t)v->at + (uint64_t)i * (uint64_t)bytes, bytes, &x)
               ? x
               : 0;
}

double fvi_flat_real_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i) {
    float x = 0;
    return i < v->count && read_at(f, (uint64_t)v->at + (uint64_t)i * 4, &x, sizeof x) ? (double)x
                                                                                       : 0;
}

uint32_t fvi_flat_table_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i) {
    return i < v->count ? follow(f, (uint64_t)v->at + (uint64_t)i * 4) : 0;
}
