/* SPDX-License-Identifier: Apache-2.0 */
/* slice: dst[i] = src[start + i * step] along every axis; steps may be negative. A slice that is
 * one dense run of its source (a split along the outermost axis) shares its memory. Backward writes
 * the gradient at the slice's position and zeros elsewhere. */
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct slice_state {
    fvi_buffer *src, *ddst;
    int shared;                   /* nothing to do forward */
    int64_t start;                /* offset of the first element */
    int64_t stride[FVI_MAX_DIMS]; /* in the source, along each axis of the slice */
} slice_state;

/* Whether the slice is one run of consecutive elements of its source. */
static int is_dense(const fvi_step *s) {
    const fvi_shape *in = fvi_step_shape(s, 0), *out = fvi_step_out_shape(s);
    int i = 0;
    while (i < out->ndim && out->dim[i] == 1) i++;
    for (int j = i; j < out->ndim; j++) {
        if (out->dim[j] > 1 && s->node->a.slice.step[j] != 1) return 0;
        if (j > i && out->dim[j] != in->dim[j]) return 0;
    }
    return fvi_shape_product(out, 0, out->ndim) > 0;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    slice_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    fvi_shape_strides(in, x->stride);
    for (int i = 0; i < in->ndim; i++) {
        x->start += s->node->a.slice.start[i] * x->stride[i];
        x->stride[i] *= s->node->a.slice.step[i];
    }
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (st) return st;
    x->shared = is_dense(s);
    if (x->shared)
        return fvi_step_share_dst(s, x->src, (size_t)x->start * sizeof(float), NULL, err);
    return fvi_step_make_dst(s, NULL, err);
}

static fv_status forward(const fvi_step *s) {
    const slice_state *x = s->state;
    int64_t dense[FVI_MAX_DIMS];
    if (x->shared) return FV_OK;
    fvi_shape_strides(&s->dst->shape, dense);
    const float *src = x->src->data;
    if (fvi_shape_product(&s->dst->shape, 0, s->dst->shape.ndim) > 0)
        fvi_copy_strided(&s->dst->shape, s->dst->data, dense, src + x->start, x->stride);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    slice_state *x = s->state;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const slice_state *x = s->state;
    const fvi_shape *part = &x->ddst->shape, *whole = &s->dsrc[0]->shape;
    float *dsrc = s->dsrc[0]->data;
    int64_t dense[FVI_MAX_DIMS];
    fvi_shape_strides(part, dense);
    fvi_fill(dsrc, fvi_shape_product(whole, 0, whole->ndim), 0);
    if (fvi_shape_product(part, 0, part->ndim) > 0)
        fvi_copy_strided(part, dsrc + x->start, x->stride, x->ddst->data, dense);
    return FV_OK;
}

const fvi_op fvi_op_slice = {"Slice", NULL, plan, plan_backward, forward, backward, NULL};
