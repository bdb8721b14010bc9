/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers and of texts. Numbers are handed on where they lie if they can be, else copied
 * and their bytes turned round. Texts of fixed length lie in the array; of texts of variable length
 * it has the length, the address of a collection in the global heap and the number of an object in
 * it. A sound file holds each text once, so all texts of one array are at most as long as the file:
 * many elements that name one long text are refused. */
#include "model/hdf5/array.h"

#include <string.h>

#include "base/error.h"
#include "model/hdf5/blocks/global_heap.h"

static const uint8_t nothing[8]; /* what empty arrays point to */

fvi_hdf5_info fvi_h5_array_info(const fvi_h5_array *a) {
    return (fvi_hdf5_info){.is_text = a->type.class == FVI_H5_FIXED_TEXT ||
                                      a->type.class == FVI_H5_VARIABLE_TEXT,
                           .dtype = a->type.class == FVI_H5_NUMBER ? a->type.dtype : 0,
                           .type = a->type.name,
                           .shape = a->shape,
                           .count = a->count};
}

fv_status fvi_h5_not_numbers(const fvi_h5_type *t, fv_error *err) {
    return fvi_fail(err, FV_UNSUPPORTED, "has elements of type %s, which are not read as numbers",
                    t->name);
}

fv_status fvi_h5_not_texts(const fvi_h5_type *t, fv_error *err) {
    return fvi_fail(err, FV_UNSUPPORTED, "has elements of type %s, which are no texts", t->name);
}

/* Copies elements, last byte first. */
static void swap_copy(uint8_t *dst, const uint8_t *src, int64_t count, size_t size) {
    for (int64_t i = 0; i < count; i++, dst += size, src += size)
        for (size_t k = 0; k < size; k++) dst[k] = src[size - 1 - k];
}

fv_status fvi_h5_array_numbers(const fvi_h5_array *a, fvi_pool *pool, fvi_const *out,
                               fv_error *err) {
    const size_t size = a->type.size;
    if (a->type.class != FVI_H5_NUMBER) return fvi_h5_not_numbers(&a->type, err);
    fvi_const c = {.dtype = a->type.dtype, .shape = a->shape, .bytes = a->bytes};
    int swap = a->type.big_endian && size > 1;
    if (!a->count) {
        c.bytes = nothing;
    } else if (swap) {
        uint8_t *copy = fvi_pool_array(pool, (size_t)a->count, size);
        if (!copy)
            return fvi_fail(err, FV_NOMEM, "no memory for its %lld elements", (long long)a->count);
        swap_copy(copy, a->bytes, a->count, size);
        c.bytes = copy;
    }
    *out = c;
    return FV_OK;
}

/* The length of a fixed text without its padding. */
static size_t fixed_length(const fvi_h5_type *t, const uint8_t *at) {
    const uint8_t *nul = t->ends_at_nul ? memchr(at, 0, t->size) : NULL;
    size_t n = nul ? (size_t)(nul - at) : t->size;
    while (!t->ends_at_nul && n && (at[n - 1] == t->padded_by || !at[n - 1])) n--;
    return n;
}

/* The bytes of the next element. */
static fv_status text_find(const fvi_hdf5 *f, const fvi_h5_type *t, fvi_h5_cursor *c,
                           fvi_h5_heap_place *place, const uint8_t **text, size_t *size,
                           fv_error *err) {
    if (t->class == FVI_H5_FIXED_TEXT) {
        *text = fvi_h5_skip(c, t->size);
        *size = fixed_length(t, *text);
        return FV_OK;
    }
    const uint8_t *end = c->at + t->size;
    uint64_t length = fvi_h5_take(c, 4), address = fvi_h5_address(f, c), index = fvi_h5_take(c, 4);
    c->at = end;
    *size = 0;
    *text = nothing;
    if (!length || !address || address == FVI_HDF5_NOWHERE) return FV_OK; /* the empty text */
    uint64_t found = 0;
    fv_status st = fvi_h5_heap_find(f, address, index, place, text, &found, err);
    if (st) return st;
    if (length > found)
        return fvi_fail(err, FV_FORMAT, "has a text of %llu bytes in an object of %llu",
                        (unsigned long long)length, (unsigned long long)found);
    const uint8_t *nul = memchr(*text, 0, (size_t)length);
    *size = nul ? (size_t)(nul - *text) : (size_t)length;
    return FV_OK;
}

static fv_status texts_check(const fvi_hdf5 *f, const fvi_h5_type *t, fv_error *err) {
    if (t->class == FVI_H5_FIXED_TEXT) return FV_OK;
    if (t->class != FVI_H5_VARIABLE_TEXT) return fvi_h5_not_texts(t, err);
    if (t->size == 8 + (uint32_t)f->offset_size) return FV_OK;
    return fvi_fail(err, FV_FORMAT, "has strings of variable length in %u bytes; it needs %d",
                    t->size, 8 + f->offset_size);
}

fv_status fvi_h5_array_texts(const fvi_hdf5 *f, const fvi_h5_array *a, fvi_pool *pool,
                             fvi_hdf5_texts *out, fv_error *err) {
    fvi_h5_heap_place place = {.left = FVI_H5_HEAP_STEPS};
    const int variable = a->type.class == FVI_H5_VARIABLE_TEXT;
    uint64_t left = f->size;
    fv_status st = texts_check(f, &a->type, err);
    if (st) return st;
    const uint8_t *bytes = a->count ? a->bytes : nothing;
    fvi_h5_cursor c = {bytes, bytes + (uint64_t)a->count * a->type.size, 0};
    const char **text = fvi_pool_array(pool, (size_t)a->count, sizeof *text);
    if (!text) return fvi_fail(err, FV_NOMEM, "no memory for its %lld texts", (long long)a->count);
    for (int64_t i = 0; i < a->count; i++) {
        const uint8_t *at;
        size_t size;
        st = text_find(f, &a->type, &c, &place, &at, &size, err);
        if (!st && variable && size > left)
            st = fvi_fail(err, FV_FORMAT, "has texts that are longer together than the file");
        if (st) return st;
        left -= variable ? size : 0;
        char *copy = fvi_pool_alloc(pool, size + 1);
        if (!copy) return fvi_fail(err, FV_NOMEM, "no memory for a text of %zu bytes", size);
        memcpy(copy, at, size);
        text[i] = copy;
    }
    *out = (fvi_hdf5_texts){a->count, text};
    return FV_OK;
}
