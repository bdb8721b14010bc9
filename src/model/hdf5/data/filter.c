/* SPDX-License-Identifier: Apache-2.0 */
/* The filters deflate (zlib), shuffle (byte k of all elements, then byte k + 1, ...) and fletcher32
 * (a sum of 16-bit words behind the data, checked here). They are undone from the last to the
 * first, between two buffers of a chunk's size: what inflates to more is refused. Source: HDF5 File
 * Format Specification, section IV.A.2.l; RFC 1950. */
#include "model/hdf5/data/filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"

enum { DEFLATE = 1, SHUFFLE = 2, FLETCHER32 = 3, FIRST_WITH_NAME = 256 };
#define SUM_BYTES 4

static const char *filter_name(int id) {
    static const struct {
        int id;
        const char *name;
    } names[] = {{4, "szip"},           {5, "nbit"},    {6, "scale-offset"}, {305, "lzo"},
                 {307, "bzip2"},        {32000, "lzf"}, {32001, "blosc"},    {32004, "lz4"},
                 {32008, "bitshuffle"}, {32013, "zfp"}, {32015, "zstd"},     {32017, "sz"},
                 {32026, "blosc2"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].id == id) return names[i].name;
    return "unknown";
}

/* One filter of the message. */
static fv_status filter_read(fvi_h5_cursor *c, int version, fvi_h5_pipeline *p, fv_error *err) {
    int id = (int)fvi_h5_take(c, 2);
    uint64_t name = version == 1 || id >= FIRST_WITH_NAME ? fvi_h5_take(c, 2) : 0;
    fvi_h5_skip(c, 2);
    int values = (int)fvi_h5_take(c, 2);
    fvi_h5_skip(c, name);
    uint32_t value = values ? (uint32_t)fvi_h5_take(c, 4) : 0;
    if (values) fvi_h5_skip(c, 4 * (uint64_t)(values - 1));
    if (version == 1 && values & 1) fvi_h5_skip(c, 4);
    if (c->bad) return fvi_fail(err, FV_FORMAT, "its filter message is cut short");
    if (id < DEFLATE || id > FLETCHER32)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "has its data behind filter %d (%s); deflate, shuffle and fletcher32 are "
                        "read",
                        id, filter_name(id));
    p->filter[p->count].id = id;
    p->filter[p->count++].value = value;
    return FV_OK;
}

fv_status fvi_h5_pipeline_read(fvi_h5_cursor message, fvi_h5_pipeline *out, fv_error *err) {
    fvi_h5_cursor c = message;
    fvi_h5_pipeline p = {0};
    int version = (int)fvi_h5_take(&c, 1), count = (int)fvi_h5_take(&c, 1);
    if (version == 1) fvi_h5_skip(&c, 6);
    if (c.bad) return fvi_fail(err, FV_FORMAT, "its filter message is cut short");
    if (version != 1 && version != 2)
        return fvi_fail(err, FV_UNSUPPORTED, "has a filter message of version %d; 1 and 2 are read",
                        version);
    if (count > FVI_H5_MOST_FILTERS)
        return fvi_fail(err, FV_UNSUPPORTED, "has its data behind %d filters; at most %d are read",
                        count, FVI_H5_MOST_FILTERS);
    fv_status st = FV_OK;
    for (int i = 0; i < count && !st; i++) st = filter_read(&c, version, &p, err);
    if (!st) *out = p;
    return st;
}

/* ---- undoing one filter: from src [*size] to dst [room]; *size becomes that of the result ---- */

static fv_status inflate_to(uint8_t *dst, size_t room, const uint8_t *src, size_t *size,
                            fv_error *err) {
    uLongf made = (uLongf)room;
    uLong used = (uLong)*size;
    int code = uncompress2(dst, &made, src, &used);
    if (code == Z_MEM_ERROR) return fvi_fail(err, FV_NOMEM, "no memory to inflate a chunk");
    if (code != Z_OK)
        return fvi_fail(err, FV_FORMAT,
                        "a chunk of %zu deflated bytes is damaged or inflates to more than %zu",
                        *size, room);
    *size = (size_t)made;
    return FV_OK;
}

static void unshuffle_to(uint8_t *dst, const uint8_t *src, size_t size, size_t element) {
    size_t n = element ? size / element : 0;
    for (size_t k = 0; k < element && n; k++)
        for (size_t i = 0; i < n; i++) dst[i * element + k] = src[k * n + i];
    memcpy(dst + n * element, src + n * element, size - n * element);
}

/* Fletcher's sums of big-endian 16-bit words, modulo 65535. */
static void fletcher32(const uint8_t *at, size_t size, uint32_t sum[2]) {
    uint64_t a = 0, b = 0;
    for (size_t i = 0; i < size; i += 2) {
        a += (uint64_t)at[i] << 8 | (i + 1 < size ? at[i + 1] : 0);
        b += a % 65535;
    }
    sum[0] = (uint32_t)(a % 65535);
    sum[1] = (uint32_t)(b % 65535);
}

static fv_status sum_check(const uint8_t *src, size_t *size, fv_error *err) {
    if (*size < SUM_BYTES)
        return fvi_fail(err, FV_FORMAT, "a chunk of %zu bytes has no room for its sum", *size);
    *size -= SUM_BYTES;
    const uint8_t *end = src + *size;
    uint32_t sum[2];
    fletcher32(src, *size, sum);
    /* Files of HDF5 1.6.2 and before have each half's bytes the other way round. */
    int match = 0;
    for (int other = 0; other < 2; other++) {
        uint32_t a = (uint32_t)end[other] | (uint32_t)end[!other] << 8;
        uint32_t b = (uint32_t)end[2 + other] | (uint32_t)end[2 + !other] << 8;
        match |= a % 65535 == sum[0] && b % 65535 == sum[1];
    }
    return match ? FV_OK : fvi_fail(err, FV_FORMAT, "a chunk is damaged: its sum does not fit");
}

/* Undoes filter i of the chunk at *at [*size]. */
static fv_status filter_undo(fvi_h5_decoder *d, int i, const uint8_t **at, size_t *size,
                             fv_error *err) {
    uint8_t *dst = d->buffer[*at == d->buffer[0]];
    fv_status st = FV_OK;
    switch (d->pipeline.filter[i].id) {
    case FLETCHER32: return sum_check(*at, size, err);
    case DEFLATE: st = inflate_to(dst, d->room, *at, size, err); break;
    default:
        if (*size > d->room)
            return fvi_fail(err, FV_FORMAT, "a chunk has %zu bytes of at most %zu", *size, d->room);
        unshuffle_to(dst, *at, *size, d->pipeline.filter[i].value);
    }
    *at = dst;
    return st;
}

fv_status fvi_h5_decode(fvi_h5_decoder *d, fvi_h5_cursor stored, uint32_t mask, const uint8_t **out,
                        fv_error *err) {
    const uint8_t *at = stored.at;
    size_t size = (size_t)fvi_h5_left(&stored);
    d->room = d->size + SUM_BYTES * FVI_H5_MOST_FILTERS;
    for (int i = 0; i < 2 && d->pipeline.count; i++) {
        if (!d->buffer[i]) d->buffer[i] = malloc(d->room);
        if (!d->buffer[i])
            return fvi_fail(err, FV_NOMEM, "no memory for a chunk of %zu bytes", d->size);
    }
    fv_status st = FV_OK;
    for (int i = d->pipeline.count - 1; i >= 0 && !st; i--)
        if (!(mask >> i & 1)) st = filter_undo(d, i, &at, &size, err);
    if (!st && size < d->size)
        st = fvi_fail(err, FV_FORMAT, "a chunk has %zu bytes of %zu", size, d->size);
    if (!st) *out = at;
    return st;
}

void fvi_h5_decoder_free(fvi_h5_decoder *d) {
    for (int i = 0; i < 2; i++) free(d->buffer[i]);
}
