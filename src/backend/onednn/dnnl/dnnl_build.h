/* SPDX-License-Identifier: Apache-2.0 */
/* Builders of the primitives without weights. dnnl_ops.h says how a builder is used. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_BUILD_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_BUILD_H

#include "backend/onednn/dnnl/dnnl_act.h"

/* Copies `from` into `to`, same shape, any two layouts. */
fv_status fvi_prim_reorder(fvi_dnnl_engine *b, fvi_buffer *from, fvi_buffer *to, fvi_prim **out,
                           fv_error *err);
/* to = x + y, same shape and layout; `to` may share memory with x or y. */
fv_status fvi_prim_add(fvi_dnnl_engine *b, fvi_buffer *x, fvi_buffer *y, fvi_buffer *to,
                       fvi_prim **out, fv_error *err);

/* Average pooling in src's layout; oneDNN chooses dst's. */
typedef struct fvi_pool_desc {
    int include_pad;
    fvi_shape src, dst;
    const fvi_window *window;
    const fvi_layout *layout; /* of src (forward), of dst's gradient (backward) */
    const fvi_prim *forward;  /* backward: its forward primitive; else NULL */
} fvi_pool_desc;
fv_status fvi_prim_average(fvi_dnnl_engine *b, const fvi_pool_desc *d, fvi_prim **out,
                           fv_error *err);

/* dst = SRC f SRC1 for ADD SUB MUL DIV MIN MAX, all of `shape` in `layout`; then act, or NULL. */
fv_status fvi_prim_binary(fvi_dnnl_engine *b, fvi_binary f, const fvi_act *act,
                          const fvi_shape *shape, const fvi_layout *layout, fvi_prim **out,
                          fv_error *err);

/* LRN across channels of an odd size; forward has a workspace if `training`. */
typedef struct fvi_lrn_desc {
    int backward, training;
    fvi_shape shape;
    const fvi_layout *layout;
    fvi_lrn lrn;
    const fvi_prim *forward;
} fvi_lrn_desc;
fv_status fvi_prim_lrn(fvi_dnnl_engine *b, const fvi_lrn_desc *d, fvi_prim **out, fv_error *err);

/* dst = SRC * SCALE[c] + SHIFT[c], then max(.,0) if relu. MEAN must hold zeros, VARIANCE 1 -
 * FVI_NORM_EPSILON: not 1 without an epsilon, because oneDNN gives padding channels a variance of 0
 * and divides by its root. The sum is exactly 1. */
#define FVI_NORM_EPSILON 0.0009765625f /* 2^-10 */
fv_status fvi_prim_batch_norm(fvi_dnnl_engine *b, const fvi_shape *shape, const fvi_layout *layout,
                              int relu, fvi_prim **out, fv_error *err);

/* Softmax or its logarithm over an axis, in plain memory; backward: DIFF_SRC from DST and DIFF_DST.
 */
typedef struct fvi_softmax_desc {
    int backward, log, axis;
    fvi_shape shape;
} fvi_softmax_desc;
fv_status fvi_prim_softmax(fvi_dnnl_engine *b, const fvi_softmax_desc *d, fvi_prim **out,
                           fv_error *err);

/* Copies a part of a tensor from or to a buffer of its own.
 *   offset  [ndim] where the part begins in the whole
 *   into    1: from `part` into `whole`; 0: from `whole` into `part`
 */
fv_status fvi_prim_copy_part(fvi_dnnl_engine *b, fvi_buffer *whole, fvi_buffer *part,
                             const int64_t *offset, int into, fvi_prim **out, fv_error *err);

#endif
