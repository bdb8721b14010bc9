/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation of objectives and of their gradient at the network's input. */
#ifndef FVI_VIS_GRADIENT_H
#define FVI_VIS_GRADIENT_H

#include "engine/session.h"
#include "vis/objective.h"

/* Evaluates one unit per sample, all of one value, on a plan with that value as target 0.
 *   units     [samples]
 *   x         raw input of all samples, or NULL: as set before
 *   values    [samples] objectives; NULL: not wanted
 *   dx        gradient at the raw input, shaped like it
 */
fv_status fvi_gradient(fvi_plan *plan, const fvi_unit *units, int64_t samples, const float *x,
                       double *values, float *dx, fv_error *err);

#endif
