/* SPDX-License-Identifier: Apache-2.0 */
/* A pool: many small allocations that live and die together (the parts of one graph, one plan). */
#ifndef FVI_BASE_POOL_H
#define FVI_BASE_POOL_H

#include <stddef.h>

typedef struct fvi_pool fvi_pool;

/* A pool that refuses to give out more than `limit` bytes in all (0: no limit). NULL when out of
 * memory. */
fvi_pool *fvi_pool_new(size_t limit);
void fvi_pool_free(fvi_pool *pool);

/* Zeroed memory, aligned to 64 bytes for requests of 64 bytes and more, else to 16; NULL when
 * exhausted. */
void *fvi_pool_alloc(fvi_pool *pool, size_t bytes);

/* `count` things of `size` bytes, the product checked. */
void *fvi_pool_array(fvi_pool *pool, size_t count, size_t size);

char *fvi_pool_strdup(fvi_pool *pool, const char *text);
char *fvi_pool_printf(fvi_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
