/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation of objectives and of their gradient at the network's input. */
#ifndef FVI_VIS_UPDATE_GRADIENT_H
#define FVI_VIS_UPDATE_GRADIENT_H

#include "runtime/session.h"
#include "vis/objective/bind.h"
#include "vis/update/stage_timer.h"

#define FVI_MAX_GROUP 1024 /* pictures that joint terms can tie together */

/* One run of samples through a plan, and where its results go. */
typedef struct fvi_gradient_run {
    fvi_executable *plan;          /* its targets are the values of the objectives */
    const fvi_bound *const *bound; /* [samples]; samples with the same objective may share one */
    int64_t samples;
    int group;              /* neighbouring samples that joint terms tie together; 1: none are */
    const float *x;         /* raw input of all samples */
    double *values;         /* [samples] written: objectives */
    float *dx;              /* written: the gradient at the raw input, shaped like it */
    fvi_stage_times *times; /* where network and objective are timed, or NULL */
} fvi_gradient_run;

/* Evaluates one bound objective per sample, all of the same values, and their gradients. */
fv_status fvi_gradient(const fvi_gradient_run *r, fv_error *err);

/* Checks that the objective and the gradient of sample k of a finished run are finite; if they are
 * not, finds out why, which runs the plan again.
 *   why      NONFINITE and the reason
 *   returns  FV_OK or FV_NONFINITE */
fv_status fvi_gradient_check(fv_session *s, const fvi_gradient_run *r, int64_t k, fv_error *why);

/* Refuses a gradient at an input of integers, and names the layer that looks them up; bytes are
 * pictures, and have one.
 *   name    of an input, or of another value, which has a gradient
 *   errors  UNSUPPORTED */
fv_status fvi_gradient_check_type(const fvi_network *net, const char *name, fv_error *err);

#endif
