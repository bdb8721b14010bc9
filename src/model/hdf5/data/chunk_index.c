/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes of chunks: a B-tree of version 1 (what h5py writes unless told otherwise); of layout
 * version 4 a single chunk, chunks one after the other ("implicit"), and the fixed array, which has
 * an address for each chunk of the largest grid, in row-major order. Not read: extensible arrays
 * and B-trees of version 2, which layout.c refuses.
 * Source: HDF5 File Format Specification, sections III.A.1, VII.A to VII.C. */
#include "model/hdf5/data/chunk_index.h"

#include <inttypes.h>

#include "base/error.h"
#include "model/hdf5/blocks/btree1.h"

typedef struct walk {
    const fvi_h5_grid *grid;
    fvi_h5_chunk_visit visit;
    void *user;
    int64_t left; /* chunks that may still come */
} walk;

/* ---- B-tree of version 1 ---- */

static fv_status key_visit(void *user, fvi_h5_cursor key, uint64_t child, int *stop,
                           fv_error *err) {
    walk *w = user;
    const fvi_h5_grid *g = w->grid;
    fvi_h5_chunk chunk = {.address = child, .size = fvi_h5_take(&key, 4)};
    (void)stop;
    chunk.mask = (uint32_t)fvi_h5_take(&key, 4);
    int outside = 0;
    for (int i = 0; i < g->shape.ndim; i++) {
        uint64_t at = fvi_h5_take(&key, 8);
        if (at % (uint64_t)g->layout->chunk[i])
            return fvi_fail(err, FV_FORMAT,
                            "has a chunk at %" PRIu64 " of axis %d, where chunks of %" PRId64
                            " do not begin",
                            at, i, g->layout->chunk[i]);
        outside |= at >= (uint64_t)g->shape.dim[i];
        chunk.at[i] = outside ? 0 : (int64_t)at;
    }
    if (outside) return FV_OK; /* left over from when the array was larger */
    if (w->left-- <= 0)
        return fvi_fail(err, FV_FORMAT, "has more chunks than the %" PRId64 " of its shape",
                        g->chunks);
    return w->visit(w->user, &chunk, err);
}

/* ---- chunks by their number ---- */

/* The number of the chunk in the largest grid; -1: beyond 2^31. */
static int64_t chunk_number(const fvi_h5_grid *g, const fvi_h5_chunk *chunk) {
    int64_t n = 0;
    for (int i = 0; i < g->shape.ndim; i++) {
        int64_t d = g->largest.dim[i], c = g->layout->chunk[i];
        if (fvi_mul(n, d / c + (d % c != 0), &n) || fvi_add(n, chunk->at[i] / c, &n)) return -1;
        if (n > FVI_MAX_ELEMENTS) return -1;
    }
    return n;
}

/* Where chunk n is; its `at` is known. */
typedef fv_status (*chunk_find)(void *user, int64_t n, fvi_h5_chunk *chunk, fv_error *err);

static fv_status each_number(walk *w, chunk_find find, void *user, fv_error *err) {
    const fvi_h5_grid *g = w->grid;
    fvi_h5_chunk chunk = {0};
    fv_status st = FV_OK;
    for (int i = 0; i < g->shape.ndim; i++)
        if (g->largest.dim[i] < g->shape.dim[i])
            return fvi_fail(err, FV_FORMAT, "is larger than its largest size");
    for (int64_t k = 0; k < g->chunks && !st; k++) {
        int64_t n = chunk_number(g, &chunk);
        if (n < 0) return fvi_fail(err, FV_NOMEM, "has more than 2^31 chunks");
        st = find(user, n, &chunk, err);
        if (!st && chunk.address != FVI_HDF5_NOWHERE) st = w->visit(w->user, &chunk, err);
        for (int i = g->shape.ndim - 1; i >= 0; i--) { /* the next chunk, row-major */
            chunk.at[i] += g->layout->chunk[i];
            if (chunk.at[i] < g->shape.dim[i]) break;
            chunk.at[i] = 0;
        }
    }
    return st;
}

static fv_status implicit_find(void *user, int64_t n, fvi_h5_chunk *chunk, fv_error *err) {
    const fvi_h5_grid *g = user;
    if (g->filtered) return fvi_fail(err, FV_FORMAT, "has filtered chunks without an index");
    chunk->size = g->bytes;
    if (g->bytes && (uint64_t)n > (UINT64_MAX - g->layout->address) / g->bytes)
        return fvi_fail(err, FV_FORMAT, "has chunks beyond the file");
    chunk->address = g->layout->address + (uint64_t)n * g->bytes;
    return FV_OK;
}

static fv_status single_find(void *user, int64_t n, fvi_h5_chunk *chunk, fv_error *err) {
    const fvi_h5_grid *g = user;
    if (n) return fvi_fail(err, FV_FORMAT, "has one chunk, its shape needs %" PRId64, g->chunks);
    chunk->address = g->layout->address;
    chunk->size = g->layout->single_filtered ? g->layout->single_size : g->bytes;
    chunk->mask = g->layout->single_filtered ? g->layout->single_mask : UINT32_MAX;
    return FV_OK;
}

/* ---- fixed array ---- */

typedef struct fixed_array {
    const fvi_h5_grid *grid;
    int entry; /* bytes of an element: address, and if filtered size and mask */
    uint64_t entries;
    uint64_t page;         /* elements of a page; 0: it has no pages */
    const uint8_t *bitmap; /* [pages / 8], from the highest bit: which pages are there */
    uint64_t data;         /* address of the elements or of the first page */
} fixed_array;

static fv_status fixed_find(void *user, int64_t n, fvi_h5_chunk *chunk, fv_error *err) {
    const fixed_array *a = user;
    const fvi_hdf5 *f = a->grid->f;
    uint64_t i = (uint64_t)n, entry = (uint64_t)a->entry;
    fvi_h5_cursor c;
    if (i >= a->entries)
        return fvi_fail(err, FV_FORMAT, "has %" PRIu64 " chunks in its fixed array, not %" PRIu64,
                        a->entries, i + 1);
    uint64_t at = a->data + i * entry; /* data <= the file's size, i < 2^31, entry < 2^8 */
    chunk->address = FVI_HDF5_NOWHERE;
    if (a->page) {
        uint64_t page = i / a->page;
        if (!(a->bitmap[page / 8] & 0x80 >> page % 8)) return FV_OK;
        at += 4 * page; /* each page ends in a sum */
    }
    fv_status st = fvi_h5_range(f, at, entry, "element of a fixed array", &c, err);
    if (st) return st;
    chunk->address = fvi_h5_address(f, &c);
    chunk->size = a->grid->bytes;
    chunk->mask = 0;
    if (a->grid->filtered) {
        chunk->size = fvi_h5_take(&c, a->entry - f->offset_size - 4);
        chunk->mask = (uint32_t)fvi_h5_take(&c, 4);
    }
    return FV_OK;
}

/* The block that holds the elements. */
static fv_status fixed_data(fixed_array *a, uint64_t address, fv_error *err) {
    const fvi_hdf5 *f = a->grid->f;
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(f, address, "FADB", "fixed array", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 2 + (uint64_t)f->offset_size);
    if (a->page && a->entries > a->page) {
        uint64_t pages = a->entries / a->page + (a->entries % a->page != 0);
        a->bitmap = fvi_h5_skip(&c, pages / 8 + (pages % 8 != 0));
        fvi_h5_skip(&c, 4); /* a sum */
    } else {
        a->page = 0;
    }
    if (c.bad) return fvi_h5_short("fixed array", address, err);
    a->data = (uint64_t)(c.at - f->bytes);
    return FV_OK;
}

static fv_status fixed_array_walk(walk *w, fv_error *err) {
    const fvi_h5_grid *g = w->grid;
    const uint64_t address = g->layout->address;
    fixed_array a = {.grid = g};
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(g->f, address, "FAHD", "fixed array", &c, err);
    if (st) return st;
    fvi_h5_skip(&c, 1);
    int filtered = (int)fvi_h5_take(&c, 1);
    a.entry = (int)fvi_h5_take(&c, 1);
    int bits = (int)fvi_h5_take(&c, 1);
    a.entries = fvi_h5_length(g->f, &c);
    uint64_t data = fvi_h5_address(g->f, &c);
    if (c.bad) return fvi_h5_short("fixed array", address, err);
    int size_bytes = a.entry - g->f->offset_size - 4;
    if (filtered != g->filtered ||
        (filtered ? size_bytes < 1 || size_bytes > 8 : a.entry != g->f->offset_size))
        return fvi_fail(err, FV_FORMAT, "has a fixed array with elements of %d bytes", a.entry);
    if (data == FVI_HDF5_NOWHERE) return FV_OK;
    a.page = bits < 32 ? (uint64_t)1 << bits : 0;
    st = fixed_data(&a, data, err);
    return st ? st : each_number(w, fixed_find, &a, err);
}

fv_status fvi_h5_chunks(const fvi_h5_grid *grid, fvi_h5_chunk_visit visit, void *user,
                        fv_error *err) {
    walk w = {grid, visit, user, grid->chunks};
    switch (grid->layout->index) {
    case FVI_H5_INDEX_SINGLE: return each_number(&w, single_find, (void *)grid, err);
    case FVI_H5_INDEX_IMPLICIT: return each_number(&w, implicit_find, (void *)grid, err);
    case FVI_H5_INDEX_FIXED_ARRAY: return fixed_array_walk(&w, err);
    case FVI_H5_INDEX_TREE: break;
    }
    fvi_h5_tree tree = {grid->f, FVI_H5_TREE_OF_CHUNKS, 8 + 8 * (grid->shape.ndim + 1), key_visit,
                        &w};
    return fvi_h5_tree_walk(&tree, grid->layout->address, err);
}
