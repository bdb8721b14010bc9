/* SPDX-License-Identifier: Apache-2.0 */
/* The global heap: collections of numbered objects, in no promised order. Texts of an array were
 * written one after the other, so the search goes on where the last one ended and begins anew only
 * where that was in vain; how many objects all searches for one array may look at is bounded.
 * Source: HDF5 File Format Specification, section III.E. */
#include "model/hdf5/blocks/global_heap.h"

#include <inttypes.h>

#include "base/error.h"

static fv_status collection_open(const fvi_hdf5 *f, uint64_t address, fvi_h5_cursor *out,
                                 fv_error *err) {
    fvi_h5_cursor c;
    fv_status st = fvi_h5_block(f, address, "GCOL", "global heap collection", &c, err);
    if (st) return st;
    const uint8_t *begin = c.at - 4;
    fvi_h5_skip(&c, 4);
    uint64_t size = fvi_h5_length(f, &c);
    const uint64_t header = (uint64_t)(c.at - begin);
    if (c.bad || size < header || size - header > fvi_h5_left(&c))
        return fvi_h5_short("global heap collection", address, err);
    *out = (fvi_h5_cursor){c.at, begin + size, 0};
    return FV_OK;
}

/* Looks for an object from the cursor on. */
static int object_find(const fvi_hdf5 *f, fvi_h5_cursor *c, uint64_t index, uint64_t *left,
                       const uint8_t **bytes, uint64_t *size) {
    while (!c->bad && *left && fvi_h5_left(c) >= 8 + (uint64_t)f->length_size) {
        --*left;
        uint64_t found = fvi_h5_take(c, 2);
        fvi_h5_skip(c, 6);
        *size = fvi_h5_length(f, c);
        if (!found) return 0; /* the rest is free */
        *bytes = fvi_h5_skip(c, *size);
        if (!*bytes) return 0;
        uint64_t pad = -*size & 7;
        fvi_h5_skip(c, pad < fvi_h5_left(c) ? pad : fvi_h5_left(c));
        if (found == index) return 1;
    }
    return 0;
}

fv_status fvi_h5_heap_find(const fvi_hdf5 *f, uint64_t address, uint64_t index,
                           fvi_h5_heap_place *place, const uint8_t **bytes, uint64_t *size,
                           fv_error *err) {
    if (place->collection == address && address &&
        object_find(f, &place->rest, index, &place->left, bytes, size))
        return FV_OK;
    place->collection = 0;
    fv_status st = collection_open(f, address, &place->rest, err);
    if (st) return st;
    if (object_find(f, &place->rest, index, &place->left, bytes, size)) {
        place->collection = address;
        return FV_OK;
    }
    if (!place->left)
        return fvi_fail(err, FV_NOMEM,
                        "its texts take more than %" PRIu64 " steps to find in the global heap",
                        FVI_H5_HEAP_STEPS);
    return fvi_fail(err, FV_FORMAT,
                    "the global heap collection at byte %" PRIu64 " has no object %" PRIu64,
                    address, index);
}
