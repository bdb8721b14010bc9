/* SPDX-License-Identifier: Apache-2.0 */
/* The layout message, of versions 1 to 5. Sizes of chunks are those of the array's axes and, last,
 * the bytes of an element.
 * Source: HDF5 File Format Specification, section IV.A.2.i. */
#include "model/hdf5/data/layout.h"

#include <inttypes.h>

#include "base/error.h"

#define EDGES_UNFILTERED 0x01
#define SINGLE_FILTERED  0x02

/* The sizes of a chunk, `axes` of them, each in `width` bytes. */
static fv_status chunk_read(fvi_h5_cursor *c, int axes, int width, fvi_h5_layout *l,
                            fv_error *err) {
    if (axes < 2 || axes > FVI_MAX_DIMS + 1)
        return fvi_fail(err, FV_UNSUPPORTED, "has chunks of %d axes; 1 to %d are read", axes - 1,
                        FVI_MAX_DIMS);
    l->class = FVI_H5_CHUNKED;
    l->ndim = axes - 1;
    for (int i = 0; i < axes; i++) {
        uint64_t d = fvi_h5_take(c, width);
        if (!c->bad && (!d || d > UINT32_MAX))
            return fvi_fail(err, FV_FORMAT, "has chunks of %" PRIu64 " along axis %d", d, i);
        if (i < l->ndim)
            l->chunk[i] = (int64_t)d;
        else
            l->element = (uint32_t)d;
    }
    return FV_OK;
}

/* Versions 1 and 2, after the version. */
static fv_status layout_v1(const fvi_hdf5 *f, fvi_h5_cursor *c, fvi_h5_layout *l, fv_error *err) {
    int axes = (int)fvi_h5_take(c, 1), class = (int)fvi_h5_take(c, 1);
    fvi_h5_skip(c, 5);
    l->address = class == FVI_H5_COMPACT ? FVI_HDF5_NOWHERE : fvi_h5_address(f, c);
    l->class = (fvi_h5_layout_class) class;
    if (class == FVI_H5_CHUNKED) return chunk_read(c, axes, 4, l, err);
    fvi_h5_skip(c, 4 * (uint64_t)axes);
    l->size = class == FVI_H5_COMPACT ? fvi_h5_take(c, 4) : UINT64_MAX; /* not said */
    return FV_OK;
}

/* The index of chunks of version 4, after the sizes of a chunk. */
static fv_status index_read(const fvi_hdf5 *f, fvi_h5_cursor *c, int flags, fvi_h5_layout *l,
                            fv_error *err) {
    static const char *const names[] = {
        "", "", "", "", "an extensible array", "a B-tree of version 2"};
    int index = (int)fvi_h5_take(c, 1);
    l->edges_unfiltered = !!(flags & EDGES_UNFILTERED);
    switch (index) {
    case 1:
        l->index = FVI_H5_INDEX_SINGLE;
        l->single_filtered = !!(flags & SINGLE_FILTERED);
        if (l->single_filtered) {
            l->single_size = fvi_h5_length(f, c);
            l->single_mask = (uint32_t)fvi_h5_take(c, 4);
        }
        break;
    case 2: l->index = FVI_H5_INDEX_IMPLICIT; break;
    case 3:
        l->index = FVI_H5_INDEX_FIXED_ARRAY;
        fvi_h5_skip(c, 1);
        break;
    default:
        return fvi_fail(err, FV_UNSUPPORTED, "has its chunks in %s, which is not read",
                        index >= 4 && index <= 5 ? names[index] : "an index of an unknown kind");
    }
    l->address = fvi_h5_address(f, c);
    return FV_OK;
}

static fv_status layout_v4_chunked(const fvi_hdf5 *f, fvi_h5_cursor *c, fvi_h5_layout *l,
                                   fv_error *err) {
    int flags = (int)fvi_h5_take(c, 1), axes = (int)fvi_h5_take(c, 1);
    int width = (int)fvi_h5_take(c, 1);
    if (!c->bad && (width < 1 || width > 8))
        return fvi_fail(err, FV_FORMAT, "has sizes of chunks in %d bytes", width);
    fv_status st = chunk_read(c, axes, width, l, err);
    return st ? st : index_read(f, c, flags, l, err);
}

/* Versions 3 to 5, after the version. */
static fv_status layout_v3(const fvi_hdf5 *f, fvi_h5_cursor *c, int version, fvi_h5_layout *l,
                           fv_error *err) {
    int class = (int)fvi_h5_take(c, 1);
    l->class = (fvi_h5_layout_class) class;
    l->address = FVI_HDF5_NOWHERE;
    switch (class) {
    case FVI_H5_COMPACT: l->size = fvi_h5_take(c, 2); break;
    case FVI_H5_CONTIGUOUS:
        l->address = fvi_h5_address(f, c);
        l->size = fvi_h5_length(f, c);
        break;
    case FVI_H5_CHUNKED: {
        if (version >= 4) return layout_v4_chunked(f, c, l, err);
        int axes = (int)fvi_h5_take(c, 1);
        l->address = fvi_h5_address(f, c);
        return chunk_read(c, axes, 4, l, err);
    }
    case 3: return fvi_fail(err, FV_UNSUPPORTED, "is a virtual dataset, which is not read");
    default: break;
    }
    return FV_OK;
}

fv_status fvi_h5_layout_read(const fvi_hdf5 *f, fvi_h5_cursor message, fvi_h5_layout *out,
                             fv_error *err) {
    fvi_h5_cursor c = message;
    fvi_h5_layout l = {.index = FVI_H5_INDEX_TREE};
    int version = (int)fvi_h5_take(&c, 1);
    if (!c.bad && (version < 1 || version > 5))
        return fvi_fail(err, FV_UNSUPPORTED, "has a layout of version %d; 1 to 5 are read",
                        version);
    fv_status st = version < 3 ? layout_v1(f, &c, &l, err) : layout_v3(f, &c, version, &l, err);
    if (st) return st;
    if (!c.bad && (unsigned)l.class > FVI_H5_CHUNKED)
        return fvi_fail(err, FV_UNSUPPORTED, "has a layout of class %d", (int)l.class);
    if (l.class == FVI_H5_COMPACT) {
        const uint8_t *at = fvi_h5_skip(&c, l.size);
        if (at) l.data = (fvi_h5_cursor){at, at + l.size, 0};
    }
    if (c.bad) return fvi_fail(err, FV_FORMAT, "its layout is cut short");
    *out = l;
    return FV_OK;
}
