/* SPDX-License-Identifier: Apache-2.0 */
/* What max and average pooling share: choosing between oneDNN and loops of our own. */
#ifndef FVI_OPS_POOL_H
#define FVI_OPS_POOL_H

#include "ops/dnnl_ops.h"
#include "ops/step.h"

/* Loops over one plane see three spatial axes, missing ones of size 1. */
typedef struct fvi_pool_axis {
    int64_t in, out, kernel, stride, dilation, lo, hi;
} fvi_pool_axis;

typedef struct fvi_pooling {
    fvi_window window; /* the node's, global made explicit */
    fvi_pool_desc desc;
    fvi_prim *forward;     /* the step's */
    fvi_prim *backward;    /* ours until plan_backward */
    fvi_place *saved;      /* oneDNN's workspace, or an int32 a max-pool output */
    int own;               /* our loops, over plain memory */
    fvi_place *src, *ddst; /* of our loops */
    int64_t planes;        /* n * c */
    fvi_pool_axis axis[3];
} fvi_pooling;

/* Plans a pooling step; s->state becomes an fvi_pooling. */
fv_status fvi_pooling_plan(fvi_step *s, int average, fv_error *err);
fv_status fvi_pooling_plan_backward(fvi_step *s, fv_error *err);
void fvi_pooling_drop(fvi_step *s);

/* The taps t in [*from, *to) of window `o` that fall on input cells. */
static inline void fvi_pool_taps(const fvi_pool_axis *a, int64_t o, int64_t *from, int64_t *to) {
    int64_t start = o * a->stride - a->lo, d = a->dilation;
    *from = start < 0 ? (-start + d - 1) / d : 0;
    *to = a->in - start <= 0 ? 0 : (a->in - start + d - 1) / d;
    if (*from > a->kernel) *from = a->kernel;
    if (*to > a->kernel) *to = a->kernel;
    if (*to < *from) *to = *from;
}

#endif
