/* SPDX-License-Identifier: Apache-2.0 */
/* An op is a table of functions; a step is one op planned for a node of a graph and the nodes fused
 * into it. step.h has the functions that an op may call for its step.
 */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_OP_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_OP_H

#include "backend/onednn/schedule/direction.h"
#include "graph/graph.h"

typedef struct fvi_schedule fvi_schedule;
typedef struct fvi_op fvi_op;
typedef struct fvi_step fvi_step;

/* The two directions of a step, as indices. */
enum { FVI_FORWARD, FVI_BACKWARD };

/* Work around a step's own: the backward pass of an activation that is fused into it, and what
 * forward stores for that. Functions may be NULL. */
typedef struct fvi_step_hook {
    /* Called once, when everything is planned: declares what the hook touches. */
    fv_status (*declare)(fvi_step *s, fv_error *err);
    void (*after_forward)(const fvi_step *s);
    void (*before_backward)(const fvi_step *s);
    /* The batch has n samples (fvi_schedule_redirect). */
    void (*set_samples)(const fvi_step *s, int64_t n);
    /* For profiles, of a direction: whether the hook does anything; bytes of the tensors it reads
     * and writes; seconds it took since the last call. */
    int (*is_active)(const fvi_step *s, int direction);
    double (*bytes)(const fvi_step *s, int direction);
    double (*take_seconds)(const fvi_step *s, int direction);
} fvi_step_hook;

#define FVI_MAX_FUSED 3

struct fvi_step {
    const fvi_op *op;
    const fvi_graph *graph;
    const fvi_node *node;
    const fvi_node *fused[FVI_MAX_FUSED]; /* nodes fused into this step, in order */
    int n_fused;
    fvi_schedule *schedule;
    int backward; /* the step will run backward */

    int n_in;
    fvi_buffer **src; /* [n_in] NULL: a constant or an absent input */
    fvi_buffer *dst;
    fvi_buffer *ddst;  /* gradient of dst; set when plan_backward is called */
    fvi_buffer **dsrc; /* [n_in] gradients, made by the op if wanted */
    char *wanted;      /* [n_in] whether the gradient is wanted */

    fvi_direction direction[2]; /* FVI_FORWARD, FVI_BACKWARD */
    int planning;               /* the direction being planned */
    int no_memory;              /* noted by fvi_step_unavailable */
    void *state;                /* the op's, from fvi_step_alloc or freed in drop */
    const fvi_step_hook *hook;  /* or NULL */
    void *hook_state;
    fvi_step *producer;             /* of input 0, if only this step reads it and it is no target */
    int backward_fused_by_consumer; /* the only reader of dst includes the backward pass of
                                       this step's activation: ddst is the gradient before the
                                       activation, not after it */
};

/* One op of the small op set. */
struct fvi_op {
    const char *name;
    /* Whether `next`, the only reader of its output, can be fused into this step. NULL: never. */
    int (*fuse)(const fvi_step *s, const fvi_node *next);
    fv_status (*plan)(fvi_step *s, fv_error *err);
    fv_status (*plan_backward)(fvi_step *s, fv_error *err);
    /* NULL: run the direction's primitives in order. They may fail only if oneDNN fails. */
    fv_status (*forward)(const fvi_step *s);
    fv_status (*backward)(const fvi_step *s);
    void (*drop)(fvi_step *s); /* NULL: nothing to free */
};

/* One for each row of graph/kinds.def: fvi_op_conv, ... */
#define FVI_KIND(NAME, file, ...) extern const fvi_op fvi_op_##file;
#include "graph/kinds.def"
#undef FVI_KIND
const fvi_op *fvi_op_of(fvi_kind k);

#endif
