/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering and scattering by index tensors, which are constants. Gathering becomes a GATHER of
 * rows by flat indices. Scattering is done on constants only: exporters use it in shape arithmetic
 * and masks. Duplicate indices of a scatter without reduction: the last one wins. Source: ONNX
 * operator specification (GatherElements-11/13, GatherND-11..13, ScatterND-11..18,
 * ScatterElements-11..18).
 */
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Index j of an axis of n elements brought into range, or the site fails (then 0). */
static int64_t in_range(fvi_onnx_node *node, int64_t j, int64_t n) {
    if (j >= -n && j < n) return j < 0 ? j + n : j;
    fvi_build_fail(node->b, FV_SHAPE, "index %" PRId64 " of %" PRId64, j, n);
    return 0;
}

static fv_status need_constants(fvi_onnx_node *node, const fvi_const *c[3]) {
    static const char *const words[] = {"input", "indices", "updates"};
    for (int i = 0; i < 3; i++) {
        c[i] = fvi_onnx_fixed(node, i, words[i]);
        if (!c[i]) fvi_onnx_need(node, i);
    }
    return node->b->status;
}

/* Element that position i of `indices` names in x: its own position with the axis replaced. */
static int64_t element(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices, int axis,
                       int64_t i) {
    int64_t stride[FVI_MAX_DIMS], at = 0, rest = i;
    fvi_shape_strides(x, stride);
    for (int k = x->ndim - 1; k >= 0; k--) {
        int64_t p = rest % indices->shape.dim[k];
        rest /= indices->shape.dim[k];
        if (k == axis) p = in_range(node, fvi_const_int(indices, i), x->dim[k]);
        at += p * stride[k];
    }
    return at;
}

static int fits_inside(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices,
                       int axis) {
    int fits = x->ndim == indices->shape.ndim;
    for (int k = 0; fits && k < x->ndim; k++)
        fits = k == axis || indices->shape.dim[k] <= x->dim[k];
    if (!fits) fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    return fits;
}

/* x as rows of `run` elements, of which those that `rows` [n] names make up `out`. */
static int gather_rows(fvi_onnx_node *node, int x, int64_t run, int rows, const fvi_shape *out) {
    fvi_shape shape = fvi_build_shape(node->b, x), n = fvi_build_shape(node->b, rows);
    if (node->b->status) return -1;
    int64_t all = run ? fvi_shape_count(&shape) / run : 0;
    x = fvi_emit_reshape(node->b, x, &(fvi_shape){2, {all, run}});
    if (x < 0) return -1;
    fvi_node_attr a = {.axis = {0}};
    int v =
        fvi_emit(node->b, FVI_GATHER, &a, &(fvi_shape){2, {n.dim[0], run}}, 2, (int[]){x, rows});
    return fvi_emit_reshape(node->b, v, out);
}

fv_status fvi_lower_gather_elements(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    fvi_shape in = fvi_build_shape(node->b, x);
    if (!indices) return fvi_onnx_need(node, 1), node->b->status;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), in.ndim);
    if (node->b->status || !fits_inside(node, &in, indices, axis)) return node->b->status;
    uint8_t *data;
    int64_t n = fvi_shape_count(&indices->shape);
    int rows = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t i = 0; rows >= 0 && i < n && !node->b->status; i++)
        fvi_put_int(FVI_I64, data, i, element(node, &in, indices, axis, i));
    return fvi_onnx_out(node, 0, gather_rows(node, x, 1, rows, &indices->shape));
}

/* Offset of the slice that row r of [.., depth] indices names, from axis `from` on. */
static int64_t slice_offset(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices,
                            int from, int64_t depth, int64_t r) {
    int64_t stride[FVI_MAX_DIMS], at = 0;
    fvi_shape_strides(x, stride);
    for (int64_t k = 0; k < depth; k++)
        at += stride[from + k] *
              in_range(node, fvi_const_int(indices, r * depth + k), x->dim[from + k]);
    return at;
}

/* Shape of GatherND's result; 0 when indices and input do not fit. */
static int gather_nd_shape(const fvi_shape *x, const fvi_shape *ix, int64_t batch, int64_t depth,
                           fvi_shape *out) {
    *out = (fvi_shape){0};
    if (batch < 0 || batch >= x->ndim || batch >= ix->ndim || depth < 1 ||
        depth > x->ndim - batch || ix->ndim - 1 + x->ndim - batch - depth > FVI_MAX_DIMS)
        return 0;
    for (int i = 0; i < ix->ndim - 1; i++) out->dim[out->ndim++] = ix->dim[i];
    for (int i = (int)(batch + depth); i < x->ndim; i++) out->dim[out->ndim++] = x->dim[i];
    return !memcmp(x->dim, ix->dim, (size_t)batch * sizeof *x->dim);
}

fv_status fvi_lower_gather_nd(fvi_onnx_node *node) {
    int v = fvi_onnx_need(node, 0);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    if (!indices) return fvi_onnx_need(node, 1), node->b->status;
    fvi_shape x = fvi_build_shape(node->b, v), out;
    const fvi_shape *ix = &indices->shape;
    int64_t batch = fvi_onnx_attr_int(node->proto, "batch_dims", 0);
    int64_t depth = ix->ndim > 0 ? ix->dim[ix->ndim - 1] : 0;
    if (node->b->status) return node->b->status;
    if (!gather_nd_shape(&x, ix, batch, depth, &out))
        return fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    int64_t run = fvi_shape_product(&x, (int)(batch + depth), x.ndim);
    int64_t own = fvi_shape_product(&x, (int)batch, x.ndim);
    int64_t n = fvi_shape_product(ix, 0, ix->ndim - 1);
    int64_t share = fvi_shape_product(ix, (int)batch, ix->ndim - 1);
    uint8_t *data;
    int rows = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t r = 0; rows >= 0 && run > 0 && r < n && !node->b->status; r++) {
        int64_t at = slice_offset(node, &x, indices, (int)batch, depth, r) + r / share * own;
        fvi_put_int(FVI_I64, data, r, at / run);
    }
    return fvi_onnx_out(node, 0, gather_rows(node, v, run, rows, &out));
}

enum { SET, ADD, MUL, MAX, MIN };

static int reduction(fvi_onnx_node *node) {
    return fvi_onnx_choice(node, "reduction",
                           (const char *const[]){"none", "add", "mul", "max", "min", NULL});
}

/* dst[at] = dst[at] (op) update[i] */
static void update(const fvi_const *dst, uint8_t *data, int64_t at, const fvi_const *u, int64_t i,
                   int op) {
    if (op == SET) {
        fvi_put_from(dst->dtype, data, at, u, i);
        return;
    }
    double a = fvi_const_at(dst, at), b = fvi_const_at(u, i);
    fvi_put_real(dst->dtype, data, at,
                 op == ADD   ? a + b
                 : op == MUL ? a * b
                 : op == MAX ? (a > b ? a : b)
                             : (a < b ? a : b));
}

/* A copy of the input to scatter into; its constant reads what was written. */
static int copy_input(fvi_onnx_node *node, const fvi_const *x, uint8_t **data) {
    int v = fvi_emit_constant(node->b, x->dtype, &x->shape, data);
    if (v >= 0 && fvi_shape_count(&x->shape) > 0)
        memcpy(*data, x->bytes, (size_t)fvi_shape_count(&x->shape) * fvi_dtype_size(x->dtype));
    return v;
}

fv_status fvi_lower_scatter_nd(fvi_onnx_node *node) {
    const fvi_const *c[3];
    if (need_constants(node, c)) return node->b->status;
    const fvi_shape *x = &c[0]->shape, *ix = &c[1]->shape;
    int64_t depth = ix->ndim > 0 ? ix->dim[ix->ndim - 1] : 0;
    if (depth < 1 || depth > x->ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    int64_t run = fvi_shape_product(x, (int)depth, x->ndim), total;
    int64_t rows = fvi_shape_product(ix, 0, ix->ndim - 1);
    if (fvi_mul(rows, run, &total) < 0 || fvi_shape_count(&c[2]->shape) != total)
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    uint8_t *data;
    int op = reduction(node), v = copy_input(node, c[0], &data);
    fvi_build_charge(node->b, 4 * total + 8 * rows);
    for (int64_t r = 0; v >= 0 && r < rows && !node->b->status; r++) {
        int64_t at = slice_offset(node, x, c[1], 0, depth, r);
        for (int64_t k = 0; k < run && !node->b->status; k++)
            update(fvi_build_const(node->b, v), data, at + k, c[2], r * run + k, op);
    }
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_scatter_elements(fvi_onnx_node *node) {
    const fvi_const *c[3];
    if (need_constants(node, c)) return node->b->status;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), c[0]->shape.ndim);
    if (node->b->status || !fits_inside(node, &c[0]->shape, c[1], axis)) return node->b->status;
    if (!fvi_shape_equal(&c[1]->shape, &c[2]->shape))
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    uint8_t *data;
    int op = reduction(node), v = copy_input(node, c[0], &data);
    int64_t n = fvi_shape_count(&c[1]->shape);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t i = 0; v >= 0 && i < n && !node->b->status; i++)
        update(fvi_build_const(node->b, v), data, element(node, &c[0]->shape, c[1], axis, i), c[2],
               i, op);
    return fvi_onnx_out(node, 0, v);
}
