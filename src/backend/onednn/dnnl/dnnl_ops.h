/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives ops are made of, one builder each. A builder asks oneDNN for its best
 * implementation and the layouts that one wants; the op then reads those layouts (fvi_prim_layout),
 * brings or makes places in them, and names them (fvi_prim_set).
 *
 *     fvi_prim_conv(b, &desc, &p, err);
 *     fvi_step_source(s, 0, fvi_prim_layout(p, FVI_SRC), &src, err);
 *     fvi_step_make_dst(s, fvi_prim_layout(p, FVI_DST), err);
 *     fvi_prim_set(p, FVI_SRC, src);  fvi_prim_set(p, FVI_DST, s->dst);
 *     fvi_step_add(s, p, err);
 *
 * All builders fail with BACKEND where oneDNN refuses, NOMEM, and leave *out alone then. Shapes
 * have no zero sizes. Numbers are f32, or bf16 (fvi_layout_is_f32).
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_OPS_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_OPS_H

#include "backend/onednn/dnnl/dnnl.h"
#include "graph/graph.h"

/* What an operand is to its primitive. */
typedef enum fvi_role {
    FVI_SRC,
    FVI_SRC1,
    FVI_WEIGHTS,
    FVI_BIAS,
    FVI_DST,
    FVI_DIFF_SRC,
    FVI_DIFF_DST,
    FVI_WORKSPACE,
    FVI_MEAN,
    FVI_VARIANCE,
    FVI_SCALE,
    FVI_SHIFT,
    FVI_ROLE_COUNT
} fvi_role;

/* The layout the primitive wants for an operand (NULL: plain), borrowed from it. */
const fvi_layout *fvi_prim_layout(const fvi_prim *p, fvi_role role);
/* Bytes of that operand, 0 if the primitive has none such. */
size_t fvi_prim_bytes(const fvi_prim *p, fvi_role role);
/* Names the place of an operand; it lies as fvi_prim_layout says (its own shape may differ). */
void fvi_prim_set(fvi_prim *p, fvi_role role, fvi_buffer *place);
/* Whether oneDNN fell back to its reference code, hundreds of times slower than ours. */
int fvi_prim_is_slow(const fvi_prim *p);

/* An activation applied to a primitive's result. */
typedef struct fvi_act {
    fvi_unary f;
    float p, q;
} fvi_act;
/* Whether oneDNN computes f exactly as defined in graph.h (to f32 rounding); and its gradient; and
 * its gradient from f's output alone. */
int fvi_act_forward(const fvi_act *a);
int fvi_act_backward(const fvi_act *a);
int fvi_act_backward_from_dst(const fvi_act *a);

/* Convolution and its transpose, or the gradient of their src. Any layouts. */
typedef struct fvi_conv_desc {
    int transposed, backward;
    fvi_shape src, dst;       /* as in forward: [n][ic][i..], [n][oc][o..] */
    fvi_shape weights;        /* [oc][ic][k..], or [g][oc/g][ic/g][k..] if groups > 1 */
    const fvi_window *window; /* kernel, stride, dilation, pad_lo; what is needed beyond the end
                                 follows from the sizes */
    int bias;                 /* forward: [oc] */
    const fvi_act *act;       /* forward: then this, or NULL */
    int plain_weights;        /* take the weights as they are in memory */
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
    const fvi_prim *forward; /* backward: takes the same weights if oneDNN is as good with them */
} fvi_inner_desc;
fv_status fvi_prim_inner(fvi_dnnl_engine *b, const fvi_inner_desc *d, fvi_prim **out,
                         fv_error *err);

/* dst = x y over leading batch axes (1 broadcasts); all plain in memory, x and y perhaps
 * transposed: x is [..][m][k] after that. Operands FVI_SRC, FVI_WEIGHTS, FVI_DST. */
fv_status fvi_prim_matmul(fvi_dnnl_engine *b, const fvi_shape *x, int trans_x, const fvi_shape *y,
                          int trans_y, const fvi_shape *dst, fvi_prim **out, fv_error *err);

/* Average pooling in src's layout; dst's as oneDNN likes. */
typedef struct fvi_pool_desc {
    int include_pad;
    fvi_shape src, dst;
    const fvi_window *window;
    const fvi_layout *layout; /* of src (forward), of dst's gradient (backward) */
    const fvi_prim *forward;  /* backward: its forward primitive; else NULL */
} fvi_pool_desc;
fv_status fvi_prim_average(fvi_dnnl_engine *b, const fvi_pool_desc *d, fvi_prim **out,
                           fv_error *err);

/* An activation alone, all operands in one layout. FVI_BY_SRC: DIFF_SRC from DIFF_DST and SRC;
 * FVI_BY_DST: from DIFF_DST and DST. */
typedef enum fvi_way { FVI_AHEAD, FVI_BY_SRC, FVI_BY_DST } fvi_way;
fv_status fvi_prim_eltwise(fvi_dnnl_engine *b, const fvi_act *a, fvi_way way,
                           const fvi_shape *shape, const fvi_layout *layout, fvi_prim **out,
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
    int64_t size;
    float alpha, beta, bias;
    const fvi_prim *forward;
} fvi_lrn_desc;
fv_status fvi_prim_lrn(fvi_dnnl_engine *b, const fvi_lrn_desc *d, fvi_prim **out, fv_error *err);

/* dst = SRC * SCALE[c] + SHIFT[c], then max(.,0) if relu. MEAN must hold zeros, VARIANCE 1 -
 * FVI_NORM_EPSILON: not 1 and no epsilon, because oneDNN gives the channels that fill up blocks a
 * variance of 0 and divides by its root. The sum is exactly 1. */
#define FVI_NORM_EPSILON 0.0009765625f /* 2^-10 */
fv_status fvi_prim_batch_norm(fvi_dnnl_engine *b, const fvi_shape *shape, const fvi_layout *layout,
                              int relu, fvi_prim **out, fv_error *err);

/* Softmax or its logarithm over an axis; backward: DIFF_SRC from DST and DIFF_DST. */
fv_status fvi_prim_softmax(fvi_dnnl_engine *b, const fvi_shape *shape, const fvi_layout *layout,
                           int axis, int log, int backward, fvi_prim **out, fv_error *err);

/* Copies a part between its own place and its position in a whole.
 *   offset  [ndim] where the part begins   into  1: part into whole, 0: out of it
 */
fv_status fvi_prim_copy_part(fvi_dnnl_engine *b, fvi_buffer *whole, fvi_buffer *part,
                             const int64_t *offset, int into, fvi_prim **out, fv_error *err);

/* Whether its numbers are f32: all but what convolutions that multiply in bf16 read. */
int fvi_layout_is_f32(const fvi_layout *l);
/* Whether element-wise code may run over a place's memory in order, whatever its layout: it holds
 * the tensor's elements and nothing else (no channels added to fill a block). */
int fvi_layout_is_dense(const fvi_layout *l, const fvi_shape *shape);
/* Whether the tensor lies as [n][c/block][..][block of c], c perhaps filled up with zeros: then the
 * block and the filled-up c; else 0. Channels last is one block of all channels. */
int fvi_layout_channel_block(const fvi_layout *l, const fvi_shape *shape, int64_t *block,
                             int64_t *padded);
/* The layout [n][c/block][..][block of c], block 8 or 16, c filled up. Yours to free. */
fv_status fvi_layout_blocked(const fvi_shape *shape, int64_t block, fvi_layout **out,
                             fv_error *err);
/* Parts of `axis` may be cut from a tensor laid out so at multiples of this; 0: cannot be cut. */
int64_t fvi_layout_cut(const fvi_layout *l, int axis);
/* l's kind of layout for another shape of as many axes; NULL where l is NULL or it cannot be (or on
 * lack of memory). Yours to free. */
fvi_layout *fvi_layout_like(const fvi_layout *l, const fvi_shape *shape);

#endif
