/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation of objectives and of their gradient at the network's input. */
#ifndef FVI_VIS_GRADIENT_H
#define FVI_VIS_GRADIENT_H

#include "engine/session.h"
#include "vis/objective.h"

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
fv_status fvi_gradient(fvi_plan *plan, const fvi_bound *const *bound, int64_t samples, int group,
                       const float *x, double *values, float *dx, fv_render_times *times,
                       fv_error *err);

#endif
