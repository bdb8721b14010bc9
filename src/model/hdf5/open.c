/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an HDF5 file: its superblock, of versions 0 to 3.
 *
 * Why a reader of our own: libhdf5 1.10.8 (Debian 12) crashed in 80 and hung in 9 of 10,000 runs
 * over copies of a small Keras-like file in which 1 to 4 bytes had been changed. Files from
 * strangers are ordinary input here and must end in an error of one line.
 *
 * The superblock lies at the file's beginning, or behind a block of the user's own at 512, 1024,
 * 2048, ... bytes. Addresses in the file count from it (also where the file says another base, as
 * after such a block was put before a finished file; libhdf5 does so too).
 *
 * What is read: groups of both forms (B-trees of version 1 with local heaps; link messages, in the
 * object header or in a fractal heap with a B-tree of version 2), attributes of both forms, numbers
 * and strings, data that is compact, contiguous or chunked, behind the filters deflate, shuffle and
 * fletcher32. What is refused, by name: files in several pieces (drivers, external links and data,
 * virtual datasets), shared messages and committed datatypes, compound, array, reference and
 * bit-field types, other filters, chunks indexed by extensible arrays. What is not done: writing,
 * and checking the sums that protect metadata.
 *
 * Source: HDF5 File Format Specification, version 3.0 (The HDF Group).
 */
#include "model/hdf5/hdf5.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/hdf5/blocks/file.h"
#include "model/hdf5/header.h"
#include "model/hdf5/link_index.h"

static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

/* Where the signature is: 0, 512, 1024, ...; -1: nowhere. */
static int64_t signature_find(const uint8_t *bytes, size_t size) {
    for (size_t at = 0; size >= sizeof signature && at <= size - sizeof signature;
         at = at ? 2 * at : 512)
        if (!memcmp(bytes + at, signature, sizeof signature)) return (int64_t)at;
    return -1;
}

int fvi_hdf5_probe(const uint8_t *bytes, size_t size) { return signature_find(bytes, size) >= 0; }

static fv_status widths_check(const fvi_hdf5 *f, fv_error *err) {
    const int width[2] = {f->offset_size, f->length_size};
    for (int i = 0; i < 2; i++)
        if (width[i] != 2 && width[i] != 4 && width[i] != 8)
            return fvi_fail(err, FV_UNSUPPORTED,
                            "HDF5 file with %s of %d bytes; 2, 4 or 8 are read",
                            i ? "sizes" : "addresses", width[i]);
    return FV_OK;
}

/* Versions 0 and 1, after the version.
 *   base, end  the superblock's and the file's end as the file counts them */
static fv_status superblock_old(fvi_hdf5 *f, fvi_h5_cursor *c, int version, uint64_t *base,
                                uint64_t *end, fv_error *err) {
    fvi_h5_skip(c, 4);
    f->offset_size = (int)fvi_h5_take(c, 1);
    f->length_size = (int)fvi_h5_take(c, 1);
    fv_status st = c->bad ? fvi_h5_short("superblock", 0, err) : widths_check(f, err);
    if (st) return st;
    fvi_h5_skip(c, version ? 13 : 9); /* sizes of B-tree nodes, flags */
    *base = fvi_h5_address(f, c);
    fvi_h5_skip(c, (uint64_t)f->offset_size);
    *end = fvi_h5_address(f, c);
    uint64_t driver = fvi_h5_address(f, c);
    fvi_h5_skip(c, (uint64_t)f->offset_size); /* the root group's entry begins with its name */
    f->root = fvi_h5_address(f, c);
    if (c->bad) return fvi_h5_short("superblock", 0, err);
    if (driver != FVI_HDF5_NOWHERE)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "HDF5 file in several pieces (a driver information block)");
    return FV_OK;
}

/* Versions 2 and 3, after the version. */
static fv_status superblock_new(fvi_hdf5 *f, fvi_h5_cursor *c, uint64_t *base, uint64_t *end,
                                fv_error *err) {
    f->offset_size = (int)fvi_h5_take(c, 1);
    f->length_size = (int)fvi_h5_take(c, 1);
    fv_status st = c->bad ? fvi_h5_short("superblock", 0, err) : widths_check(f, err);
    if (st) return st;
    fvi_h5_skip(c, 1);
    *base = fvi_h5_address(f, c);
    fvi_h5_skip(c, (uint64_t)f->offset_size);
    *end = fvi_h5_address(f, c);
    f->root = fvi_h5_address(f, c);
    return c->bad ? fvi_h5_short("superblock", 0, err) : FV_OK;
}

static fv_status superblock_read(fvi_hdf5 *f, fv_error *err) {
    fvi_h5_cursor c = {f->bytes + sizeof signature, f->bytes + f->size, 0};
    int version = (int)fvi_h5_take(&c, 1);
    uint64_t base = 0, end = 0;
    fv_status st;
    if (version > 3)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "HDF5 file with superblock version %d; 0 to 3 are read", version);
    st = version < 2 ? superblock_old(f, &c, version, &base, &end, err)
                     : superblock_new(f, &c, &base, &end, err);
    if (st) return st;
    if (end != FVI_HDF5_NOWHERE && end > base && end - base > f->size)
        return fvi_fail(err, FV_FORMAT,
                        "the HDF5 file is cut short: it has %" PRIu64 " of %" PRIu64 " bytes",
                        f->size, end - base);
    return FV_OK;
}

/* A file of which the superblock is read; its index of links is not made. */
static fv_status root_open(const uint8_t *bytes, size_t size, fvi_hdf5 **out, fv_error *err) {
    int64_t at = signature_find(bytes, size);
    if (at < 0) return fvi_fail(err, FV_FORMAT, "not an HDF5 file: its signature is not there");
    fvi_hdf5 *f = calloc(1, sizeof *f);
    if (!f) return fvi_fail(err, FV_NOMEM, "no memory to open an HDF5 file");
    f->bytes = bytes + at;
    f->size = size - (size_t)at;
    const fv_status st = superblock_read(f, err);
    if (st)
        free(f);
    else
        *out = f;
    return st;
}

int fvi_hdf5_probe_attribute(const uint8_t *bytes, size_t size, const char *name) {
    fvi_hdf5 *f = NULL;
    if (root_open(bytes, size, &f, NULL)) return 0;
    const fvi_hdf5_object root = {.kind = FVI_HDF5_GROUP, .header = f->root, .path = "/"};
    const int found = fvi_hdf5_has_attribute(f, &root, name);
    free(f);
    return found;
}

fv_status fvi_hdf5_open(const uint8_t *bytes, size_t size, fvi_hdf5 **out, fv_error *err) {
    fvi_hdf5 *f = NULL;
    fvi_hdf5_kind kind = FVI_HDF5_OTHER;
    fvi_h5_call call;
    fv_status st = root_open(bytes, size, &f, err);
    if (st) return st;
    st = fvi_h5_kind(fvi_h5_begin(&call, f), f->root, &kind, err);
    if (!st && kind != FVI_HDF5_GROUP)
        st = fvi_fail(err, FV_FORMAT, "the root object is not a group");
    if (!st) st = fvi_h5_link_index_new(&call.f, &f->index, err);
    if (st) {
        fvi_error_prefix(err, "/");
        fvi_hdf5_close(f);
    } else {
        *out = f;
    }
    return st;
}

void fvi_hdf5_close(fvi_hdf5 *f) {
    if (f) fvi_h5_link_index_free(f->index);
    free(f);
}
