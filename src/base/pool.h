/* SPDX-License-Identifier: Apache-2.0 */
/* A pool: many small allocations that are freed together (those of one graph, one plan). */
#ifndef FVI_BASE_POOL_H
#define FVI_BASE_POOL_H

#include <stddef.h>

typedef struct fvi_pool fvi_pool;

/* Makes a pool that allocates at most `limit` bytes in all (0: no limit). NULL: out of memory. */
fvi_pool *fvi_pool_new(size_t limit);
void fvi_pool_free(fvi_pool *pool);

/* Allocates zeroed memory, aligned to 64 bytes for requests of 64 bytes and more, else to 16. NULL:
 * the limit or the memory is exhausted. */
void *fvi_pool_alloc(fvi_pool *pool, size_t bytes);

/* Allocates `count` elements of `size` bytes; the product is checked for overflow. */
void *fvi_pool_array(fvi_pool *pool, size_t count, size_t size);

char *fvi_pool_strdup(fvi_pool *pool, const char *text);
char *fvi_pool_printf(fvi_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
