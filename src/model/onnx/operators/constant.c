/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result is always a constant: literal values, shapes, and index tables.
 * Source: ONNX operator specification.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/tensors/tensor.h"

/* A tensor attribute into the pool that outlives the lowering if anything does. */
static const fvi_const *tensor_attribute(fvi_onnx_node *node, const Onnx__TensorProto *t) {
    fvi_pool *pool = fvi_build_constant_pool(node->b);
    const fvi_const *c = NULL;
    if (node->b->status) return NULL;
    node->b->status = fvi_onnx_tensor(node->l->onnx, t, pool, &c, node->b->err);
    return node->b->status ? NULL : c;
}

/* value_int, value_ints, value_float, value_floats; -1 when none is there. */
static int plain_value(fvi_onnx_node *node) {
    const Onnx__AttributeProto *a;
    uint8_t *data;
    int v = -1;
    if ((a = fvi_onnx_attr(node->proto, "value_int"))) {
        v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){0}, &data);
        if (v >= 0) fvi_put_int(FVI_I64, data, 0, a->i);
    } else if ((a = fvi_onnx_attr(node->proto, "value_ints"))) {
        v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {(int64_t)a->n_ints}}, &data);
        for (size_t i = 0; v >= 0 && i < a->n_ints; i++)
            fvi_put_int(FVI_I64, data, (int64_t)i, a->ints[i]);
    } else if ((a = fvi_onnx_attr(node->proto, "value_float"))) {
        v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){0}, &data);
        if (v >= 0) fvi_put_real(FVI_F32, data, 0, a->f);
    } else if ((a = fvi_onnx_attr(node->proto, "value_floats"))) {
        v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){1, {(int64_t)a->n_floats}}, &data);
        for (size_t i = 0; v >= 0 && i < a->n_floats; i++)
            fvi_put_real(FVI_F32, data, (int64_t)i, a->floats[i]);
    } else {
        fvi_build_fail(node->b, FV_UNSUPPORTED,
                       "it has none of value, value_int(node) and value_float(node)");
    }
    return v;
}

fv_status fvi_lower_constant(fvi_onnx_node *node) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "value");
    if (!a || !a->t) return fvi_onnx_out(node, 0, plain_value(node));
    const fvi_const *c = tensor_attribute(node, a->t);
    return c ? fvi_onnx_out(node, 0,
                            fvi_emit_alias(node->b, c, c->dtype, node->operation.file_constant))
             : node->b->status;
}

fv_status fvi_lower_constant_of_shape(fvi_onnx_node *node) {
    const fvi_const *target = fvi_onnx_fixed(node, 0, "shape");
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "value");
    const fvi_const *fill = a && a->t ? tensor_attribute(node, a->t) : NULL;
    fvi_shape shape = {0};
    if (!target) return fvi_onnx_need(node, 0), node->b->status;
    shape.ndim = fvi_onnx_ints(node, "shape", 0, shape.dim, FVI_MAX_DIMS);
    if (node->b->status) return node->b->status;
    if (fill && fvi_shape_count(&fill->shape) != 1)
        return fvi_build_fail(node->b, FV_FORMAT, "its value is not one number");
    uint8_t *data;
    fvi_dtype t = fill ? fill->dtype : FVI_F32;
    int v = fvi_emit_constant(node->b, t, &shape, &data);
    int64_t n = v >= 0 && fill ? fvi_shape_count(&shape) : 0;
    size_t size = fvi_dtype_size(t);
    for (int64_t i = 0; i < n; i++) memcpy(data + (size_t)i * size, fill->bytes, size);
    return fvi_onnx_out(node, 0, v);
}

static int64_t clamp(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

fv_status fvi_lower_shape(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x);
    int64_t n = in.ndim, start = fvi_onnx_attr_int(node->proto, "start", 0);
    int64_t end = fvi_onnx_attr_int(node->proto, "end", n);
    start = clamp(start < 0 ? start + n : start, 0, n);
    end = clamp(end < 0 ? end + n : end, 0, n);
    uint8_t *data;
    int64_t count = end > start ? end - start : 0;
    int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {count}}, &data);
    for (int64_t i = 0; v >= 0 && i < count; i++) fvi_put_int(FVI_I64, data, i, in.dim[start + i]);
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_size(fvi_onnx_node *node) {
    fvi_shape in = fvi_build_shape(node->b, fvi_onnx_need(node, 0));
    uint8_t *data;
    int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){0}, &data);
    if (v >= 0) fvi_put_int(FVI_I64, data, 0, fvi_shape_count(&in));
    return fvi_onnx_out(node, 0, v);
}

/* Number of elements of start, start + delta, ... before limit; -1 when that is not a number. */
static int64_t range_count(const fvi_const *const *c) {
    double start = fvi_const_at(c[0], 0), limit = fvi_const_at(c[1], 0),
           delta = fvi_const_at(c[2], 0);
    double n = ceil((limit - start) / delta);
    if (!(n <= (double)FVI_CONSTANT_MAX_ELEMENTS)) return -1;
    return n > 0 ? (int64_t)n : 0;
}

fv_status fvi_lower_range(fvi_onnx_node *node) {
    static const char *const words[] = {"start", "limit", "delta"};
    const fvi_const *c[3];
    for (int i = 0; i < 3; i++) {
        c[i] = fvi_onnx_fixed(node, i, words[i]);
        if (!c[i] || fvi_shape_count(&c[i]->shape) < 1)
            return fvi_build_fail(node->b, FV_FORMAT, "%s is missing", words[i]);
    }
    int64_t n = range_count(c);
    if (n < 0) return fvi_build_fail(node->b, FV_SHAPE, "it has no sound number of elements");
    uint8_t *data;
    fvi_dtype t = c[0]->dtype;
    int v = fvi_emit_constant(node->b, t, &(fvi_shape){1, {n}}, &data);
    uint64_t start = (uint64_t)fvi_const_int(c[0], 0), delta = (uint64_t)fvi_const_int(c[2], 0);
    double start_r = fvi_const_at(c[0], 0), delta_r = fvi_const_at(c[2], 0);
    for (int64_t i = 0; v >= 0 && i < n; i++)
        if (fvi_dtype_is_int(t))
            fvi_put_int(t, data, i, (int64_t)(start + (uint64_t)i * delta));
        else
            fvi_put_real(t, data, i, start_r + (double)i * delta_r);
    return fvi_onnx_out(node, 0, v);
}

/* Indices of the elements that are not zero: [ndim, count]. */
fv_status fvi_lower_non_zero(fvi_onnx_node *node) {
    const fvi_const *x = fvi_onnx_deciding(node, 0, "input");
    if (!x) return fvi_onnx_need(node, 0), node->b->status;
    int64_t n = fvi_shape_count(&x->shape), count = 0, stride[FVI_MAX_DIMS], at = 0;
    for (int64_t i = 0; i < n; i++) count += fvi_const_at(x, i) != 0;
    uint8_t *data;
    int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){2, {x->shape.ndim, count}}, &data);
    if (v >= 0 && !fvi_build_charge(node->b, 4 * n)) v = -1;
    fvi_shape_strides(&x->shape, stride);
    for (int64_t i = 0; v >= 0 && i < n; i++) {
        if (fvi_const_at(x, i) == 0) continue;
        for (int k = 0; k < x->shape.ndim; k++)
            fvi_put_int(FVI_I64, data, k * count + at, i / stride[k] % x->shape.dim[k]);
        at++;
    }
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_eye_like(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x);
    int64_t t = fvi_onnx_attr_int(node->proto, "dtype", fvi_build_dtype(node->b, x));
    int64_t k = clamp(fvi_onnx_attr_int(node->proto, "k", 0), -FVI_MAX_ELEMENTS, FVI_MAX_ELEMENTS);
    if (node->b->status) return node->b->status;
    if (in.ndim != 2 || t < 0 || t > FVI_BF16 || !fvi_dtype_size((fvi_dtype)t))
        return fvi_build_fail(node->b, FV_SHAPE, "%d dimensions of type %" PRId64, in.ndim, t);
    uint8_t *data;
    int v = fvi_emit_constant(node->b, (fvi_dtype)t, &in, &data);
    for (int64_t y = 0; v >= 0 && y < in.dim[0]; y++)
        if (y + k >= 0 && y + k < in.dim[1])
            fvi_put_int((fvi_dtype)t, data, y * in.dim[1] + y + k, 1);
    return fvi_onnx_out(node, 0, v);
}

/* Sets the element that index i of x names to `on`; an index out of range names none. */
static void set_one(const fvi_const *x, int64_t i, int64_t depth, int64_t inner,
                    const fvi_const *values, uint8_t *data) {
    int64_t k = fvi_const_int(x, i);
    if (k < -depth || k >= depth) return;
    int64_t at = (i / inner * depth + (k < 0 ? k + depth : k)) * inner + i % inner;
    fvi_put_from(values->dtype, data, at, values, 1);
}

/* indices, depth, [off, on] -> a new axis of `depth` elements. */
fv_status fvi_lower_one_hot(fvi_onnx_node *node) {
    const fvi_const *x = fvi_onnx_fixed(node, 0, "indices"), *d = fvi_onnx_fixed(node, 1, "depth");
    const fvi_const *values = fvi_onnx_fixed(node, 2, "values");
    if (!x || !d || !values || fvi_shape_count(&d->shape) != 1 ||
        fvi_shape_count(&values->shape) != 2 || x->shape.ndim >= FVI_MAX_DIMS)
        return fvi_build_fail(node->b, FV_FORMAT, "it needs indices, one depth and two values");
    int64_t depth = fvi_const_int(d, 0), n = fvi_shape_count(&x->shape);
    fvi_shape out = {.ndim = x->shape.ndim + 1};
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), out.ndim);
    for (int i = 0; i < out.ndim; i++)
        out.dim[i] = i == axis ? depth : x->shape.dim[i < axis ? i : i - 1];
    uint8_t *data;
    int v = fvi_emit_constant(node->b, values->dtype, &out, &data);
    if (v < 0) return node->b->status;
    int64_t inner = fvi_shape_product(&out, axis + 1, out.ndim);
    if (!fvi_build_charge(node->b, 4 * n)) return node->b->status;
    for (int64_t i = 0; i < n * depth; i++) fvi_put_from(values->dtype, data, i, values, 0);
    for (int64_t i = 0; i < n; i++) set_one(x, i, depth, inner, values, data);
    return fvi_onnx_out(node, 0, v);
}
