/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass of ReLUs, leaky ReLUs and clips, and two variants of it.
 *
 * Redirected: if a ReLU (or clip) blocks the gradient of all elements of a sample, optimisation of
 * that sample cannot start. On request, such a dead ReLU passes the part of the gradient that would
 * raise elements below its lower bound or lower those above its upper one (Lucid's redirected ReLU
 * gradient). Where a ReLU passes any of a sample's gradient, the result is the ordinary one, to the
 * bit.
 *
 * Guided: only the positive part of the ordinary gradient is passed (guided backpropagation,
 * Springenberg et al. 2015), for ReLUs, clips and leaky ReLUs. A schedule stays guided.
 */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H
#define FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/schedule/step.h"
#include "base/simd.h"

/* Whether an activation is one of these. Their output determines the gradient as well as their
 * input does. */
int fvi_relu_is(const fvi_act *act);

/* The derivative: 1 where low < value < high, else slope. */
typedef struct fvi_slopes {
    float low, high, slope;
    int unbounded; /* no upper bound; infinity and NaN count as inside */
} fvi_slopes;
fvi_slopes fvi_relu_slopes(const fvi_act *act);
/* Sides of eight values, as masks: at or below the lower bound; not below the upper one. */
typedef struct fvi_sides {
    fvi_i32x8 low, high;
} fvi_sides;
FVI_INLINE fvi_sides fvi_relu_sides(const fvi_slopes *s, const fvi_f32x8 *value) {
    return (fvi_sides){*value <= s->low, ~((*value < s->high) | -s->unbounded)};
}
/* Eight numbers of y = g times the derivative. */
FVI_INLINE void fvi_relu_pass(const fvi_slopes *s, fvi_sides at, const fvi_f32x8 *g, fvi_f32x8 *y) {
    const fvi_f32x8 one = FVI_F32X8(1), slope = FVI_F32X8(s->slope);
    *y = *g * FVI_SELECT(~(at.low | at.high), one, slope);
}

/* Plans the backward pass of an activation as a hook of the step (fvi_step_hook), which runs before
 * everything else the step does backward. To be called in plan_backward.
 *   act         one of these
 *   value       the activation's input or output; declared as read once all is planned, if it is
 *   ddst, dsrc  the gradients after and before it; all three in one layout. They may be one buffer
 *   errors      NOMEM */
fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_buffer *value, fvi_buffer *ddst,
                        fvi_buffer *dsrc, fv_error *err);
/* Whether the step has such a hook. */
int fvi_relu_is_planned(const fvi_step *s);
/* Skips the hook, because another loop includes its work, except in redirected runs. */
void fvi_relu_skip(fvi_step *s);

#endif
