/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that only move elements: bytes are copied, of whatever type.
 *
 * SLICE, TRANSPOSE and EXPAND read element sum(i[k]*stride[k]) + start for output position i; PAD
 * looks each axis' position up in a table, -1 where nothing is; CONCAT and GATHER copy runs.
 */
#include "graph/fold/move.h"

#include <string.h>

#include "graph/const.h"

/* dst[i] = src[start + sum i[k]*stride[k]], elements of `size` bytes; the innermost axis in a loop
 * of its own. */
static void copy_strided(uint8_t *dst, const fvi_shape *shape, const uint8_t *src, size_t size,
                         int64_t start, const int64_t *stride) {
    int64_t index[FVI_MAX_DIMS] = {0}, at = start, count = fvi_shape_count(shape);
    int last = shape->ndim - 1;
    int64_t run = last >= 0 ? shape->dim[last] : 1, step = last >= 0 ? stride[last] : 0;
    for (int64_t done = 0; done < count; done += run) {
        if (step == 1) {
            memcpy(dst, src + (size_t)at * size, (size_t)run * size);
            dst += (size_t)run * size;
        } else {
            for (int64_t i = 0; i < run; i++, dst += size)
                memcpy(dst, src + (size_t)(at + i * step) * size, size);
        }
        for (int k = last - 1; k >= 0; k--) {
            at += stride[k];
            if (++index[k] < shape->dim[k]) break;
            at -= stride[k] * shape->dim[k];
            index[k] = 0;
        }
    }
}

/* Strides of `from` seen from `to`, to which it is broadcast. */
static void broadcast_strides(const fvi_shape *from, const fvi_shape *to, int64_t *stride) {
    int64_t own[FVI_MAX_DIMS];
    fvi_shape_strides(from, own);
    for (int i = 0; i < to->ndim; i++) {
        int k = i - (to->ndim - from->ndim);
        stride[i] = k < 0 || from->dim[k] == 1 ? 0 : own[k];
    }
}

static void move_strided(fvi_kind kind, const fvi_node_attr *a, const fvi_const *x,
                         const fvi_shape *shape, uint8_t *dst) {
    int64_t own[FVI_MAX_DIMS], stride[FVI_MAX_DIMS], start = 0;
    fvi_shape_strides(&x->shape, own);
    for (int i = 0; i < shape->ndim; i++) {
        if (kind == FVI_TRANSPOSE) stride[i] = own[a->transpose.perm[i]];
        if (kind == FVI_SLICE) {
            stride[i] = own[i] * a->slice.step[i];
            start += own[i] * a->slice.start[i];
        }
    }
    if (kind == FVI_EXPAND) broadcast_strides(&x->shape, shape, stride);
    copy_strided(dst, shape, x->bytes, fvi_dtype_size(x->dtype), start, stride);
}

/* Source position of padded position i of an axis of n elements, or -1. */
static int64_t pad_source(int64_t i, int64_t n, fvi_pad_mode mode) {
    if (i >= 0 && i < n) return i;
    if (mode == FVI_PAD_CONSTANT || n == 0) return -1;
    if (mode == FVI_PAD_EDGE) return i < 0 ? 0 : n - 1;
    if (mode == FVI_PAD_WRAP) return (i % n + n) % n;
    int64_t period = n > 1 ? 2 * (n - 1) : 1;
    i = (i % period + period) % period;
    return i < n ? i : period - i;
}

static void move_pad(const fvi_node_attr *a, const fvi_const *x, const fvi_shape *shape,
                     uint8_t *dst) {
    size_t size = fvi_dtype_size(x->dtype);
    int64_t own[FVI_MAX_DIMS], index[FVI_MAX_DIMS] = {0}, count = fvi_shape_count(shape);
    fvi_shape_strides(&x->shape, own);
    for (int64_t done = 0; done < count; done++) {
        int64_t at = 0;
        for (int k = 0; k < shape->ndim && at >= 0; k++) {
            int64_t i = pad_source(index[k] - a->pad.lo[k], x->shape.dim[k], a->pad.mode);
            at = i < 0 ? -1 : at + i * own[k];
        }
        if (at < 0)
            fvi_put_real(x->dtype, dst, done, a->pad.value);
        else
            memcpy(dst + (size_t)done * size, x->bytes + (size_t)at * size, size);
        for (int k = shape->ndim - 1; k >= 0 && ++index[k] == shape->dim[k]; k--) index[k] = 0;
    }
}

static void move_concat(int axis, const fvi_const *const *in, int n_in, const fvi_shape *shape,
                        uint8_t *dst) {
    size_t size = fvi_dtype_size(in[0]->dtype);
    size_t inner = (size_t)fvi_shape_product(shape, axis + 1, shape->ndim) * size;
    int64_t outer = fvi_shape_product(shape, 0, axis);
    for (int64_t o = 0; o < outer; o++)
        for (int k = 0; k < n_in; k++) {
            size_t run = (size_t)in[k]->shape.dim[axis] * inner;
            memcpy(dst, in[k]->bytes + (size_t)o * run, run);
            dst += run;
        }
}

/* Indices were brought into range by the handler. */
static void move_gather(int axis, const fvi_const *x, const fvi_const *indices, uint8_t *dst) {
    size_t size = fvi_dtype_size(x->dtype);
    size_t inner = (size_t)fvi_shape_product(&x->shape, axis + 1, x->shape.ndim) * size;
    int64_t outer = fvi_shape_product(&x->shape, 0, axis), n = fvi_shape_count(&indices->shape);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < n; i++, dst += inner) {
            int64_t from = o * x->shape.dim[axis] + fvi_const_int(indices, i);
            memcpy(dst, x->bytes + (size_t)from * inner, inner);
        }
}

int fvi_fold_move(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                  const fvi_const *const *in, int n_in, const fvi_shape *shape, uint8_t *dst) {
    switch (kind) {
    case FVI_SLICE:
    case FVI_TRANSPOSE:
    case FVI_EXPAND: move_strided(kind, a, in[0], shape, dst); return 1;
    case FVI_PAD: move_pad(a, in[0], shape, dst); return 1;
    case FVI_CONCAT:
        for (int k = 1; k < n_in; k++)
            if (in[k]->dtype != in[0]->dtype) {
                fvi_build_fail(builder, FV_FORMAT, "it joins %s and %s",
                               fvi_dtype_name(in[0]->dtype), fvi_dtype_name(in[k]->dtype));
                return 1;
            }
        move_concat(a->axis.axis, in, n_in, shape, dst);
        return 1;
    case FVI_GATHER: move_gather(a->axis.axis, in[0], in[1], dst); return 1;
    default: return 0;
    }
}
