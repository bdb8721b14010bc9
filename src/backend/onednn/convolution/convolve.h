/* SPDX-License-Identifier: Apache-2.0 */
/* What convolution and its transpose share: everything but the layout of their weights. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_CONVOLVE_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_CONVOLVE_H

#include "backend/onednn/convolution/convolution.h"

/* Makes s->state, an fvi_convolution, from the node and what is fused into it; desc.weights and
 * .weights are left to the caller. */
fv_status fvi_convolution_new(fvi_step *s, fvi_convolution **out, fv_error *err);
/* The step's functions, once the state is complete. */
fv_status fvi_convolution_plan(fvi_step *s, fv_error *err);
fv_status fvi_convolution_plan_backward(fvi_step *s, fv_error *err);
fv_status fvi_convolution_forward(const fvi_step *s);
fv_status fvi_convolution_backward(const fvi_step *s);

#endif
