/* SPDX-License-Identifier: Apache-2.0 */
/* ReLUs whose gradient is changed on purpose, after their backward pass has written it.
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
#ifndef FVI_OPS_REDIRECT_H
#define FVI_OPS_REDIRECT_H

#include "ops/dnnl_ops.h"
#include "ops/step.h"

/* Offers the gradient of an activation to be redirected or guided, while plan_backward is on its
 * way and after its primitive, if it has one, was added; functions that are neither are not kept.
 *   value             what goes into the activation, or comes out of it: its bounds are the same
 *   ddst, dsrc        its gradients; all three lie as `layout` says
 *   errors            NOMEM */
fv_status fvi_redirect_offer(fvi_step *s, const fvi_act *act, fvi_place *value, fvi_place *ddst,
                             fvi_place *dsrc, fv_error *err);
/* Redirects or guides what was offered after that many primitives of the backward phase; by
 * fvi_step_run, or by an op that has no primitive (0). Nothing the program was not asked for. */
void fvi_redirect_run(const fvi_step *s, int primitives);

#endif
