/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between oneDNN's C API v2 and v3, behind one set of functions: memory descriptors
 * (a struct in v2, an opaque pointer in v3) and primitive descriptors (made from an operation
 * descriptor in v2, by one call in v3). Included by dnnl*.c only.
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_COMPAT_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_COMPAT_H

#include <oneapi/dnnl/dnnl.h>

#include "base/shape.h"
#include "graph/graph.h"

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t fvi_md;
#else
typedef const dnnl_memory_desc_t *fvi_md;
#endif

typedef struct fvi_layout fvi_layout;
struct fvi_layout {
    dnnl_memory_desc_t md;
};

/* The descriptor of a layout; NULL for NULL. */
fvi_md fvi_layout_md(const fvi_layout *l);

/* New layouts, each for fvi_layout_free: `any`, by strides, channels in blocks, a copy, and a view
 * of the part [offset, offset+dims) of another. */
dnnl_status_t fvi_md_any(fvi_layout **out, const fvi_shape *shape, dnnl_data_type_t type);
dnnl_status_t fvi_md_strided(fvi_layout **out, const fvi_shape *shape, dnnl_data_type_t type,
                             const int64_t *strides);
/* [n][c/block]..[block of c], block 8 or 16, 3 to 5 axes. */
dnnl_status_t fvi_md_channel_blocked(fvi_layout **out, const fvi_shape *shape,
                                     dnnl_data_type_t type, int64_t block);
dnnl_status_t fvi_md_copy(fvi_layout **out, fvi_md md);
dnnl_status_t fvi_md_part(fvi_layout **out, fvi_md md, const fvi_shape *part,
                          const int64_t *offsets);
void fvi_md_clear(fvi_layout *l); /* frees what the descriptor holds, not l */

/* The contents of a descriptor: an element is at the sum of its strides and inner blocks. */
typedef struct fvi_blocks {
    dnnl_data_type_t type;
    int ndim, n_inner;
    int64_t dim[DNNL_MAX_NDIMS], padded[DNNL_MAX_NDIMS], stride[DNNL_MAX_NDIMS];
    int64_t block[DNNL_MAX_NDIMS];
    int block_dim[DNNL_MAX_NDIMS];
} fvi_blocks;
/* 0 on success, -1 if the descriptor is not of the blocked kind. */
int fvi_md_blocks(fvi_md md, fvi_blocks *out);

/* Arguments of every primitive descriptor. */
typedef struct fvi_pd {
    dnnl_engine_t engine;
    const_dnnl_primitive_attr_t attr;
    const_dnnl_primitive_desc_t hint; /* backward: the forward descriptor */
} fvi_pd;

/* A window as oneDNN counts: dilation from 0. */
typedef struct fvi_slide {
    dnnl_dims_t stride, kernel, dilation, pad_l, pad_r;
} fvi_slide;

/* Operands of a primitive with weights; NULL: none. */
typedef struct fvi_operands {
    fvi_md src, weights, bias, dst;
} fvi_operands;

/* One function a primitive; `backward` (or prop) selects its backward variant, in which src and dst
 * are their gradients. Descriptors are in oneDNN's order. */
dnnl_status_t fvi_pd_reorder(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md from, fvi_md to);
dnnl_status_t fvi_pd_conv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                          const fvi_slide *w, int backward);
dnnl_status_t fvi_pd_deconv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                            const fvi_slide *w, int backward);
dnnl_status_t fvi_pd_inner(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                           int backward);
dnnl_status_t fvi_pd_matmul(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md x, fvi_md y,
                            fvi_md dst);
dnnl_status_t fvi_pd_pool(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                          dnnl_alg_kind_t alg, fvi_md src, fvi_md dst, const fvi_slide *w);
dnnl_status_t fvi_pd_eltwise(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                             dnnl_alg_kind_t alg, fvi_md data, float alpha, float beta);
dnnl_status_t fvi_pd_binary(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_alg_kind_t alg,
                            fvi_md x, fvi_md y, fvi_md dst);
dnnl_status_t fvi_pd_lrn(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                         fvi_md data, const fvi_lrn *lrn);
dnnl_status_t fvi_pd_batch_norm(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data,
                                float epsilon, unsigned flags);
dnnl_status_t fvi_pd_softmax(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data, int axis,
                             int log, int backward);

#endif
