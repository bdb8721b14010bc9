/* SPDX-License-Identifier: Apache-2.0 */
/* Builders of the primitives with weights: convolutions and matrix products. dnnl_ops.h says how a
 * builder is used. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_CONV_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_CONV_H

#include "backend/onednn/dnnl/dnnl_act.h"

/* Convolution and its transpose, or the gradient of their src. Any layouts. */
typedef struct fvi_conv_desc {
    int transposed, backward;
    fvi_shape src, dst;       /* as in forward: [n][ic][i..], [n][oc][o..] */
    fvi_shape weights;        /* [oc][ic][k..], or [g][oc/g][ic/g][k..] if groups > 1 */
    const fvi_window *window; /* kernel, stride, dilation, pad_lo; the padding after the end is
                                 computed from the sizes */
    int bias;                 /* forward: [oc] */
    const fvi_act *act;       /* forward: applied to the result, or NULL */
    int plain_weights;        /* the weights are plain */
    const fvi_prim *forward;  /* backward: its forward primitive */
} fvi_conv_desc;
fv_status fvi_prim_conv(fvi_dnnl_engine *b, const fvi_conv_desc *d, fvi_prim **out, fv_error *err);

/* dst [rows][n] = src [rows][k] weights [n][k]^T + bias [n], or the gradient of its src. Both
 * are plain. */
typedef struct fvi_inner_desc {
    int backward;
    int64_t rows, k, n;
    int bias;
    const fvi_act *act;
    const fvi_prim *forward; /* backward: its weights are used if oneDNN has fast code for them */
} fvi_inner_desc;
fv_status fvi_prim_inner(fvi_dnnl_engine *b, const fvi_inner_desc *d, fvi_prim **out,
                         fv_error *err);

/* Matrices in plain memory, over leading batch axes. */
typedef struct fvi_matrix {
    fvi_buffer *buffer;
    const fvi_shape *shape; /* as stored */
    int trans;              /* multiplied as the transpose of what is stored */
} fvi_matrix;
/* dst = x y; batch axes of size 1 are broadcast. dst->trans must be 0. The operands are set. */
fv_status fvi_prim_matmul(fvi_dnnl_engine *b, const fvi_matrix *x, const fvi_matrix *y,
                          const fvi_matrix *dst, fvi_prim **out, fv_error *err);

/* Whether this processor and oneDNN multiply in bf16. */
int fvi_dnnl_engine_has_bf16(fvi_dnnl_engine *b);

#endif
