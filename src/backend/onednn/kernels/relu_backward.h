/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass of ReLUs, leaky ReLUs and clips, and how it is changed on purpose.
 *
 * Redirected: they let a gradient through where they would pass none at all. A sample none of
 * whose elements lets a gradient through one ReLU (or clip) never starts to move. For samples that
 * ask for it, such a ReLU passes, to elements below its lower bound, what would raise them, and to
 * those above an upper one what would lower them. It is Lucid's redirected ReLU gradient. ReLUs
 * that pass anything of a sample are left alone, to the bit.
 *
 * Guided: they pass only what raises: of what an ordinary backward pass lets through, the positive
 * part. It is guided backpropagation (Springenberg et al. 2015), for ReLUs, clips and leaky ReLUs;
 * a schedule is guided for good.
 */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H
#define FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/schedule/step.h"
#include "base/simd.h"

/* Whether an activation is one of these. What they pass of a gradient can be told from their output
 * as well as from their input. */
int fvi_relu_is(const fvi_act *act);

/* By what one multiplies a gradient: 1 where low < value < high, else slope. */
typedef struct fvi_slopes {
    float low, high, slope;
    int unbounded; /* there is no upper bound; infinity and NaN count as within */
} fvi_slopes;
fvi_slopes fvi_relu_slopes(const fvi_act *act);
/* Where eight values lie: all bits of those at or below the lower bound, of those not below the
 * upper one. */
typedef struct fvi_sides {
    fvi_i32x8 low, high;
} fvi_sides;
FVI_INLINE fvi_sides fvi_relu_sides(const fvi_slopes *s, const fvi_f32x8 *value) {
    return (fvi_sides){*value <= s->low, ~((*value < s->high) | -s->unbounded)};
}
/* Eight numbers of y = g times the slopes there. */
FVI_INLINE void fvi_relu_pass(const fvi_slopes *s, fvi_sides at, const fvi_f32x8 *g, fvi_f32x8 *y) {
    const fvi_f32x8 one = FVI_F32X8(1), slope = FVI_F32X8(s->slope);
    *y = *g * FVI_SELECT(~(at.low | at.high), one, slope);
}

/* Plans it for a step, from within plan_backward; it runs before everything else the step does
 * backward. It is a hook of the step (fvi_step_hook).
 *   act         one of these
 *   value       what goes into the activation, or comes out of it. That it is read is declared when
 *               all is planned, if it is read at all
 *   ddst, dsrc  its gradients; all three in one layout. They may be the same buffer
 *   errors      NOMEM */
fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_buffer *value, fvi_buffer *ddst,
                        fvi_buffer *dsrc, fv_error *err);
/* Whether it was planned for the step. */
int fvi_relu_is_planned(const fvi_step *s);
/* Skips it, since another loop does its work, except in runs that are redirected. */
void fvi_relu_skip(fvi_step *s);

#endif
