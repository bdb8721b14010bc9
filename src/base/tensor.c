/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: making, counting, freeing; half precision. NPY files: npy.c. */
#include "base/tensor.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

fvi_shape fvi_tensor_shape(const fv_tensor *t) {
    fvi_shape s = {.ndim = t->ndim};
    memcpy(s.dim, t->dim, sizeof s.dim);
    return s;
}

fv_status fvi_tensor_check(const fv_tensor *t, const char *what, fv_error *err) {
    char text[FVI_SHAPE_TEXT];
    if (t->ndim < 0 || t->ndim > FV_MAX_DIMS)
        return fvi_fail(err, FV_ARG, "%s has %d dimensions; allowed: 0..%d", what, t->ndim,
                        FV_MAX_DIMS);
    fvi_shape s = fvi_tensor_shape(t);
    if (fvi_shape_count(&s) < 0)
        return fvi_fail(err, FV_ARG,
                        "%s is %s; sizes are at least 0, and all together at most %lld elements",
                        what, fvi_shape_text(&s, text), (long long)FVI_MAX_ELEMENTS);
    if (!t->data) return fvi_fail(err, FV_ARG, "%s has no data: they are NULL", what);
    return FV_OK;
}

fv_status fvi_tensor_new(const fvi_shape *shape, fv_tensor **out, fv_error *err) {
    return fv_tensor_new(shape->ndim, shape->dim, out, err);
}

fv_status fv_tensor_new(int ndim, const int64_t *dim, fv_tensor **out, fv_error *err) {
    fv_status bad = FVI_NOT_NULL(err, out);
    if (bad) return bad;
    if (ndim < 0 || ndim > FV_MAX_DIMS)
        return fvi_fail(err, FV_ARG, "a tensor of %d dimensions cannot be made; allowed: 0..%d",
                        ndim, FV_MAX_DIMS);
    if (ndim > 0 && (bad = FVI_NOT_NULL(err, dim))) return bad;
    fvi_shape s = {.ndim = ndim};
    for (int i = 0; i < ndim; i++) {
        s.dim[i] = dim[i];
        if (dim[i] < 0)
            return fvi_fail(err, FV_ARG, "dimension %d of a tensor is %lld; it must be 0 or more",
                            i, (long long)dim[i]);
    }
    char text[FVI_SHAPE_TEXT];
    int64_t n = fvi_shape_count(&s);
    if (n < 0)
        return fvi_fail(err, FV_NOMEM, "a tensor of %s has more than %lld elements",
                        fvi_shape_text(&s, text), (long long)FVI_MAX_ELEMENTS);
    fv_tensor *t = calloc(1, sizeof *t);
    float *data = calloc(n ? (size_t)n : 1, sizeof *data);
    if (!t || !data) {
        free(t);
        free(data);
        return fvi_fail(err, FV_NOMEM, "no memory for a tensor of %s", fvi_shape_text(&s, text));
    }
    t->ndim = ndim;
    memcpy(t->dim, s.dim, sizeof s.dim);
    t->data = data;
    *out = t;
    return FV_OK;
}

fv_status fvi_tensor_copy(const fv_tensor *from, fv_tensor **out, fv_error *err) {
    fvi_shape shape = fvi_tensor_shape(from);
    fv_status st = fvi_tensor_new(&shape, out, err);
    if (!st) memcpy((*out)->data, from->data, (size_t)fv_tensor_count(from) * sizeof *from->data);
    return st;
}

int64_t fv_tensor_count(const fv_tensor *tensor) {
    if (!tensor || tensor->ndim < 0 || tensor->ndim > FV_MAX_DIMS) return 0;
    fvi_shape s = fvi_tensor_shape(tensor);
    int64_t n = fvi_shape_count(&s);
    return n < 0 ? 0 : n;
}

void fv_tensor_free(fv_tensor *tensor) {
    if (!tensor) return;
    free(tensor->data);
    free(tensor);
}

float fvi_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
    uint32_t mantissa = half & 0x3ff, bits = sign | (exponent + 112) << 23 | mantissa << 13;
    if (exponent == 31) bits = sign | 0x7f800000 | mantissa << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    if (exponent) return f;
    f = (float)mantissa * 0x1p-24f; /* below the smallest normal half */
    return sign ? -f : f;
}
