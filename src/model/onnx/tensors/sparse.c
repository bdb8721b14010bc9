/* SPDX-License-Identifier: Apache-2.0 */
/* Sparse initialisers of the main graph: the elements that are not zero and their places, counted
 * through the whole tensor or as one index an axis. They become dense, zeros elsewhere.
 *
 * What it does not do: those of graphs inside nodes. Source: onnx.proto of the ONNX specification,
 * SparseTensorProto.
 */
#include "model/onnx/tensors/sparse.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/onnx/tensors/tensor.h"

const char *fvi_onnx_sparse_name(const Onnx__SparseTensorProto *s) {
    return s->values && s->values->name ? s->values->name : "";
}

/* The place of element i in a tensor of that shape; -1 where it is outside. */
static int64_t place(const fvi_const *indices, const fvi_shape *shape, int64_t i) {
    if (indices->shape.ndim == 1) {
        const int64_t at = fvi_const_int(indices, i);
        return at >= 0 && at < fvi_shape_count(shape) ? at : -1;
    }
    int64_t at = 0;
    for (int k = 0; k < shape->ndim; k++) {
        const int64_t index = fvi_const_int(indices, i * shape->ndim + k);
        if (index < 0 || index >= shape->dim[k]) return -1;
        at = at * shape->dim[k] + index;
    }
    return at;
}

/* Whether there is a place, or one index an axis, for each value. */
static int fits(const fvi_const *values, const fvi_const *indices, const fvi_shape *shape) {
    const fvi_shape *s = &indices->shape;
    if (indices->dtype != FVI_I64 || values->shape.ndim != 1 || s->ndim < 1 || s->ndim > 2)
        return 0;
    return s->dim[0] == values->shape.dim[0] && (s->ndim == 1 || s->dim[1] == shape->ndim);
}

static fv_status make_dense(const char *name, const fvi_const *values, const fvi_const *indices,
                            const fvi_shape *shape, fvi_pool *pool, fvi_const *out, fv_error *err) {
    const int64_t count = fvi_shape_count(shape), n = fvi_shape_count(&values->shape);
    const size_t size = fvi_dtype_size(values->dtype);
    if (count < 0 || !fits(values, indices, shape))
        return fvi_fail(err, FV_FORMAT,
                        "sparse tensor \"%s\": its shape, values and indices do not fit each other",
                        name);
    uint8_t *dense = fvi_pool_array(pool, (size_t)count + 1, size);
    if (!dense)
        return fvi_fail(err, FV_NOMEM,
                        "sparse tensor \"%s\": no memory for its %" G_GINT64_FORMAT " elements",
                        name, count);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = place(indices, shape, i);
        if (at < 0)
            return fvi_fail(err, FV_FORMAT,
                            "sparse tensor \"%s\": the place of element %" G_GINT64_FORMAT
                            " is outside its shape",
                            name, i);
        memcpy(dense + (size_t)at * size, values->bytes + (size_t)i * size, size);
    }
    *out = (fvi_const){values->dtype, *shape, dense, values->quantised};
    return FV_OK;
}

fv_status fvi_onnx_sparse_read(const fvi_onnx *o, const Onnx__SparseTensorProto *s, fvi_pool *pool,
                               fvi_const *out, const char **problem, fv_error *err) {
    const char *name = fvi_onnx_sparse_name(s);
    fvi_const values, indices;
    fvi_shape shape = {0};
    *problem = NULL;
    if (!s->values || !s->indices)
        return fvi_fail(err, FV_FORMAT, "sparse tensor \"%s\" has no values or no indices", name);
    if (s->n_dims > FVI_MAX_DIMS) *problem = "has more than 8 dimensions";
    fv_status st = FV_OK;
    if (!*problem) st = fvi_onnx_tensor_read(o, s->values, NULL, pool, &values, problem, err);
    if (!st && !*problem)
        st = fvi_onnx_tensor_read(o, s->indices, NULL, pool, &indices, problem, err);
    if (st || *problem) return st;
    shape.ndim = (int)s->n_dims;
    for (int i = 0; i < shape.ndim; i++) shape.dim[i] = s->dims[i];
    return make_dense(name, &values, &indices, &shape, pool, out, err);
}
