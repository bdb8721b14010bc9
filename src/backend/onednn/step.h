/* SPDX-License-Identifier: Apache-2.0 */
/* What an op sees while a plan is made, and while it runs: one step, its places, its services.
 *
 * Planning happens in the order of running: every step's `plan`, then, if a gradient is wanted,
 * every step's `plan_backward` in reverse. In `plan` an op looks at the layouts its sources have,
 * asks for others where it needs them (fvi_step_source), and makes its destination; in
 * `plan_backward` it does the same with the destination's gradient and the gradients of its
 * sources. It declares what it touches; memory is laid out afterwards from these declarations.
 * Every place is written by exactly one step, so places may share memory whenever nobody reads.
 * Backward *writes* its gradients; where a value has several readers the program adds them up (so
 * no gradient memory is ever cleared, and ops never read what they write).
 */
#ifndef FVI_BACKEND_ONEDNN_STEP_H
#define FVI_BACKEND_ONEDNN_STEP_H

#include "backend/onednn/dnnl/dnnl.h"
#include "graph/graph.h"

typedef struct fvi_schedule fvi_schedule;
typedef struct fvi_weight_cache fvi_weight_cache;
typedef struct fvi_op fvi_op;
typedef struct fvi_step fvi_step;
typedef struct fvi_relu fvi_relu;

/* A tensor inside a plan: what it is, how it lies, and, once the plan is bound, where. */
struct fvi_buffer {
    fvi_shape shape;
    fvi_layout *layout; /* NULL: plain */
    size_t bytes;
    void *data; /* NULL until bound; weights have theirs from the start */
    /* kept by program.c: */
    fvi_buffer *root;   /* the place whose memory it shares, or NULL */
    size_t offset;      /* inside root, or inside the arena */
    int first, last;    /* actions between which it must stay; first -1: before the run */
    int fixed;          /* its memory is not the arena's */
    int pinned;         /* an input, a target or a seed: never placed inside another */
    int taken;          /* another has taken its memory in its last action */
    fvi_buffer *copies; /* the same value in other layouts */
    fvi_buffer *next_copy;
};

#define FVI_MAX_FUSED 3
#define FVI_MAX_PRIMS 8

/* One direction of a step. */
typedef struct fvi_direction {
    fvi_prim **prims;
    int n_prims;
    fvi_buffer **touched; /* beyond the primitives' operands */
    int *access;
    int n_touched;
    const char *method;  /* of the op's own loop, if that is the convolution: how it is done, */
    double method_bytes; /* and bytes of the tensors it reads and writes */
} fvi_direction;

struct fvi_step {
    const fvi_op *op;
    const fvi_graph *graph;
    const fvi_node *node;
    const fvi_node *fused[FVI_MAX_FUSED]; /* nodes this step also does, in order */
    int n_fused;
    fvi_schedule *program;
    int backward; /* a gradient will be asked of this step */

    int n_in;
    fvi_buffer **src; /* [n_in] NULL: a constant or an absent input */
    fvi_buffer *dst;
    fvi_buffer *ddst;  /* gradient of dst; set when plan_backward is called */
    fvi_buffer **dsrc; /* [n_in] gradients, made by the op where wanted */
    char *wanted;      /* [n_in] whose gradient is wanted */

    fvi_direction phase[2]; /* forward, backward */
    int now;                /* the phase being planned: 0 or 1 */
    int no_memory;          /* fvi_step_unavailable */
    void *state;            /* the op's own, from fvi_step_alloc or freed in drop */
    fvi_relu *relu;         /* done first of all backward (relu.h), or NULL */
    fvi_step *maker;        /* of input 0, if this step alone reads it and nobody asked for it */
    int masked; /* ddst is the gradient before the activation fused here, not after it: the
                   step that reads dst goes backward through both (fvi_fused_mask_producer) */
};

/* One op of the small op set. */
struct fvi_op {
    const char *name;
    /* Whether this step may also do `next`, which alone reads its output. NULL: never. */
    int (*fuse)(const fvi_step *s, const fvi_node *next);
    fv_status (*plan)(fvi_step *s, fv_error *err);
    fv_status (*plan_backward)(fvi_step *s, fv_error *err);
    /* NULL: run the phase's primitives in order. They may not fail for any reason but oneDNN's. */
    fv_status (*forward)(const fvi_step *s);
    fv_status (*backward)(const fvi_step *s);
    void (*drop)(fvi_step *s); /* NULL: nothing to free */
};

/* The table ops.def makes: fvi_op_conv, ... */
#define FVI_OP(NAME, file) extern const fvi_op fvi_op_##file;
#include "graph/kinds.def"
#undef FVI_OP
const fvi_op *fvi_op_of(fvi_kind k);

/* ---- services for ops ---- */

fvi_dnnl_engine *fvi_step_engine(const fvi_step *s);
fvi_weight_cache *fvi_step_weights(const fvi_step *s);
/* The constant of input i, or NULL. */
const fvi_const *fvi_step_constant(const fvi_step *s, int i);
/* Shape of input i / of the step's output (after what is fused). */
const fvi_shape *fvi_step_shape(const fvi_step *s, int i);
const fvi_shape *fvi_step_out_shape(const fvi_step *s);

/* Whether a primitive could not be had, which the op then does itself. Want of memory is no such
 * reason: it is noted and fails the plan, since it must not decide how a result is rounded. */
int fvi_step_unavailable(fvi_step *s, fv_status st);

/* Zeroed memory that lives as long as the plan. */
void *fvi_step_alloc(fvi_step *s, size_t count, size_t size);

/* Input i in the layout wanted (NULL: plain): the place itself, a copy made before this step, or a
 * constant brought into it. Declared as read by the current phase. */
fv_status fvi_step_source(fvi_step *s, int i, const fvi_layout *want, fvi_buffer **out,
                          fv_error *err);
/* The same for any place, e.g. s->ddst or s->dst. */
fv_status fvi_step_convert(fvi_step *s, fvi_buffer *p, const fvi_layout *want, fvi_buffer **out,
                           fv_error *err);

/* Makes s->dst, or the gradient of input i, in a layout (copied; NULL: plain). */
fv_status fvi_step_make_dst(fvi_step *s, const fvi_layout *layout, fv_error *err);
fv_status fvi_step_make_dsrc(fvi_step *s, int i, const fvi_layout *layout, fv_error *err);
/* Makes s->dst or a gradient share the memory of `of` from byte_offset on, under its own shape,
 * lying there as `layout` says (copied; NULL: plain): nothing is computed. */
fv_status fvi_step_share_dst(fvi_step *s, fvi_buffer *of, size_t byte_offset,
                             const fvi_layout *layout, fv_error *err);
fv_status fvi_step_share_dsrc(fvi_step *s, int i, fvi_buffer *of, size_t byte_offset,
                              const fvi_layout *layout, fv_error *err);
/* Asks that `part`, an input of this step, be written straight into s->dst at byte_offset by
 * whoever makes it; `prim`, which would copy it there, is then not run. */
void fvi_step_write_inside(fvi_step *s, fvi_buffer *part, size_t byte_offset, fvi_prim *prim);

/* A place for the current phase only, or from forward to backward (plain; layout copied). */
fv_status fvi_step_temp(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                        fvi_buffer **out, fv_error *err);
fv_status fvi_step_temp_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err);
fv_status fvi_step_saved_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err);

/* Appends a primitive to the current phase (the step owns it from here, also on failure), with
 * scratch memory for it. */
fv_status fvi_step_add(fvi_step *s, fvi_prim *prim, fv_error *err);
/* Declares that the current phase's own code touches a place. */
fv_status fvi_step_touch(fvi_step *s, fvi_buffer *p, fvi_access access, fv_error *err);
/* Whether one of a phase's primitives is oneDNN's reference code. */
int fvi_step_is_slow(const fvi_step *s, int phase);
/* Runs the primitives of a phase, in order. */
fv_status fvi_step_run(const fvi_step *s, int phase);

#endif
