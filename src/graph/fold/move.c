/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that only move elements: bytes are copied, of any type.
 *
 * SLICE, TRANSPOSE and EXPAND read element sum(i[k]*stride[k]) + start for output position i; PAD
 * computes the source position on each axis, -1 in the border; CONCAT and GATHER copy runs.
 */
#include "graph/fold/move.h"

#include <string.h>

#include "graph/const.h"
#include "graph/fold/node_rules.h"

/* Copies n elements that are `step` elements apart. Of sizes that are known here the compiler makes
 * moves: kernels of formats with channels last are turned by this, all weights of a network. */
static void copy_elements(uint8_t *dst, const uint8_t *src, int64_t n, int64_t step, size_t size) {
#define COPY(bytes)                 \
    for (int64_t i = 0; i < n; i++) \
    memcpy(dst + i * (bytes), src + i * step * (bytes), (size_t)(bytes))
    switch (size) {
    case 1: COPY(1); break;
    case 2: COPY(2); break;
    case 4: COPY(4); break;
    default: COPY((int64_t)size);
    }
#undef COPY
}

/* dst[i] = x[start + sum i[k]*stride[k]]; the innermost axis in a loop of its own. */
static void copy_strided(uint8_t *dst, const fvi_shape *shape, const fvi_const *x, int64_t start,
                         const int64_t *stride) {
    const uint8_t *src = x->bytes;
    const size_t size = fvi_dtype_size(x->dtype);
    int64_t index[FVI_MAX_DIMS] = {0}, at = start, count = fvi_shape_count(shape);
    int last = shape->ndim - 1;
    int64_t run = last >= 0 ? shape->dim[last] : 1, step = last >= 0 ? stride[last] : 0;
    for (int64_t done = 0; done < count; done += run) {
        if (step == 1) {
            memcpy(dst, src + (size_t)at * size, (size_t)run * size);
            dst += (size_t)run * size;
        } else {
            copy_elements(dst, src + (size_t)at * size, run, step, size);
            dst += (size_t)run * size;
        }
        for (int k = last - 1; k >= 0; k--) {
            at += stride[k];
            if (++index[k] < shape->dim[k]) break;
            at -= stride[k] * shape->dim[k];
            index[k] = 0;
        }
    }
}

/* For each axis of `to`, the stride in `from`, which is broadcast to it: 0 along new axes. */
static void broadcast_strides(const fvi_shape *from, const fvi_shape *to, int64_t *stride) {
    int64_t own[FVI_MAX_DIMS];
    fvi_shape_strides(from, own);
    for (int i = 0; i < to->ndim; i++) {
        int k = i - (to->ndim - from->ndim);
        stride[i] = k < 0 || from->dim[k] == 1 ? 0 : own[k];
    }
}

void fvi_fold_slice(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    int64_t own[FVI_MAX_DIMS], stride[FVI_MAX_DIMS], start = 0;
    (void)builder;
    fvi_shape_strides(&n->in[0]->shape, own);
    for (int i = 0; i < n->shape->ndim; i++) {
        stride[i] = own[i] * n->attr->slice.step[i];
        start += own[i] * n->attr->slice.start[i];
    }
    copy_strided(dst, n->shape, n->in[0], start, stride);
}

void fvi_fold_transpose(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    int64_t own[FVI_MAX_DIMS], stride[FVI_MAX_DIMS];
    (void)builder;
    fvi_shape_strides(&n->in[0]->shape, own);
    for (int i = 0; i < n->shape->ndim; i++) stride[i] = own[n->attr->transpose.perm[i]];
    copy_strided(dst, n->shape, n->in[0], 0, stride);
}

void fvi_fold_expand(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    int64_t stride[FVI_MAX_DIMS];
    (void)builder;
    broadcast_strides(&n->in[0]->shape, n->shape, stride);
    copy_strided(dst, n->shape, n->in[0], 0, stride);
}

void fvi_fold_pad(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    const fvi_node_attr *a = n->attr;
    const fvi_const *x = n->in[0];
    const fvi_shape *shape = n->shape;
    (void)builder;
    size_t size = fvi_dtype_size(x->dtype);
    int64_t own[FVI_MAX_DIMS], index[FVI_MAX_DIMS] = {0}, count = fvi_shape_count(shape);
    fvi_shape_strides(&x->shape, own);
    for (int64_t done = 0; done < count; done++) {
        int64_t at = 0;
        for (int k = 0; k < shape->ndim && at >= 0; k++) {
            int64_t i = fvi_pad_source(a->pad.mode, index[k] - a->pad.lo[k], x->shape.dim[k]);
            at = i < 0 ? -1 : at + i * own[k];
        }
        if (at < 0)
            fvi_put_real(x->dtype, dst, done, a->pad.value);
        else
            memcpy(dst + (size_t)done * size, x->bytes + (size_t)at * size, size);
        for (int k = shape->ndim - 1; k >= 0 && ++index[k] == shape->dim[k]; k--) index[k] = 0;
    }
}

void fvi_fold_concat(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    const int axis = n->attr->axis.axis;
    const fvi_dtype dtype = n->in[0]->dtype;
    const fvi_shape *shape = n->shape;
    size_t inner = (size_t)fvi_shape_product(shape, axis + 1, shape->ndim) * fvi_dtype_size(dtype);
    int64_t outer = fvi_shape_product(shape, 0, axis);
    for (int k = 1; k < n->n_in; k++)
        if (n->in[k]->dtype != dtype) {
            fvi_build_fail(builder, FV_FORMAT, "it joins %s and %s", fvi_dtype_name(dtype),
                           fvi_dtype_name(n->in[k]->dtype));
            return;
        }
    for (int64_t o = 0; o < outer; o++)
        for (int k = 0; k < n->n_in; k++) {
            size_t run = (size_t)n->in[k]->shape.dim[axis] * inner;
            memcpy(dst, n->in[k]->bytes + (size_t)o * run, run);
            dst += run;
        }
}

/* The format's reader has brought the indices into range. */
void fvi_fold_gather(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *x = node->in[0], *indices = node->in[1];
    const int axis = node->attr->axis.axis;
    (void)builder;
    size_t size = fvi_dtype_size(x->dtype);
    size_t inner = (size_t)fvi_shape_product(&x->shape, axis + 1, x->shape.ndim) * size;
    int64_t outer = fvi_shape_product(&x->shape, 0, axis), n = fvi_shape_count(&indices->shape);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < n; i++, dst += inner) {
            int64_t from = o * x->shape.dim[axis] + fvi_const_int(indices, i);
            memcpy(dst, x->bytes + (size_t)from * inner, inner);
        }
}
