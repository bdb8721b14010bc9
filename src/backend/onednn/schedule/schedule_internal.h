/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of a schedule, for step.c and profile.c. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_INTERNAL_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_INTERNAL_H

#include <glib.h>

#include "backend/onednn/schedule/schedule.h"
#include "base/pool.h"

#define FVI_GUARD_BYTES 64

/* One thing done: a direction of a step, or a primitive of the schedule's own. */
typedef struct fvi_entry {
    fvi_step *step;
    int direction;
    fvi_prim *prim;
    fvi_buffer *scratch;
} fvi_entry;

/* `part` may be written at `offset` of `whole` by its producer; then `prim` is not needed. */
typedef struct fvi_concat_request {
    fvi_buffer *part, *whole;
    size_t offset;
    fvi_prim *prim;
} fvi_concat_request;

/* `buffer` may take the memory of `of`, if nothing needs that any more once `buffer` is begun. */
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
    GHashTable *skipped; /* primitives not to be run; only while finishing */
    void *arena;
    size_t arena_bytes;
    unsigned char *redirect; /* [redirect_samples] which may be redirected; NULL: none */
    int64_t redirect_samples;
    double *clock; /* [entries] seconds each took since it was last read; NULL: not timed */
};

/* ---- schedule.c ---- */

/* A buffer of so many bytes. */
fv_status fvi_schedule_bytes_buffer(fvi_schedule *p, size_t bytes, fvi_buffer **out, fv_error *err);
/* The scratch buffer a primitive asks for, or NULL. */
fv_status fvi_schedule_scratch(fvi_schedule *p, fvi_prim *prim, fvi_buffer **out, fv_error *err);

#endif
