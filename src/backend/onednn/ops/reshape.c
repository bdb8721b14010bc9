/* SPDX-License-Identifier: Apache-2.0 */
/* reshape: the same numbers in another shape. Nothing is computed: both directions share the plain
 * memory of their source. */
#include "backend/onednn/schedule/step.h"

static fv_status plan(fvi_step *s, fv_error *err) {
    fvi_buffer *src;
    fv_status st = fvi_step_source(s, 0, NULL, &src, err);
    return st ? st : fvi_step_share_dst(s, src, 0, NULL, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    fvi_buffer *ddst;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &ddst, err);
    return st ? st : fvi_step_share_dsrc(s, 0, ddst, 0, NULL, err);
}

static fv_status nothing(const fvi_step *s) {
    (void)s;
    return FV_OK;
}

const fvi_op fvi_op_reshape = {"Reshape", NULL, plan, plan_backward, nothing, nothing, NULL};
