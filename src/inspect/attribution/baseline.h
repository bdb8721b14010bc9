/* SPDX-License-Identifier: Apache-2.0 */
/* The picture that stands for "no information". */
#ifndef FVI_INSPECT_ATTRIBUTION_BASELINE_H
#define FVI_INSPECT_ATTRIBUTION_BASELINE_H

#include "inspect/attribution/probe.h"

/* Fills out [count] with a baseline, as the network's input.
 *   given  of PICTURE      errors  ARG unknown; SHAPE of `given` */
fv_status fvi_baseline_fill(const fvi_perturbation *p, fv_baseline kind, const fv_tensor *given,
                            uint64_t seed, float *out, fv_error *err);

#endif
