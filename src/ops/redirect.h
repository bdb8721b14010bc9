/* SPDX-License-Identifier: Apache-2.0 */
/* ReLUs that let a gradient through where they would pass none at all.
 *
 * A sample none of whose elements lets a gradient through one ReLU (or clip) never starts to move.
 * For samples that ask for it, such a ReLU passes, to elements below its lower bound, what would
 * raise them, and to those above an upper one what would lower them. It is Lucid's redirected ReLU
 * gradient. ReLUs that pass anything of a sample are left alone, to the bit.
 */
#ifndef FVI_OPS_REDIRECT_H
#define FVI_OPS_REDIRECT_H

#include "ops/dnnl_ops.h"
#include "ops/step.h"

/* Offers the gradient of an activation to be redirected, while plan_backward is on its way and
 * after its primitive, if it has one, was added; functions without a dead side are not kept.
 *   value             what goes into the activation, or comes out of it: its bounds are the same
 *   ddst, dsrc        its gradients; all three lie as `layout` says
 *   errors            NOMEM */
fv_status fvi_redirect_offer(fvi_step *s, const fvi_act *act, fvi_place *value, fvi_place *ddst,
                             fvi_place *dsrc, fv_error *err);
/* Redirects what was offered after that many primitives of the backward phase; by fvi_step_run, or
 * by an op that has no primitive (0). Does nothing unless the program was asked to. */
void fvi_redirect_run(const fvi_step *s, int primitives);

#endif
