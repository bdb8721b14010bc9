/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of 3x3 by Winograd's algorithm, forward and backward to their source. winograd.c
 * says what it is and when it is used. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_WINOGRAD_H

#include "backend/onednn/convolution/convolution.h"

/* Whether a convolution is computed by it, in both directions. */
int fvi_winograd_suits(const fvi_step *s, const fvi_convolution *c);
/* Plans one direction: FVI_FORWARD or FVI_BACKWARD.  out: lives as long as the plan
 *   errors  NOMEM, BACKEND */
fv_status fvi_winograd_plan(fvi_step *s, const fvi_convolution *c, int direction,
                            fvi_winograd **out, fv_error *err);
void fvi_winograd_run(const fvi_winograd *w);

#endif
