/* SPDX-License-Identifier: Apache-2.0 */
/* L-BFGS, by libLBFGS. */
#ifndef FVI_VIS_OPTIMIZE_LBFGS_H
#define FVI_VIS_OPTIMIZE_LBFGS_H

#include <stdint.h>

#include "fovea/fovea.h"

/* Maximises with L-BFGS, which asks for evaluations itself: starts from the parameters z, and
 * leaves the best ones it evaluated in z. Ends early where no step raises the value, where the
 * value is not finite, or when told to.
 *   evaluate  value and gradient at z [count]; sets *stop to end
 *   steps     iterations at most; one may take several evaluations
 *   errors    ARG count < 1 or > 2^31 - 16; NOMEM; BACKEND with libLBFGS's reason */
typedef double (*fvi_evaluate_fn)(void *user, const float *z, float *g, int *stop);
fv_status fvi_lbfgs(int64_t count, int steps, fvi_evaluate_fn evaluate, void *user, float *z,
                    fv_error *err);

#endif
