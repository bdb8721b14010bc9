/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN's C API v2 and v3 behind one set of functions.
 *
 * The first half is for v3, the second for v2. The callers, dnnl_build.c and dnnl_conv.c, choose
 * algorithms, layouts and attributes.
 *
 * Source: oneDNN's developer guide, "Transition from v2.x to v3.x".
 */
#include "backend/onednn/dnnl/dnnl_compat.h"

#include <stdlib.h>
#include <string.h>

fvi_md fvi_layout_md(const fvi_layout *l) {
    if (!l) return NULL;
#if DNNL_VERSION_MAJOR >= 3
    return l->md;
#else
    return &l->md;
#endif
}

/* Returns l, whose descriptor was made with status st; frees it on failure. */
static dnnl_status_t wrap(fvi_layout **out, fvi_layout *l, dnnl_status_t st) {
    if (st == dnnl_success)
        *out = l;
    else
        free(l);
    return st;
}

/* oneDNN has no tensors without dimensions: a scalar is a vector of one. */
static int dims_of(const fvi_shape *shape, dnnl_dims_t dims) {
    dims[0] = 1;
    for (int i = 0; i < shape->ndim; i++) dims[i] = shape->dim[i];
    return shape->ndim ? shape->ndim : 1;
}

dnnl_status_t fvi_pd_reorder(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md from, fvi_md to) {
    return dnnl_reorder_primitive_desc_create(out, from, a->engine, to, a->engine, a->attr);
}

/* Functions that have the same arguments in both versions. */
#if DNNL_VERSION_MAJOR >= 3
#define MD_BY_TAG     dnnl_memory_desc_create_with_tag
#define MD_BY_STRIDES dnnl_memory_desc_create_with_strides
#define MD_PART       dnnl_memory_desc_create_submemory
#else
#define MD_BY_TAG     dnnl_memory_desc_init_by_tag
#define MD_BY_STRIDES dnnl_memory_desc_init_by_strides
#define MD_PART       dnnl_memory_desc_init_submemory
#endif

static dnnl_status_t by_tag(fvi_layout **out, const fvi_shape *shape, dnnl_data_type_t type,
                            dnnl_format_tag_t tag) {
    fvi_layout *l = calloc(1, sizeof *l);
    if (!l) return dnnl_out_of_memory;
    dnnl_dims_t dims;
    int n = dims_of(shape, dims);
    return wrap(out, l, MD_BY_TAG(&l->md, n, dims, type, tag));
}

dnnl_status_t fvi_md_strided(fvi_layout **out, const fvi_shape *shape, dnnl_data_type_t type,
                             const int64_t *strides) {
    fvi_layout *l = calloc(1, sizeof *l);
    if (!l) return dnnl_out_of_memory;
    dnnl_dims_t dims, st = {1};
    int n = dims_of(shape, dims);
    for (int i = 0; i < shape->ndim; i++) st[i] = strides[i];
    return wrap(out, l, MD_BY_STRIDES(&l->md, n, dims, type, st));
}

dnnl_status_t fvi_md_part(fvi_layout **out, fvi_md md, const fvi_shape *part,
                          const int64_t *offsets) {
    fvi_layout *l = calloc(1, sizeof *l);
    if (!l) return dnnl_out_of_memory;
    dnnl_dims_t dims, at;
    int n = dims_of(part, dims);
    for (int i = 0; i < n; i++) at[i] = offsets[i];
    return wrap(out, l, MD_PART(&l->md, md, dims, at));
}

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t fvi_md_copy(fvi_layout **out, fvi_md md) {
    fvi_layout *l = calloc(1, sizeof *l);
    if (!l) return dnnl_out_of_memory;
    return wrap(out, l, dnnl_memory_desc_clone(&l->md, md));
}

void fvi_md_clear(fvi_layout *l) { dnnl_memory_desc_destroy(l->md); }

int fvi_md_blocks(fvi_md md, fvi_blocks *out) {
    dnnl_format_kind_t kind = dnnl_format_kind_undef;
    dnnl_dims_t *dims, *padded, *strides, *blocks, *idx;
    if (dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind) || kind != dnnl_blocked ||
        dnnl_memory_desc_query(md, dnnl_query_data_type, &out->type) ||
        dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &out->ndim) ||
        dnnl_memory_desc_query(md, dnnl_query_dims, &dims) ||
        dnnl_memory_desc_query(md, dnnl_query_padded_dims, &padded) ||
        dnnl_memory_desc_query(md, dnnl_query_strides, &strides) ||
        dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &out->n_inner) ||
        dnnl_memory_desc_query(md, dnnl_query_inner_blks, &blocks) ||
        dnnl_memory_desc_query(md, dnnl_query_inner_idxs, &idx))
        return -1;
    for (int i = 0; i < out->ndim; i++) {
        out->dim[i] = (*dims)[i];
        out->padded[i] = (*padded)[i];
        out->stride[i] = (*strides)[i];
    }
    for (int i = 0; i < out->n_inner; i++) {
        out->block[i] = (*blocks)[i];
        out->block_dim[i] = (int)(*idx)[i];
    }
    return 0;
}

dnnl_status_t fvi_pd_conv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                          const fvi_slide *w, int backward) {
    if (backward)
        return dnnl_convolution_backward_data_primitive_desc_create(
            out, a->engine, dnnl_convolution_direct, o->src, o->weights, o->dst, w->stride,
            w->dilation, w->pad_l, w->pad_r, a->hint, a->attr);
    return dnnl_convolution_forward_primitive_desc_create(
        out, a->engine, dnnl_forward_inference, dnnl_convolution_direct, o->src, o->weights,
        o->bias, o->dst, w->stride, w->dilation, w->pad_l, w->pad_r, a->attr);
}

dnnl_status_t fvi_pd_deconv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                            const fvi_slide *w, int backward) {
    if (backward)
        return dnnl_deconvolution_backward_data_primitive_desc_create(
            out, a->engine, dnnl_deconvolution_direct, o->src, o->weights, o->dst, w->stride,
            w->dilation, w->pad_l, w->pad_r, a->hint, a->attr);
    return dnnl_deconvolution_forward_primitive_desc_create(
        out, a->engine, dnnl_forward_inference, dnnl_deconvolution_direct, o->src, o->weights,
        o->bias, o->dst, w->stride, w->dilation, w->pad_l, w->pad_r, a->attr);
}

dnnl_status_t fvi_pd_inner(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                           int backward) {
    if (backward)
        return dnnl_inner_product_backward_data_primitive_desc_create(
            out, a->engine, o->src, o->weights, o->dst, a->hint, a->attr);
    return dnnl_inner_product_forward_primitive_desc_create(
        out, a->engine, dnnl_forward_inference, o->src, o->weights, o->bias, o->dst, a->attr);
}

dnnl_status_t fvi_pd_matmul(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md x, fvi_md y,
                            fvi_md dst) {
    return dnnl_matmul_primitive_desc_create(out, a->engine, x, y, NULL, dst, a->attr);
}

dnnl_status_t fvi_pd_pool(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                          dnnl_alg_kind_t alg, fvi_md src, fvi_md dst, const fvi_slide *w) {
    if (prop == dnnl_backward_data)
        return dnnl_pooling_backward_primitive_desc_create(out, a->engine, alg, src, dst, w->stride,
                                                           w->kernel, w->dilation, w->pad_l,
                                                           w->pad_r, a->hint, a->attr);
    return dnnl_pooling_forward_primitive_desc_create(out, a->engine, prop, alg, src, dst,
                                                      w->stride, w->kernel, w->dilation, w->pad_l,
                                                      w->pad_r, a->attr);
}

dnnl_status_t fvi_pd_eltwise(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                             dnnl_alg_kind_t alg, fvi_md data, float alpha, float beta) {
    if (prop == dnnl_backward_data)
        return dnnl_eltwise_backward_primitive_desc_create(out, a->engine, alg, data, data, data,
                                                           alpha, beta, a->hint, a->attr);
    return dnnl_eltwise_forward_primitive_desc_create(out, a->engine, prop, alg, data, data, alpha,
                                                      beta, a->attr);
}

dnnl_status_t fvi_pd_binary(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_alg_kind_t alg,
                            fvi_md x, fvi_md y, fvi_md dst) {
    return dnnl_binary_primitive_desc_create(out, a->engine, alg, x, y, dst, a->attr);
}

dnnl_status_t fvi_pd_lrn(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                         fvi_md data, const fvi_lrn *lrn) {
    if (prop == dnnl_backward_data)
        return dnnl_lrn_backward_primitive_desc_create(out, a->engine, dnnl_lrn_across_channels,
                                                       data, data, data, lrn->size, lrn->alpha,
                                                       lrn->beta, lrn->bias, a->hint, a->attr);
    return dnnl_lrn_forward_primitive_desc_create(out, a->engine, prop, dnnl_lrn_across_channels,
                                                  data, data, lrn->size, lrn->alpha, lrn->beta,
                                                  lrn->bias, a->attr);
}

dnnl_status_t fvi_pd_batch_norm(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data,
                                float epsilon, unsigned flags) {
    return dnnl_batch_normalization_forward_primitive_desc_create(
        out, a->engine, dnnl_forward_inference, data, data, epsilon, flags, a->attr);
}

dnnl_status_t fvi_pd_softmax(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data, int axis,
                             int log, int backward) {
    dnnl_alg_kind_t alg = log ? dnnl_softmax_log : dnnl_softmax_accurate;
    if (backward)
        return dnnl_softmax_backward_primitive_desc_create(out, a->engine, alg, data, data, data,
                                                           axis, a->hint, a->attr);
    return dnnl_softmax_forward_primitive_desc_create(out, a->engine, dnnl_forward_training, alg,
                                                      data, data, axis, a->attr);
}

#else /* v2 */

/* The call that makes a primitive descriptor of any v2 operation descriptor. */
static dnnl_status_t finish(dnnl_primitive_desc_t *out, const fvi_pd *a, const void *desc,
                            dnnl_status_t st) {
    if (st != dnnl_success) return st;
    return dnnl_primitive_desc_create(out, desc, a->attr, a->engine, a->hint);
}

dnnl_status_t fvi_md_copy(fvi_layout **out, fvi_md md) {
    fvi_layout *l = calloc(1, sizeof *l);
    if (!l) return dnnl_out_of_memory;
    l->md = *md;
    *out = l;
    return dnnl_success;
}

void fvi_md_clear(fvi_layout *l) { (void)l; }

int fvi_md_blocks(fvi_md md, fvi_blocks *out) {
    if (md->format_kind != dnnl_blocked) return -1;
    const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
    out->type = md->data_type;
    out->ndim = md->ndims;
    out->n_inner = b->inner_nblks;
    for (int i = 0; i < out->ndim; i++) {
        out->dim[i] = md->dims[i];
        out->padded[i] = md->padded_dims[i];
        out->stride[i] = b->strides[i];
    }
    for (int i = 0; i < out->n_inner; i++) {
        out->block[i] = b->inner_blks[i];
        out->block_dim[i] = (int)b->inner_idxs[i];
    }
    return 0;
}

dnnl_status_t fvi_pd_conv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                          const fvi_slide *w, int backward) {
    dnnl_convolution_desc_t d;
    if (backward)
        return finish(out, a, &d,
                      dnnl_dilated_convolution_backward_data_desc_init(
                          &d, dnnl_convolution_direct, o->src, o->weights, o->dst, w->stride,
                          w->dilation, w->pad_l, w->pad_r));
    return finish(out, a, &d,
                  dnnl_dilated_convolution_forward_desc_init(
                      &d, dnnl_forward_inference, dnnl_convolution_direct, o->src, o->weights,
                      o->bias, o->dst, w->stride, w->dilation, w->pad_l, w->pad_r));
}

dnnl_status_t fvi_pd_deconv(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                            const fvi_slide *w, int backward) {
    dnnl_deconvolution_desc_t d;
    if (backward)
        return finish(out, a, &d,
                      dnnl_dilated_deconvolution_backward_data_desc_init(
                          &d, dnnl_deconvolution_direct, o->src, o->weights, o->dst, w->stride,
                          w->dilation, w->pad_l, w->pad_r));
    return finish(out, a, &d,
                  dnnl_dilated_deconvolution_forward_desc_init(
                      &d, dnnl_forward_inference, dnnl_deconvolution_direct, o->src, o->weights,
                      o->bias, o->dst, w->stride, w->dilation, w->pad_l, w->pad_r));
}

dnnl_status_t fvi_pd_inner(dnnl_primitive_desc_t *out, const fvi_pd *a, const fvi_operands *o,
                           int backward) {
    dnnl_inner_product_desc_t d;
    if (backward)
        return finish(out, a, &d,
                      dnnl_inner_product_backward_data_desc_init(&d, o->src, o->weights, o->dst));
    return finish(out, a, &d,
                  dnnl_inner_product_forward_desc_init(&d, dnnl_forward_inference, o->src,
                                                       o->weights, o->bias, o->dst));
}

dnnl_status_t fvi_pd_matmul(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md x, fvi_md y,
                            fvi_md dst) {
    dnnl_matmul_desc_t d;
    return finish(out, a, &d, dnnl_matmul_desc_init(&d, x, y, NULL, dst));
}

dnnl_status_t fvi_pd_pool(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                          dnnl_alg_kind_t alg, fvi_md src, fvi_md dst, const fvi_slide *w) {
    dnnl_pooling_v2_desc_t d;
    if (prop == dnnl_backward_data)
        return finish(out, a, &d,
                      dnnl_pooling_v2_backward_desc_init(&d, alg, src, dst, w->stride, w->kernel,
                                                         w->dilation, w->pad_l, w->pad_r));
    return finish(out, a, &d,
                  dnnl_pooling_v2_forward_desc_init(&d, prop, alg, src, dst, w->stride, w->kernel,
                                                    w->dilation, w->pad_l, w->pad_r));
}

dnnl_status_t fvi_pd_eltwise(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                             dnnl_alg_kind_t alg, fvi_md data, float alpha, float beta) {
    dnnl_eltwise_desc_t d;
    if (prop == dnnl_backward_data)
        return finish(out, a, &d,
                      dnnl_eltwise_backward_desc_init(&d, alg, data, data, alpha, beta));
    return finish(out, a, &d, dnnl_eltwise_forward_desc_init(&d, prop, alg, data, alpha, beta));
}

dnnl_status_t fvi_pd_binary(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_alg_kind_t alg,
                            fvi_md x, fvi_md y, fvi_md dst) {
    dnnl_binary_desc_t d;
    return finish(out, a, &d, dnnl_binary_desc_init(&d, alg, x, y, dst));
}

dnnl_status_t fvi_pd_lrn(dnnl_primitive_desc_t *out, const fvi_pd *a, dnnl_prop_kind_t prop,
                         fvi_md data, const fvi_lrn *lrn) {
    dnnl_lrn_desc_t d;
    if (prop == dnnl_backward_data)
        return finish(out, a, &d,
                      dnnl_lrn_backward_desc_init(&d, dnnl_lrn_across_channels, data, data,
                                                  lrn->size, lrn->alpha, lrn->beta, lrn->bias));
    return finish(out, a, &d,
                  dnnl_lrn_forward_desc_init(&d, prop, dnnl_lrn_across_channels, data, lrn->size,
                                             lrn->alpha, lrn->beta, lrn->bias));
}

dnnl_status_t fvi_pd_batch_norm(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data,
                                float epsilon, unsigned flags) {
    dnnl_batch_normalization_desc_t d;
    return finish(out, a, &d,
                  dnnl_batch_normalization_forward_desc_init(&d, dnnl_forward_inference, data,
                                                             epsilon, flags));
}

dnnl_status_t fvi_pd_softmax(dnnl_primitive_desc_t *out, const fvi_pd *a, fvi_md data, int axis,
                             int log, int backward) {
    dnnl_alg_kind_t alg = log ? dnnl_softmax_log : dnnl_softmax_accurate;
    dnnl_softmax_v2_desc_t d;
    if (backward)
        return finish(out, a, &d,
                      dnnl_softmax_v2_backward_desc_init(&d, alg, data, data, data, axis));
    return finish(
        out, a, &d,
        dnnl_softmax_v2_forward_desc_init(&d, dnnl_forward_training, alg, data, data, axis));
}

#endif

/* ---- the same in both ---- */

dnnl_status_t fvi_md_any(fvi_layout **out, const fvi_shape *shape, dnnl_data_type_t type) {
    return by_tag(out, shape, type, dnnl_format_tag_any);
}

dnnl_status_t fvi_md_channel_blocked(fvi_layout **out, const fvi_shape *shape,
                                     dnnl_data_type_t type, int64_t block) {
    static const dnnl_format_tag_t tags[2][3] = {{dnnl_nCw8c, dnnl_nChw8c, dnnl_nCdhw8c},
                                                 {dnnl_nCw16c, dnnl_nChw16c, dnnl_nCdhw16c}};
    if ((block != 8 && block != 16) || shape->ndim < 3 || shape->ndim > 5)
        return dnnl_unimplemented;
    return by_tag(out, shape, type, tags[block == 16][shape->ndim - 3]);
}
