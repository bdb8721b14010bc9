/* SPDX-License-Identifier: Apache-2.0 */
/* expand: src repeated along its axes of size one (and new leading ones) by numpy's broadcasting.
 * Backward sums over the repetitions. */
#include "backend/onednn/kernels/reduction.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct expand_state {
    fvi_buffer *src, *ddst;
} expand_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    expand_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

static fv_status forward(const fvi_step *s) {
    const expand_state *x = s->state;
    int64_t from[FVI_MAX_DIMS], to[FVI_MAX_DIMS];
    fvi_broadcast_strides(&x->src->shape, &s->dst->shape, from);
    fvi_shape_strides(&s->dst->shape, to);
    fvi_copy_strided(&s->dst->shape, s->dst->data, to, x->src->data, from);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    expand_state *x = s->state;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const expand_state *x = s->state;
    fvi_buffer *dsrc = s->dsrc[0];
    fvi_sum_to(&x->ddst->shape, x->ddst->data, &dsrc->shape, dsrc->data);
    return FV_OK;
}

const fvi_op fvi_op_expand = {"Expand", NULL, plan, plan_backward, forward, backward, NULL};
