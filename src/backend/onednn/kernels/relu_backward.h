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
 * a program is guided for good.
 */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H
#define FVI_BACKEND_ONEDNN_KERNELS_RELU_BACKWARD_H

#include "base/simd.h"
#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/step.h"

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
FVI_INLINE void fvi_relu_pass(const fvi_slopes *s, fvi_sides at, const fvi_f32x8 *g,
                              fvi_f32x8 *y) {
    const fvi_f32x8 one = FVI_F32X8(1), slope = FVI_F32X8(s->slope);
    *y = *g * FVI_SELECT(~(at.low | at.high), one, slope);
}

/* Plans it for a step, while plan_backward is on its way; it runs before whatever else the step
 * does backward.
 *   act               one of these
 *   value             what goes into the activation, or comes out of it; its being read is declared
 *                     later (fvi_relu_settle), if it is read at all
 *   ddst, dsrc        its gradients; all three lie alike. They may be the same place
 *   errors            NOMEM */
fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_buffer *value, fvi_buffer *ddst,
                        fvi_buffer *dsrc, fv_error *err);
/* Leaves it to another loop, but for programs that are redirected while they run. */
void fvi_relu_skip(fvi_step *s);
/* By program.c: declares what is read, once all is planned; forward, after the step, keeps of a
 * large value what backward needs; does what was planned.  errors  NOMEM */
fv_status fvi_relu_settle(fvi_step *s, fv_error *err);
void fvi_relu_keep(const fvi_step *s);
void fvi_relu_run(const fvi_step *s);

/* For profile.c: whether it was left to another loop; whether it does something forward; bytes of
 * the tensors it reads and writes in a phase; seconds that took since the last call. */
int fvi_relu_is_left(const fvi_relu *r);
int fvi_relu_keeps(const fvi_relu *r);
double fvi_relu_bytes(const fvi_relu *r, int phase);
double fvi_relu_take_seconds(fvi_relu *r, int phase);

#endif
