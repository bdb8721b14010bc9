/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass of ReLUs, leaky ReLUs and clips, and two variants of it.
 *
 * Redirected: if a ReLU (or clip) blocks the gradient of all elements of a sample, optimisation of
 * that sample cannot start. On request, such a dead ReLU passes the part of the gradient that would
 * raise elements below its lower bound or lower those above its upper one (Lucid's redirected ReLU
 * gradient). If the ordinary gradient of a sample is not zero everywhere, it is used unchanged.
 *
 * Guided: only the positive part of the ordinary gradient is passed (guided backpropagation,
 * Springenberg et al. 2015), for ReLUs, clips and leaky ReLUs. It cannot be turned off again for a
 * schedule.
 */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H
#define FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/schedule/step.h"
#include "base/simd.h"
#include "graph/fold/node_rules.h"

/* Whether an activation is a ReLU, a clip, or a leaky ReLU of slope >= 0. The gradients of these
 * can be computed from the output as well as from the input. */
int fvi_relu_is(const fvi_act *act);
/* Masks of eight values: low, at or below the lower bound; high, not below the upper one. */
typedef struct fvi_sides {
    fvi_i32x8 low, high;
} fvi_sides;
FVI_INLINE fvi_sides fvi_relu_sides(const fvi_slopes *s, const fvi_f32x8 *value) {
    return (fvi_sides){*value <= s->low, ~((*value < s->high) | -s->unbounded)};
}
/* Computes eight numbers of y = g * derivative. */
FVI_INLINE void fvi_relu_pass(const fvi_slopes *s, fvi_sides at, const fvi_f32x8 *g, fvi_f32x8 *y) {
    const fvi_f32x8 one = FVI_F32X8(1), slope = FVI_F32X8(s->slope);
    *y = *g * FVI_SELECT(~(at.low | at.high), one, slope);
}

/* Plans the backward pass of an activation as a hook of the step (fvi_step_hook), which runs before
 * everything else the step does backward. To be called in plan_backward.
 *   act         a ReLU, leaky ReLU or clip (fvi_relu_is)
 *   value       the activation's input or output. After all steps are planned it is decided, and
 *               declared, whether backward reads it or stored bits (relu_backward.c)
 *   ddst, dsrc  the gradients at its output and its input, both in the layout of `value`; they may
 *               be the same buffer
 *   errors      NOMEM */
fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_buffer *value, fvi_buffer *ddst,
                        fvi_buffer *dsrc, fv_error *err);
/* Whether the step has such a hook. */
int fvi_relu_is_planned(const fvi_step *s);
/* Skips the hook, except in redirected runs: another loop does its work. */
void fvi_relu_skip(fvi_step *s);

#endif
