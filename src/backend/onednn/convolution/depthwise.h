/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions (one kernel a channel) backward to their source, and through the
 * activations on both sides of them. depthwise.c says how and when. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_DEPTHWISE_H

#include "backend/onednn/convolution/convolution.h"

/* Whether the backward pass of a convolution is computed by these loops. */
int fvi_depthwise_suits(const fvi_step *s, const fvi_convolution *c);
/* Plans the backward pass.  out: lives as long as the plan
 *   errors  NOMEM, BACKEND */
fv_status fvi_depthwise_plan(fvi_step *s, const fvi_convolution *c, fvi_depthwise **out,
                             fv_error *err);
/* masks 0: without the masks of dst and src; .masked is then read, if there is one. */
void fvi_depthwise_run(const fvi_depthwise *d, int masks);

#endif
