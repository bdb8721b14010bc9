/* SPDX-License-Identifier: Apache-2.0 */
/* An array in chunks: equal boxes that cover it from its beginning; those at its end go beyond it.
 * Each is decoded and copied row by row. Chunks much larger than their array would make a small
 * file cost much work and are refused. */
#include "model/hdf5/data/chunk.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "model/hdf5/data/chunk_index.h"

#define SPARE_BYTES ((int64_t)16 << 20)
#define CHUNK_BYTES ((int64_t)UINT32_MAX) /* the format's own limit */

/* The elements of one chunk and the number of chunks; -1: too many to count. */
static int chunks_count(const fvi_h5_chunked *a, int64_t *elements, int64_t *chunks) {
    *elements = *chunks = 1;
    for (int i = 0; i < a->shape.ndim; i++) {
        int64_t d = a->shape.dim[i], c = a->layout->chunk[i];
        if (fvi_mul(*elements, c, elements) || fvi_mul(*chunks, (d - 1) / c + 1, chunks)) return -1;
    }
    return 0;
}

fv_status fvi_h5_chunked_check(const fvi_h5_chunked *a, fv_error *err) {
    int64_t elements, chunks, bytes, all;
    if (a->layout->ndim != a->shape.ndim || a->layout->element != a->size)
        return fvi_fail(err, FV_FORMAT,
                        "has chunks of %d axes and elements of %u bytes; it has %d and %u",
                        a->layout->ndim, a->layout->element, a->shape.ndim, a->size);
    const int64_t need = a->count * (int64_t)a->size; /* < 2^31 * 2^32 */
    if (chunks_count(a, &elements, &chunks) || fvi_mul(elements, a->size, &bytes) ||
        bytes > CHUNK_BYTES || fvi_mul(bytes, chunks, &all) || all / 4 > need + SPARE_BYTES / 4)
        return fvi_fail(err, FV_NOMEM,
                        "has %" PRId64 " bytes in chunks that hold more than 4 times as many or "
                        "4 GiB each",
                        need);
    return FV_OK;
}

typedef struct reading {
    const fvi_hdf5 *f;
    const fvi_h5_chunked *a;
    fvi_h5_decoder decoder;
    uint8_t *dst;
} reading;

/* Copies what of a chunk lies in the array. */
static void chunk_copy(const fvi_h5_chunked *a, const int64_t *at, const uint8_t *src,
                       uint8_t *dst) {
    const int last = a->shape.ndim - 1;
    int64_t within[FVI_MAX_DIMS] = {0}, extent[FVI_MAX_DIMS];
    for (int i = 0; i <= last; i++) {
        int64_t rest = a->shape.dim[i] - at[i], c = a->layout->chunk[i];
        extent[i] = rest < c ? rest : c;
    }
    const size_t row = (size_t)extent[last] * a->size;
    for (;;) {
        int64_t from = 0, to = 0;
        for (int i = 0; i <= last; i++) {
            from = from * a->layout->chunk[i] + within[i];
            to = to * a->shape.dim[i] + at[i] + within[i];
        }
        memcpy(dst + (size_t)to * a->size, src + (size_t)from * a->size, row);
        int i = last - 1;
        for (; i >= 0 && ++within[i] == extent[i]; i--) within[i] = 0;
        if (i < 0) return;
    }
}

static int goes_beyond(const fvi_h5_chunked *a, const int64_t *at) {
    for (int i = 0; i < a->shape.ndim; i++)
        if (a->layout->chunk[i] > a->shape.dim[i] - at[i]) return 1;
    return 0;
}

static fv_status chunk_visit(void *user, const fvi_h5_chunk *chunk, fv_error *err) {
    reading *r = user;
    fvi_h5_cursor stored;
    const uint8_t *bytes = NULL;
    uint32_t mask = chunk->mask;
    if (r->a->layout->edges_unfiltered && goes_beyond(r->a, chunk->at)) mask = UINT32_MAX;
    fv_status st = fvi_h5_range(r->f, chunk->address, chunk->size, "chunk", &stored, err);
    if (!st) st = fvi_h5_decode(&r->decoder, stored, mask, &bytes, err);
    if (!st) chunk_copy(r->a, chunk->at, bytes, r->dst);
    return st;
}

fv_status fvi_h5_chunked_read(const fvi_hdf5 *f, const fvi_h5_chunked *a, uint8_t *dst,
                              fv_error *err) {
    int64_t elements, chunks;
    fv_status st = fvi_h5_chunked_check(a, err);
    if (st || chunks_count(a, &elements, &chunks)) return st;
    reading r = {f, a, {.pipeline = *a->pipeline, .size = (size_t)elements * a->size}, dst};
    fvi_h5_grid grid = {
        f, a->layout, a->shape, a->largest, chunks, r.decoder.size, a->pipeline->count > 0};
    st = fvi_h5_chunks(&grid, chunk_visit, &r, err);
    fvi_h5_decoder_free(&r.decoder);
    return st;
}
