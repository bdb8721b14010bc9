/* SPDX-License-Identifier: Apache-2.0 */
/* A table ends in a footer: where the index of its blocks is, and a mark. The index is a block
 * whose values say where the others are. A block is entries (bytes shared with the key before,
 * bytes of the key's own, bytes of the value, as varints; then both), a list of restarts, their
 * number; behind it stand its compression and a checksum.
 *
 * What it does not do: compressed blocks, which TensorFlow does not write here; checksums.
 * Source: table_format.txt of LevelDB, table_builder.cc and format.cc of TensorFlow.
 */
#include "model/tensorflow/saved/table.h"

#include <string.h>

#include "base/error.h"

#define FOOTER_SIZE  48
#define TRAILER_SIZE 5    /* of a block: compression, checksum */
#define KEY_MAX      4096 /* bytes */

typedef struct table {
    fvi_tf_bytes file;
    fvi_pool *pool;
    GHashTable *entries;
    int64_t left; /* entries that may still be read */
    fv_error *err;
} table;

static fv_status damaged(const table *t, const char *what) {
    return fvi_fail(t->err, FV_FORMAT, "not an index of variables, or damaged: %s", what);
}

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The varint at *at; 0: it does not end before `end`. */
static int varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
    uint64_t v = 0;
    for (int i = 0; i < 9 && *at < end; i++) {
        const uint8_t b = *(*at)++;
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b & 0x80) continue;
        *out = v;
        return 1;
    }
    return 0;
}

/* The entries of the block at a handle (offset, size), without its restarts. */
static fv_status find_block(const table *t, const uint8_t **at, const uint8_t *end,
                            fvi_tf_bytes *out) {
    const uint64_t whole = t->file.size;
    uint64_t offset, size;
    if (!varint(at, end, &offset) || !varint(at, end, &size)) return damaged(t, "a block's place");
    if (size < 4 || size > whole || offset > whole - size || whole - size - offset < TRAILER_SIZE)
        return damaged(t, "a block lies beyond its end");
    const uint8_t *block = t->file.bytes + offset;
    if (block[size])
        return fvi_fail(t->err, FV_UNSUPPORTED,
                        "the index of the variables is compressed (kind %d); allowed: 0, plain",
                        block[size]);
    const uint64_t restarts = u32(block + size - 4);
    if (restarts > (size - 4) / 4) return damaged(t, "a block's restarts");
    *out = (fvi_tf_bytes){block, (size_t)(size - 4 - 4 * restarts)};
    return FV_OK;
}

static fv_status keep(table *t, const uint8_t *key, size_t n, fvi_tf_bytes value) {
    char *own = fvi_pool_alloc(t->pool, n + 1);
    fvi_tf_bytes *v = fvi_pool_alloc(t->pool, sizeof *v);
    if (!own || !v) return fvi_fail(t->err, FV_NOMEM, "no memory for the index of the variables");
    if (n) memcpy(own, key, n);
    *v = value;
    if (!memchr(own, 0, n)) g_hash_table_insert(t->entries, own, v);
    return FV_OK;
}

static fv_status read_index(table *t, fvi_tf_bytes block);

/* Reads the entries of a block: of the index the blocks that it names. */
static fv_status read_block(table *t, fvi_tf_bytes block, int is_index) {
    const uint8_t *at = block.bytes, *end = block.bytes + block.size;
    uint8_t key[KEY_MAX];
    uint64_t length = 0, shared, own, size;
    fv_status st = FV_OK;
    while (at < end && !st) {
        if (!varint(&at, end, &shared) || !varint(&at, end, &own) || !varint(&at, end, &size))
            return damaged(t, "an entry");
        const uint64_t rest = (uint64_t)(end - at);
        if (shared > length || own > KEY_MAX - shared || own > rest || size > rest - own)
            return damaged(t, "an entry's sizes");
        if (t->left-- <= 0) return damaged(t, "it has too many entries");
        memcpy(key + shared, at, own);
        length = shared + own;
        at += own;
        const fvi_tf_bytes value = {at, (size_t)size};
        at += size;
        st = is_index ? read_index(t, value) : keep(t, key, (size_t)length, value);
    }
    return st;
}

/* The block that an entry of the index names. */
static fv_status read_index(table *t, fvi_tf_bytes handle) {
    const uint8_t *at = handle.bytes;
    fvi_tf_bytes block;
    const fv_status st = find_block(t, &at, handle.bytes + handle.size, &block);
    return st ? st : read_block(t, block, 0);
}

fv_status fvi_tf_table_read(fvi_tf_bytes file, fvi_pool *pool, int64_t most, GHashTable *entries,
                            fv_error *err) {
    static const uint8_t mark[] = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
    table t = {file, pool, entries, most, err};
    fvi_tf_bytes block;
    uint64_t unused;
    if (file.size < FOOTER_SIZE || memcmp(file.bytes + file.size - 8, mark, 8) != 0)
        return damaged(&t, "its end is not a table's");
    const uint8_t *at = file.bytes + file.size - FOOTER_SIZE, *end = file.bytes + file.size - 8;
    if (!varint(&at, end, &unused) || !varint(&at, end, &unused)) return damaged(&t, "its footer");
    const fv_status st = find_block(&t, &at, end, &block);
    return st ? st : read_block(&t, block, 1);
}
