/* SPDX-License-Identifier: Apache-2.0 */
/* A model's constants in the layouts its plans ask for: made once, shared by all plans and sessions
 * of the model. Safe to call from several threads. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_WEIGHT_CACHE_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_WEIGHT_CACHE_H

#include "backend/onednn/dnnl/dnnl_prim.h"
#include "graph/graph.h"

typedef struct fvi_weight_cache fvi_weight_cache;

fvi_weight_cache *fvi_weight_cache_new(void);
void fvi_weight_cache_free(fvi_weight_cache *w);
/* At most so many bytes (none: no limit) for what is made here and for a plan that uses it; to be
 * set before the first use. fvi_weight_cache_left says how many of them are left. */
void fvi_weight_cache_set_limit(fvi_weight_cache *w, size_t bytes);
size_t fvi_weight_cache_left(fvi_weight_cache *w, size_t *limit);

/* Has `release` told of bytes of constants that have been copied and will hardly be read again. */
typedef void (*fvi_weight_cache_release)(const void *user, const void *bytes, size_t size);
void fvi_weight_cache_set_release(fvi_weight_cache *w, fvi_weight_cache_release release,
                                  const void *user);

/* Bytes held of memory of our own, and of numbers used where they lie in the file. */
void fvi_weight_cache_bytes(fvi_weight_cache *w, size_t *own, size_t *in_place);

/* A dry-run cache: counts the bytes `of` would have to add, allocates none of them. A plan made
 * with it is laid out and cannot be run (fvi_schedule_finish).  NULL: out of memory */
fvi_weight_cache *fvi_weight_cache_counter(fvi_weight_cache *of);
int fvi_weight_cache_counts(const fvi_weight_cache *w);
/* Of a counter: bytes counted, and those of the largest copy that is made on the way. */
void fvi_weight_cache_counted(const fvi_weight_cache *w, size_t *bytes, size_t *largest);

/* The constant as f32 of its own shape, in a layout (NULL: plain): it has its numbers before any
 * plan runs, and keeps them.  out: borrowed; its memory never moves */
fv_status fvi_weight_cache_constant(fvi_weight_cache *w, fvi_dnnl_engine *b, const fvi_const *c,
                                    const fvi_layout *layout, fvi_buffer **out, fv_error *err);
/* The same, plain. */
fv_status fvi_weight_cache_plain(fvi_weight_cache *w, const fvi_const *c, fvi_buffer **out,
                                 fv_error *err);

/* Names a derivation from constants: equal keys (and layouts), equal numbers. */
typedef struct fvi_weight_cache_key {
    const void *parts[4]; /* addresses of fvi_const.bytes that take part, NULL-padded */
    int variant;          /* distinguishes derivations from the same parts */
} fvi_weight_cache_key;
typedef fv_status (*fvi_weight_cache_fill)(void *user, float *dst, fv_error *err);

/* Numbers derived from constants, in a layout. */
typedef struct fvi_weight_cache_item {
    fvi_weight_cache_key key;
    fvi_shape shape;
    const fvi_layout *layout; /* NULL: plain */
    /* Writes the plain f32 numbers of `shape` into dst; called only when they are not cached. NULL:
     * they are those of the constant `user` (const fvi_const *), unchanged. */
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
