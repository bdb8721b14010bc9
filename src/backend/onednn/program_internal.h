/* SPDX-License-Identifier: Apache-2.0 */
/* What program.c and step.c share. */
#ifndef FVI_BACKEND_ONEDNN_PROGRAM_INTERNAL_H
#define FVI_BACKEND_ONEDNN_PROGRAM_INTERNAL_H

#include <glib.h>

#include "backend/onednn/program.h"
#include "base/pool.h"

#define FVI_GUARD_BYTES 64

/* One thing done: a direction of a step, or a primitive of the program's own. */
typedef struct fvi_entry {
    fvi_step *step;
    int phase;
    fvi_prim *prim;
    fvi_buffer *scratch;
} fvi_entry;

/* A wish: `part` be written at `offset` of `whole`, and then `prim` is not needed. */
typedef struct fvi_move {
    fvi_buffer *part, *whole;
    size_t offset;
    fvi_prim *prim;
} fvi_move;

/* A wish: `place` take the memory of `of`, if nobody needs that any more once `place` is begun. */
typedef struct fvi_reuse {
    fvi_buffer *place, *of;
} fvi_reuse;

struct fvi_schedule {
    fvi_dnnl_engine *engine;
    fvi_weight_cache *weights;
    int guards;
    int guided;       /* relu.h */
    int every_method; /* see fvi_schedule_every_method */
    fvi_pool *pool;
    GArray *actions;     /* fvi_entry */
    GPtrArray *places;   /* fvi_buffer, in the pool */
    GPtrArray *steps;    /* fvi_step, in the pool */
    GArray *moves;       /* fvi_move */
    GArray *reuses;      /* fvi_reuse */
    GHashTable *skipped; /* primitives not to be run; only while finishing */
    void *arena;
    size_t arena_bytes;
    unsigned char *redirect; /* [redirect_samples] which may be redirected; NULL: none */
    int64_t redirect_samples;
    double *clock; /* [actions] seconds each took since it was last read; NULL: not timed */
};

/* A place of so many bytes. */
fv_status fvi_schedule_bytes_buffer(fvi_schedule *p, size_t bytes, fvi_buffer **out, fv_error *err);
/* The scratch place a primitive asks for, or NULL. */
fv_status fvi_schedule_scratch(fvi_schedule *p, fvi_prim *prim, fvi_buffer **out, fv_error *err);

#endif
