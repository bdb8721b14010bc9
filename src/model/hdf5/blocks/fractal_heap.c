/* SPDX-License-Identifier: Apache-2.0 */
/* Fractal heaps. An object's place is a number in one long row of bytes, which blocks cover: the
 * first `width` blocks have `start` bytes each, so have the next `width`, and each further row's
 * have twice as many as the row's before. Up to `most` bytes a block is direct, it holds the bytes;
 * beyond it is indirect, and covers its part of the row the same way. An object lies in one direct
 * block. Large ones ("huge") lie anywhere and are listed in a B-tree of version 2. Not read: heaps
 * behind filters, and "tiny" objects within their IDs, which links and attributes are too large
 * for. Source: HDF5 File Format Specification, section III.G. */
#include "model/hdf5/blocks/fractal_heap.h"

#include <inttypes.h>

#include "base/error.h"
#include "model/hdf5/blocks/btree2.h"

enum { MANAGED = 0, HUGE_OBJECT = 1 };
#define RECORDS_OF_HUGE 1
#define MOST_ROWS       64
#define MOST_NESTED     16 /* blocks in blocks */

static int is_power_of_two(uint64_t n) { return n && !(n & (n - 1)); }

static fv_status heap_check(const fvi_h5_heap *h, fv_error *err) {
    if (h->id_size < 1 + h->offset_width + h->length_width || !h->width || h->width > 1 << 16 ||
        !is_power_of_two(h->start) || !is_power_of_two(h->most) || h->most < h->start ||
        h->offset_bits < 1 || h->offset_bits > 64 || h->rows > MOST_ROWS)
        return fvi_fail(err, FV_FORMAT, "its fractal heap has sizes that cannot be");
    return FV_OK;
}

fv_status fvi_h5_heap_open(const fvi_hdf5 *f, uint64_t address, fvi_h5_heap *out, fv_error *err) {
    fvi_h5_heap h = {.steps = FVI_H5_HUGE_STEPS};
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(f, address, "FRHP", "fractal heap", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 1);
    h.id_size = (int)fvi_h5_take(&c, 2);
    int filters = (int)fvi_h5_take(&c, 2);
    fvi_h5_skip(&c, 1);
    uint64_t largest = fvi_h5_take(&c, 4); /* object that is not huge */
    fvi_h5_length(f, &c);
    h.huge = fvi_h5_address(f, &c);
    fvi_h5_skip(&c, (uint64_t)(f->offset_size + 9 * f->length_size)); /* what is free, counts */
    h.width = fvi_h5_take(&c, 2);
    h.start = fvi_h5_length(f, &c);
    h.most = fvi_h5_length(f, &c);
    h.offset_bits = (int)fvi_h5_take(&c, 2);
    fvi_h5_skip(&c, 2);
    h.root = fvi_h5_address(f, &c);
    h.rows = (int)fvi_h5_take(&c, 2);
    if (c.bad) return fvi_h5_short("fractal heap", address, err);
    if (filters)
        return fvi_fail(err, FV_UNSUPPORTED, "has its members or attributes behind filters");
    h.offset_width = (h.offset_bits + 7) / 8;
    h.length_width = fvi_h5_width(largest < h.most ? largest : h.most);
    st = heap_check(&h, err);
    if (!st) *out = h;
    return st;
}

/* The bytes of a block in a row. */
static uint64_t block_size(const fvi_h5_heap *h, int row) {
    return row < 2 ? h->start : row - 1 > 40 ? UINT64_MAX / 2 : h->start << (row - 1);
}

/* A block that is searched: an indirect one of some rows, or a direct one with rows 0. */
typedef struct block {
    uint64_t address, place, size; /* `place` of its first byte in the heap; bytes */
    int rows;
} block;

/* Rows of an indirect block that covers so many bytes. */
static int rows_of(const fvi_h5_heap *h, uint64_t size) {
    int rows = 1;
    for (uint64_t covered = h->start * h->width; covered < size && rows < MOST_ROWS; rows++)
        covered *= 2;
    return rows;
}

/* Goes from an indirect block to the one in it that covers a place. */
static fv_status block_enter(const fvi_hdf5 *f, const fvi_h5_heap *h, uint64_t place, block *b,
                             fv_error *err) {
    uint64_t row_place = b->place;
    for (int row = 0; row < b->rows; row++) {
        const uint64_t size = block_size(h, row);
        uint64_t covered;
        if (__builtin_mul_overflow(size, h->width, &covered)) covered = UINT64_MAX;
        if (place - row_place >= covered) {
            row_place += covered;
            continue;
        }
        const uint64_t column = (place - row_place) / size;
        uint64_t entry = ((uint64_t)row * h->width + column) * (uint64_t)f->offset_size;
        fvi_h5_cursor c = {0};
        fv_status st = fvi_h5_block(f, b->address, "FHIB", "indirect block of a heap", &c, err);
        if (st) return st;
        fvi_h5_skip(&c, 1 + (uint64_t)f->offset_size + (uint64_t)h->offset_width + entry);
        uint64_t address = fvi_h5_address(f, &c);
        if (c.bad) return fvi_h5_short("indirect block of a heap", b->address, err);
        *b = (block){address, row_place + column * size, size,
                     size <= h->most ? 0 : rows_of(h, size)};
        return FV_OK;
    }
    return fvi_fail(err, FV_FORMAT, "its fractal heap has no byte %" PRIu64, place);
}

static fv_status managed_object(const fvi_hdf5 *f, const fvi_h5_heap *h, fvi_h5_cursor id,
                                fvi_h5_cursor *out, fv_error *err) {
    uint64_t place = fvi_h5_take(&id, h->offset_width);
    uint64_t size = fvi_h5_take(&id, h->length_width);
    block b = {h->root, 0, h->start, h->rows};
    fv_status st = FV_OK;
    if (id.bad) return fvi_fail(err, FV_FORMAT, "an ID of its fractal heap is cut short");
    for (int i = 0; b.rows && !st && i < MOST_NESTED; i++) st = block_enter(f, h, place, &b, err);
    if (st) return st;
    fvi_h5_cursor c;
    st = fvi_h5_block(f, b.address, "FHDB", "direct block of a heap", &c, err);
    if (st) return st;
    if (b.rows || place - b.place >= b.size || size > b.size - (place - b.place))
        return fvi_fail(err, FV_FORMAT, "its fractal heap has no %" PRIu64 " bytes at %" PRIu64,
                        size, place);
    return fvi_h5_range(f, b.address + (place - b.place), size, "object of a heap", out, err);
}

/* ---- huge objects: found by their number ---- */

typedef struct huge {
    const fvi_hdf5 *f;
    fvi_h5_heap *heap;
    uint64_t number, address, size;
} huge;

static fv_status huge_visit(void *user, fvi_h5_cursor record, int *stop, fv_error *err) {
    huge *h = user;
    uint64_t address = fvi_h5_address(h->f, &record), size = fvi_h5_length(h->f, &record);
    uint64_t number = fvi_h5_length(h->f, &record);
    if (record.bad) return fvi_fail(err, FV_FORMAT, "a record of a B-tree is cut short");
    if (!h->heap->steps--)
        return fvi_fail(err, FV_NOMEM, "its large objects take more than %d steps to find",
                        FVI_H5_HUGE_STEPS);
    if (number != h->number) return FV_OK;
    h->address = address;
    h->size = size;
    *stop = 1;
    return FV_OK;
}

static fv_status huge_object(const fvi_hdf5 *f, fvi_h5_heap *h, fvi_h5_cursor id,
                             fvi_h5_cursor *out, fv_error *err) {
    const int room = h->id_size - 1;
    if (room >= f->offset_size + f->length_size) { /* the ID has the address itself */
        uint64_t address = fvi_h5_address(f, &id), size = fvi_h5_length(f, &id);
        if (id.bad) return fvi_fail(err, FV_FORMAT, "an ID of its fractal heap is cut short");
        return fvi_h5_range(f, address, size, "object of a heap", out, err);
    }
    huge wanted = {.f = f, .heap = h, .address = FVI_HDF5_NOWHERE};
    wanted.number = fvi_h5_take(&id, room < f->length_size ? room : f->length_size);
    fv_status st = fvi_h5_records(f, h->huge, RECORDS_OF_HUGE, huge_visit, &wanted, err);
    if (st) return st;
    return fvi_h5_range(f, wanted.address, wanted.size, "object of a heap", out, err);
}

fv_status fvi_h5_heap_object(const fvi_hdf5 *f, fvi_h5_heap *heap, fvi_h5_cursor id,
                             fvi_h5_cursor *out, fv_error *err) {
    int first = (int)fvi_h5_take(&id, 1);
    if (id.bad || first >> 6)
        return fvi_fail(err, FV_FORMAT, "an ID of its fractal heap is of version %d", first >> 6);
    switch (first >> 4 & 3) {
    case MANAGED: return managed_object(f, heap, id, out, err);
    case HUGE_OBJECT: return huge_object(f, heap, id, out, err);
    default:
        return fvi_fail(err, FV_UNSUPPORTED, "has objects of kind %d in its fractal heap",
                        first >> 4 & 3);
    }
}
