/* SPDX-License-Identifier: Apache-2.0 */
/* What convolution and its transpose share: all but how their weights are told to oneDNN. */
#ifndef FVI_BACKEND_ONEDNN_OPS_CONVOLVE_H
#define FVI_BACKEND_ONEDNN_OPS_CONVOLVE_H

#include "backend/onednn/fused.h"

typedef struct fvi_winograd fvi_winograd;
typedef struct fvi_depthwise fvi_depthwise;

typedef struct fvi_convolution {
    fvi_conv_desc desc;
    fvi_act act;
    const fvi_node *norm; /* the fused BATCH_NORM, or NULL */
    const fvi_prim *forward;
    fvi_winograd *winograd[2]; /* forward, backward: done so (winograd.h); NULL: by oneDNN */
    fvi_depthwise *depthwise;  /* backward: the same (depthwise.h) */
    int empty; /* no output elements: nothing is computed */
    /* The weights as primitive p wants them. */
    fv_status (*weights)(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err);
} fvi_convolution;

/* Makes s->state, an fvi_convolution, from the node and what is fused into it; desc.weights and
 * .weights are left to the caller. */
fv_status fvi_convolution_new(fvi_step *s, fvi_convolution **out, fv_error *err);
/* The step's functions, once the state is complete. */
fv_status fvi_convolution_plan(fvi_step *s, fv_error *err);
fv_status fvi_convolution_plan_backward(fvi_step *s, fv_error *err);
fv_status fvi_convolution_forward(const fvi_step *s);
fv_status fvi_convolution_backward(const fvi_step *s);

#endif
