/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers: how to climb. One a picture. Gradients point up. */
#ifndef FVI_VIS_OPTIMIZE_OPTIMIZER_H
#define FVI_VIS_OPTIMIZE_OPTIMIZER_H

#include <stdint.h>

#include "fovea/fovea.h"

typedef struct fvi_optimizer fvi_optimizer;

/* errors  ARG an impossible number, or FV_OPTIMIZER_LBFGS, which is fvi_lbfgs; NOMEM */
fv_status fvi_optimizer_new(const fv_optimizer_desc *desc, int64_t count, fvi_optimizer **out,
                            fv_error *err);
void fvi_optimizer_free(fvi_optimizer *o);

/* z += this update, at `progress` (0 first, 1 last update) of the rate's schedule. An update whose
 * gradient is not finite is left out. Allocates nothing. */
void fvi_optimizer_step(fvi_optimizer *o, const float *g, float progress, float *z);

/* L-BFGS, which asks for evaluations itself: maximises from z on, and leaves in z the best that was
 * evaluated. Ends early where no step leads up, where the value is not finite, or when told to.
 *   evaluate  value and gradient at z [count]; sets *stop to end
 *   steps     iterations at most; one may take several evaluations
 *   errors    ARG count < 1 or > 2^31 - 16; NOMEM; BACKEND with libLBFGS's reason */
typedef double (*fvi_evaluate_fn)(void *user, const float *z, float *g, int *stop);
fv_status fvi_lbfgs(int64_t count, int steps, fvi_evaluate_fn evaluate, void *user, float *z,
                    fv_error *err);

#endif
