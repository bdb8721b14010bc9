/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an HDF5 file's bytes: numbers are little-endian, of widths that the superblock gives.
 * Nothing here knows what the bytes mean.
 *
 * Blocks name each other by addresses, so a file may lead a reader in circles or over the same
 * bytes again and again. A sound file needs each of its bytes a few times in a call; each call may
 * look at WORK_TIMES as many. */
#include "model/hdf5/blocks/file.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

#define WORK_TIMES 64
#define WORK_LEAST ((uint64_t)1 << 20)
#define WORK_BLOCK 16 /* of coming to a block */

const fvi_hdf5 *fvi_h5_begin(fvi_h5_call *call, const fvi_hdf5 *f) {
    call->f = *f;
    call->f.work = &call->work;
    call->work = f->size < UINT64_MAX / (2 * WORK_TIMES) ? f->size * WORK_TIMES : UINT64_MAX / 2;
    call->work += WORK_LEAST;
    return &call->f;
}

fv_status fvi_h5_spend(const fvi_hdf5 *f, uint64_t size, const char *what, fv_error *err) {
    if (size >= *f->work) {
        *f->work = 0;
        return fvi_fail(err, FV_FORMAT, "the blocks of its %s form a circle or overlap", what);
    }
    *f->work -= size;
    return FV_OK;
}

int fvi_h5_is_spent(const fvi_hdf5 *f) { return !*f->work; }

uint64_t fvi_h5_left(const fvi_h5_cursor *c) { return (uint64_t)(c->end - c->at); }

const uint8_t *fvi_h5_skip(fvi_h5_cursor *c, uint64_t size) {
    if (c->bad || size > fvi_h5_left(c)) {
        c->bad = 1;
        return NULL;
    }
    const uint8_t *at = c->at;
    c->at += size;
    return at;
}

uint64_t fvi_h5_take(fvi_h5_cursor *c, int width) {
    const uint8_t *p = fvi_h5_skip(c, (uint64_t)width);
    uint64_t v = 0;
    for (int i = 0; p && i < width; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint64_t fvi_h5_address(const fvi_hdf5 *f, fvi_h5_cursor *c) {
    uint64_t v = fvi_h5_take(c, f->offset_size);
    return v == UINT64_MAX >> (64 - 8 * f->offset_size) ? FVI_HDF5_NOWHERE : v;
}

uint64_t fvi_h5_length(const fvi_hdf5 *f, fvi_h5_cursor *c) {
    return fvi_h5_take(c, f->length_size);
}

int fvi_h5_width(uint64_t limit) {
    int bits = 0;
    while (limit >>= 1) bits++;
    return bits / 8 + 1;
}

fv_status fvi_h5_short(const char *what, uint64_t address, fv_error *err) {
    return fvi_fail(err, FV_FORMAT, "the %s at byte %" PRIu64 " is cut short", what, address);
}

fv_status fvi_h5_range(const fvi_hdf5 *f, uint64_t address, uint64_t size, const char *what,
                       fvi_h5_cursor *out, fv_error *err) {
    if (address > f->size || size > f->size - address)
        return fvi_fail(err, FV_FORMAT,
                        "the %s of %" PRIu64 " bytes at byte %" PRIu64
                        " is not within the file of %" PRIu64 " bytes",
                        what, size, address, f->size);
    *out = (fvi_h5_cursor){f->bytes + address, f->bytes + address + size, 0};
    return fvi_h5_spend(f, WORK_BLOCK, what, err);
}

fv_status fvi_h5_block(const fvi_hdf5 *f, uint64_t address, const char *signature, const char *what,
                       fvi_h5_cursor *out, fv_error *err) {
    fvi_h5_cursor c = {0};
    fv_status st = fvi_h5_range(f, address, 4, what, &c, err);
    if (st) return st;
    if (memcmp(c.at, signature, 4) != 0)
        return fvi_fail(err, FV_FORMAT, "the %s at byte %" PRIu64 " does not begin with \"%s\"",
                        what, address, signature);
    *out = (fvi_h5_cursor){c.at + 4, f->bytes + f->size, 0};
    return FV_OK;
}
