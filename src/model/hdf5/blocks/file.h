/* SPDX-License-Identifier: Apache-2.0 */
/* An open HDF5 file, and reading its bytes piece by piece. */
#ifndef FVI_MODEL_HDF5_BLOCKS_FILE_H
#define FVI_MODEL_HDF5_BLOCKS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef struct fvi_hdf5 fvi_hdf5;
struct fvi_hdf5 {
    const uint8_t *bytes; /* from the superblock on: addresses in the file count from there */
    uint64_t size;
    int offset_size, length_size;    /* of addresses and of sizes in the file: 2, 4 or 8 bytes */
    uint64_t root;                   /* address of the root group's object header */
    struct fvi_h5_link_index *index; /* of all links: link_index.h */
    uint64_t *work;                  /* that the present call may still do: fvi_h5_spend */
};

/* One call of the interface: a copy of the open file, which other threads use at the same time, and
 * the work that the call may do. */
typedef struct fvi_h5_call {
    fvi_hdf5 f;
    uint64_t work;
} fvi_h5_call;

/* Begins a call; returns &call->f. */
const fvi_hdf5 *fvi_h5_begin(fvi_h5_call *call, const fvi_hdf5 *f);
/* Takes from the work of the present call: as many bytes as are looked at.
 *   errors  FORMAT: many times the file's bytes were looked at; its blocks, which `what` is made
 * of, form a circle or overlap */
fv_status fvi_h5_spend(const fvi_hdf5 *f, uint64_t size, const char *what, fv_error *err);
/* Whether fvi_h5_spend failed in the present call. */
int fvi_h5_is_spent(const fvi_hdf5 *f);

#define FVI_HDF5_NOWHERE UINT64_MAX /* the undefined address: all bits set */

/* Bytes that are read from front to back. What goes beyond the end sets `bad`, moves nothing and
 * gives 0, so that a caller may look at `bad` once, before it uses what it read. */
typedef struct fvi_h5_cursor {
    const uint8_t *at, *end;
    int bad;
} fvi_h5_cursor;

/* A little-endian number of `width` <= 8 bytes. */
uint64_t fvi_h5_take(fvi_h5_cursor *c, int width);
/* The next `size` bytes; NULL: there are fewer. */
const uint8_t *fvi_h5_skip(fvi_h5_cursor *c, uint64_t size);
/* An address, FVI_HDF5_NOWHERE if it is undefined; a size. */
uint64_t fvi_h5_address(const fvi_hdf5 *f, fvi_h5_cursor *c);
uint64_t fvi_h5_length(const fvi_hdf5 *f, fvi_h5_cursor *c);
/* How many bytes are left. */
uint64_t fvi_h5_left(const fvi_h5_cursor *c);

/* Bytes to store numbers up to `limit` in, as fractal heaps and B-trees count them. */
int fvi_h5_width(uint64_t limit);

/* Sets a cursor to `size` bytes at an address, which costs the work of a block, not of its bytes.
 *   errors  FORMAT: `what` does not lie in the file */
fv_status fvi_h5_range(const fvi_hdf5 *f, uint64_t address, uint64_t size, const char *what,
                       fvi_h5_cursor *out, fv_error *err);
/* Sets a cursor to what follows a block's signature (4 letters), up to the file's end. */
fv_status fvi_h5_block(const fvi_hdf5 *f, uint64_t address, const char *signature, const char *what,
                       fvi_h5_cursor *out, fv_error *err);
/* FORMAT: `what` at an address ends beyond the file or the part of it that it is in. */
fv_status fvi_h5_short(const char *what, uint64_t address, fv_error *err);

#endif
