/* SPDX-License-Identifier: Apache-2.0 */
/* A model's constants in the layouts its plans need: made once, shared by all plans and sessions of
 * the model. May be called from several threads. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_WEIGHT_CACHE_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_WEIGHT_CACHE_H

#include "backend/onednn/dnnl/dnnl_prim.h"
#include "graph/graph.h"

typedef struct fvi_weight_cache fvi_weight_cache;

fvi_weight_cache *fvi_weight_cache_new(void);
void fvi_weight_cache_free(fvi_weight_cache *w);
/* Sets the most bytes that the cache and a plan that uses it may allocate (0: no limit), before the
 * first use. fvi_weight_cache_left returns how many are left. */
void fvi_weight_cache_set_limit(fvi_weight_cache *w, size_t bytes);
size_t fvi_weight_cache_left(fvi_weight_cache *w, size_t *limit);

/* Calls `release` with bytes of constants that were copied and will probably not be read again. */
typedef void (*fvi_weight_cache_release)(const void *user, const void *bytes, size_t size);
void fvi_weight_cache_set_release(fvi_weight_cache *w, fvi_weight_cache_release release,
                                  const void *user);

/* Drops the entries made of a constant, by its address. No plan that uses one may be left. */
void fvi_weight_cache_forget(fvi_weight_cache *w, const void *bytes);

/* Bytes of our own memory, and of numbers used in place in the file. */
void fvi_weight_cache_bytes(fvi_weight_cache *w, size_t *own, size_t *in_place);

/* A dry-run cache: counts the bytes that `of` would have to add, and allocates none. A plan made
 * with it is laid out but cannot run (fvi_schedule_finish).  NULL: out of memory */
fvi_weight_cache *fvi_weight_cache_counter(fvi_weight_cache *of);
int fvi_weight_cache_counts(const fvi_weight_cache *w);
/* Of a counter: bytes counted, and bytes of the largest temporary copy. */
void fvi_weight_cache_counted(const fvi_weight_cache *w, size_t *bytes, size_t *largest);

/* The constant as f32 of its own shape, in a layout (NULL: plain), filled before any plan runs and
 * never changed.  out: borrowed; its memory never moves */
fv_status fvi_weight_cache_constant(fvi_weight_cache *w, fvi_dnnl_engine *b, const fvi_const *c,
                                    const fvi_layout *layout, fvi_buffer **out, fv_error *err);
/* The same, plain. */
fv_status fvi_weight_cache_plain(fvi_weight_cache *w, const fvi_const *c, fvi_buffer **out,
                                 fv_error *err);

/* Identifies numbers derived from constants: equal keys (and layouts) mean equal numbers. */
typedef struct fvi_weight_cache_key {
    const void *parts[4]; /* addresses of the fvi_const.bytes used, NULL-padded */
    int variant;          /* distinguishes numbers derived from the same constants */
} fvi_weight_cache_key;
typedef fv_status (*fvi_weight_cache_fill)(void *user, float *dst, fv_error *err);

/* Numbers derived from constants, in a layout. */
typedef struct fvi_weight_cache_item {
    fvi_weight_cache_key key;
    fvi_shape shape;
    const fvi_layout *layout; /* NULL: plain */
    /* Writes the plain f32 numbers of `shape` into dst; called only if they are not cached. NULL:
     * the numbers are those of the constant `user` (const fvi_const *). */
    fvi_weight_cache_fill fill;
    void *user;
} fvi_weight_cache_item;

/* Finds or makes an item.
 *   item    copied
 *   out     borrowed; its memory never moves, 64-byte aligned unless it is the file's
 *   errors  NOMEM; BACKEND; what fill returns */
fv_status fvi_weight_cache_get(fvi_weight_cache *w, fvi_dnnl_engine *b,
                               const fvi_weight_cache_item *item, fvi_buffer **out, fv_error *err);

#endif
