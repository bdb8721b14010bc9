/* SPDX-License-Identifier: Apache-2.0 */
/* The constants made while lowering one network, kept so that lowering it again, at any shape,
 * gives equal numbers the same address. */
#ifndef FVI_GRAPH_BUILD_CONSTANT_CACHE_H
#define FVI_GRAPH_BUILD_CONSTANT_CACHE_H

#include "graph/graph.h"

/* Builders that share a cache exclude each other (fvi_constant_cache_lock). */
typedef struct fvi_constant_cache fvi_constant_cache;

/* Empty; NULL when out of memory. */
fvi_constant_cache *fvi_constant_cache_new(size_t max_bytes);
void fvi_constant_cache_free(fvi_constant_cache *c);

/* The lock is held during a whole lowering. NULL allowed. */
void fvi_constant_cache_lock(fvi_constant_cache *c);
void fvi_constant_cache_unlock(fvi_constant_cache *c);

/* The constant kept for a value of a (sub)graph of the file, or NULL. `graph` is an address that
 * identifies the (sub)graph. *unfoldable: the value is marked as not foldable. */
const fvi_const *fvi_constant_cache_find(fvi_constant_cache *c, const void *graph, const char *name,
                                         int *unfoldable);
/* Keeps it (its bytes must live as long as c); k NULL marks the value as not foldable. */
void fvi_constant_cache_keep(fvi_constant_cache *c, const void *graph, const char *name,
                             const fvi_const *k);
/* The one constant with those numbers, type and shape; copied when new. NULL: no memory. */
const fvi_const *fvi_constant_cache_intern(fvi_constant_cache *c, const fvi_const *k);
/* The pool for the bytes of constants that are kept. */
fvi_pool *fvi_constant_cache_pool(fvi_constant_cache *c);

#endif
