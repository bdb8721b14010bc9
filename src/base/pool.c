/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: requests are cut from blocks that grow; a large request gets a block of its own. All
 * blocks come zeroed from calloc and are freed together. Under AddressSanitizer every request gets
 * its own block, so that reading past one is detected.
 * What it does not do: free single requests, or lock: a pool belongs to one thread at a time.
 */
#include "base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_BLOCK_EACH 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(POOL_BLOCK_EACH)
enum { BLOCK_FIRST = 0, BLOCK_LARGEST = 0 };
#else
enum { BLOCK_FIRST = 4096, BLOCK_LARGEST = 256 * 1024 };
#endif
enum { ALIGN_SMALL = 16, ALIGN_LARGE = 64 };

typedef struct pool_block {
    struct pool_block *next;
    size_t size, used;                  /* bytes after this header */
    _Alignas(ALIGN_SMALL) char start[]; /* so that small requests need no padding */
} pool_block;

struct fvi_pool {
    pool_block *blocks; /* the newest first: requests are cut from it */
    size_t limit, total;
    size_t next_size; /* of the next ordinary block */
};

fvi_pool *fvi_pool_new(size_t limit) {
    fvi_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->limit = limit;
    pool->next_size = BLOCK_FIRST;
    return pool;
}

void fvi_pool_free(fvi_pool *pool) {
    if (!pool) return;
    for (pool_block *b = pool->blocks; b;) {
        pool_block *next = b->next;
        free(b);
        b = next;
    }
    free(pool);
}

/* Cuts `bytes` from a block, or returns NULL if it has no room left. */
static void *block_cut(pool_block *b, size_t bytes, size_t align) {
    uintptr_t base = (uintptr_t)b->start;
    size_t skip = (size_t)(-(base + b->used) & (align - 1));
    if (b->size - b->used < skip || b->size - b->used - skip < bytes) return NULL;
    void *at = b->start + b->used + skip;
    b->used += skip + bytes;
    return at;
}

/* Adds a block for `bytes` at their alignment. A block for a single large request goes second,
 * because the first still has room for small requests. */
static pool_block *pool_grow(fvi_pool *pool, size_t bytes) {
    size_t need = bytes + (bytes < ALIGN_LARGE ? 0 : ALIGN_LARGE - ALIGN_SMALL),
           size = pool->next_size;
    int own = need > size / 2;
    if (own) size = need;
    pool_block *b = calloc(1, sizeof *b + size);
    if (!b) return NULL;
    b->size = size;
    if (own && pool->blocks) {
        b->next = pool->blocks->next;
        pool->blocks->next = b;
    } else {
        b->next = pool->blocks;
        pool->blocks = b;
    }
    if (!own && pool->next_size != BLOCK_LARGEST) pool->next_size *= 2; /* LARGEST is FIRST * 2^n */
    return b;
}

void *fvi_pool_alloc(fvi_pool *pool, size_t bytes) {
    if (bytes > SIZE_MAX / 4) return NULL;
    if (pool->limit && bytes > pool->limit - pool->total) return NULL;
    size_t align = bytes >= ALIGN_LARGE ? ALIGN_LARGE : ALIGN_SMALL;
    void *at = NULL;
    if (BLOCK_FIRST > 0 && pool->blocks) at = block_cut(pool->blocks, bytes ? bytes : 1, align);
    if (!at) {
        pool_block *b = pool_grow(pool, bytes ? bytes : 1);
        if (!b) return NULL;
        at = block_cut(b, bytes ? bytes : 1, align);
    }
    pool->total += bytes;
    return at;
}

void *fvi_pool_array(fvi_pool *pool, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) return NULL;
    return fvi_pool_alloc(pool, count * size);
}

char *fvi_pool_strdup(fvi_pool *pool, const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = fvi_pool_alloc(pool, n);
    if (copy) memcpy(copy, text, n);
    return copy;
}

char *fvi_pool_printf(fvi_pool *pool, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : fvi_pool_alloc(pool, (size_t)n + 1);
    if (!text) return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}
