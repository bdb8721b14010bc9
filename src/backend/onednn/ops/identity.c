/* SPDX-License-Identifier: Apache-2.0 */
/* identity: dst = src (also dropout, which does nothing at inference). Nothing is computed: output
 * and gradient share the memory of their sources, in any layout. One that stops the gradient has
 * none: the plan asks for none. */
#include "backend/onednn/schedule/step.h"

static fv_status plan(fvi_step *s, fv_error *err) {
    fvi_buffer *src;
    const fvi_layout *layout = s->src[0] ? s->src[0]->layout : NULL;
    fv_status st = fvi_step_source(s, 0, layout, &src, err);
    return st ? st : fvi_step_share_dst(s, src, 0, layout, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    fvi_buffer *ddst;
    const fvi_layout *layout = s->ddst->layout;
    fv_status st = fvi_step_convert(s, s->ddst, layout, &ddst, err);
    return st ? st : fvi_step_share_dsrc(s, 0, ddst, 0, layout, err);
}

static fv_status nothing(const fvi_step *s) {
    (void)s;
    return FV_OK;
}

const fvi_op fvi_op_identity = {"Identity", NULL, plan, plan_backward, nothing, nothing, NULL};
