/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions (one kernel a channel) backward to their source, and through the
 * activations on both sides of them: the arithmetic of depthwise.c, which says how it is done and
 * when. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_H

#include "backend/onednn/convolution/convolution.h"

/* Whether the backward pass of a convolution is to be done so. */
int fvi_depthwise_suits(const fvi_step *s, const fvi_convolution *c);
/* Plans it.  out: lives as long as the plan
 *   errors  NOMEM, BACKEND */
fv_status fvi_depthwise_plan(fvi_step *s, const fvi_convolution *c, fvi_depthwise **out,
                             fv_error *err);
/* masks 0: without those of dst and src. What is read is .masked then, if there is one. */
void fvi_depthwise_run(const fvi_depthwise *d, int masks);

#endif
