/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation of objectives and of their gradient at the network's input. */
#ifndef FVI_VIS_RENDER_GRADIENT_H
#define FVI_VIS_RENDER_GRADIENT_H

#include "runtime/session.h"
#include "vis/objective/bind.h"
#include "vis/render/stage_timer.h"

#define FVI_MAX_GROUP 1024 /* pictures that joint terms can tie together */

/* Evaluates one bound objective per sample, all of the same values, on a plan with those values as
 * its targets.
 *   bound     [samples]; samples with the same objective may share one
 *   group     number of neighbouring samples that joint terms tie together; 1: none are
 *   x         raw input of all samples
 *   values    [samples] objectives
 *   dx        gradient at the raw input, shaped like it
 *   times     where network and objective are timed, or NULL
 */
fv_status fvi_gradient(fvi_executable *plan, const fvi_bound *const *bound, int64_t samples,
                       int group, const float *x, double *values, float *dx, fvi_stage_times *times,
                       fv_error *err);

/* Sees whether the objective and the gradient of sample k of such a run are finite; if they are
 * not, finds out why, which runs the plan again.
 *   why      NONFINITE and the reason
 *   returns  FV_OK or FV_NONFINITE */
fv_status fvi_gradient_check(fv_session *s, fvi_executable *plan, const fvi_bound *bound,
                             int64_t samples, int64_t k, const float *x, const double *values,
                             const float *dx, fv_error *why);

#endif
