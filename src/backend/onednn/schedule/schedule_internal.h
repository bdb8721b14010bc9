/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule, for step.c and profile.c. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_INTERNAL_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_INTERNAL_H

#include <glib.h>

#include "backend/onednn/schedule/schedule.h"
#include "base/pool.h"

#define FVI_GUARD_BYTES 64

/* What is run: a direction of a step, or a primitive that belongs to no step. */
typedef struct fvi_entry {
    fvi_step *step;
    int direction;
    fvi_prim *prim;
    fvi_buffer *scratch;
} fvi_entry;

/* `part` may be written at `offset` of `whole` by its producer; `prim` is then not run. */
typedef struct fvi_concat_request {
    fvi_buffer *part, *whole;
    size_t offset;
    fvi_prim *prim;
} fvi_concat_request;

/* `buffer` may use the memory of `of`, if nothing reads `of` after the entry that writes `buffer`.
 */
typedef struct fvi_inplace_request {
    fvi_buffer *buffer, *of;
} fvi_inplace_request;

struct fvi_schedule {
    fvi_dnnl_engine *engine;
    fvi_weight_cache *weights;
    int guards;
    int guided;       /* relu_backward.h */
    int every_method; /* fvi_schedule_every_method */
    fvi_pool *pool;
    GArray *entries;     /* fvi_entry */
    GPtrArray *buffers;  /* fvi_buffer, in the pool */
    GPtrArray *steps;    /* fvi_step, in the pool */
    GArray *concats;     /* fvi_concat_request */
    GArray *inplaces;    /* fvi_inplace_request */
    GHashTable *skipped; /* primitives that are not run; only while finishing */
    void *arena;
    size_t arena_bytes;
    unsigned char *redirect; /* [redirect_samples] which are redirected; NULL: none */
    int64_t redirect_samples;
    double *clock; /* [entries] seconds each took since the last read; NULL: not timed */
};

/* ---- schedule.c ---- */

/* A buffer of `bytes` bytes. */
fv_status fvi_schedule_bytes_buffer(fvi_schedule *p, size_t bytes, fvi_buffer **out, fv_error *err);
/* The scratch buffer of a primitive; NULL if it needs none. */
fv_status fvi_schedule_scratch(fvi_schedule *p, fvi_prim *prim, fvi_buffer **out, fv_error *err);

#endif
