/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a convolution's step: shared by conv and conv_transpose, and read by Winograd's
 * algorithm and the depthwise loops. */
#ifndef FVI_BACKEND_ONEDNN_CONVOLUTION_CONVOLUTION_H
#define FVI_BACKEND_ONEDNN_CONVOLUTION_CONVOLUTION_H

#include "backend/onednn/dnnl/dnnl_conv.h"
#include "backend/onednn/schedule/step.h"

typedef struct fvi_winograd fvi_winograd;
typedef struct fvi_depthwise fvi_depthwise;

typedef struct fvi_convolution {
    fvi_conv_desc desc;
    fvi_act act;
    const fvi_node *norm; /* the fused BATCH_NORM, or NULL */
    const fvi_prim *forward;
    fvi_winograd *winograd[2]; /* forward, backward: by winograd.h; NULL: by oneDNN */
    fvi_depthwise *depthwise;  /* backward: by depthwise.h; NULL: by oneDNN */
    int empty;                 /* no output elements: nothing is computed */
    /* The weights in primitive p's layout. */
    fv_status (*weights)(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err);
} fvi_convolution;

#endif
