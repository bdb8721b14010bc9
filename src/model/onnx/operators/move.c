/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that take parts and put parts together.
 * Source: ONNX operator specification.
 */
#include "model/onnx/operators/move.h"

#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

fv_status fvi_lower_concat(fvi_onnx_node *node) {
    int ndim = fvi_build_shape(node->b, fvi_onnx_need(node, 0)).ndim;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 1), ndim);
    for (int i = 0; i < node->n_in; i++) fvi_onnx_need(node, i);
    return fvi_onnx_out(
        node, 0, node->b->status ? -1 : fvi_emit_concat(node->b, axis, node->n_in, node->in));
}

/* Size of part i of n of `total` elements, equal but for the last. */
static int64_t equal_part(int64_t total, int64_t n, int64_t i) {
    int64_t size = (total + n - 1) / n, start = size * i;
    return start >= total ? 0 : total - start < size ? total - start : size;
}

/* Sizes of the parts, from the file or equal, that must make up the whole axis of n elements. */
static void part_sizes(fvi_onnx_node *node, int64_t n, int64_t *sizes) {
    int given = fvi_onnx_ints(node, "split", 1, sizes, node->n_out);
    int64_t parts = given >= 0 ? given : fvi_onnx_attr_int(node->proto, "num_outputs", node->n_out);
    int64_t left = n;
    if (parts != node->n_out)
        fvi_build_fail(node->b, FV_FORMAT, "%" PRId64 " parts for %d outputs", parts, node->n_out);
    if (given < 0 && node->l->opset < 18 && n % node->n_out)
        fvi_build_fail(node->b, FV_SHAPE, "%" PRId64 " elements in %d equal parts", n, node->n_out);
    for (int i = 0; i < node->n_out && !node->b->status; i++) {
        if (given < 0) sizes[i] = equal_part(n, node->n_out, i);
        if (sizes[i] < 0 || sizes[i] > left)
            fvi_build_fail(node->b, FV_SHAPE, "part %d of %" PRId64 " does not fit into %" PRId64,
                           i, sizes[i], n);
        left -= sizes[i];
    }
    if (left) fvi_build_fail(node->b, FV_SHAPE, "its parts leave %" PRId64 " of %" PRId64, left, n);
}

fv_status fvi_lower_split(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x);
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), in.ndim);
    int64_t *sizes = g_try_new(int64_t, (gsize)node->n_out + 1), start = 0;
    if (!sizes) return fvi_build_nomem(node->b);
    if (!node->b->status) part_sizes(node, in.dim[axis], sizes);
    for (int i = 0; i < node->n_out && !node->b->status; i++) {
        fvi_onnx_out(node, i, fvi_emit_slice(node->b, x, axis, start, sizes[i]));
        start += sizes[i];
    }
    g_free(sizes);
    return node->b->status;
}

static int64_t clamp(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

/* Cuts one axis of `out` and notes it in a; 0 when nothing changes. */
static int cut_axis(fvi_onnx_node *node, int axis, int64_t start, int64_t end, int64_t step,
                    fvi_shape *out, fvi_node_attr *a) {
    int64_t size = out->dim[axis], first;
    if (step == 0) return fvi_build_fail(node->b, FV_FORMAT, "step 0 on axis %d", axis);
    out->dim[axis] = fvi_slice_range(size, start, end, step, &first);
    a->slice.start[axis] = out->dim[axis] ? first : 0;
    a->slice.step[axis] = out->dim[axis] > 1 ? step : 1;
    return out->dim[axis] != size || a->slice.step[axis] != 1;
}

/* Whether an optional list has n entries. */
static int as_many(int count, int n) { return count < 0 || count == n; }

fv_status fvi_lower_slice(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), cut = 0;
    fvi_shape out = fvi_build_shape(node->b, x);
    int64_t starts[FVI_MAX_DIMS], ends[FVI_MAX_DIMS], axes[FVI_MAX_DIMS], steps[FVI_MAX_DIMS];
    int n = fvi_onnx_ints(node, "starts", 1, starts, FVI_MAX_DIMS);
    int n_ends = fvi_onnx_ints(node, "ends", 2, ends, FVI_MAX_DIMS);
    int n_axes = fvi_onnx_ints(node, "axes", 3, axes, FVI_MAX_DIMS);
    int n_steps = fvi_onnx_ints(node, "steps", 4, steps, FVI_MAX_DIMS);
    if (n < 0 || n > out.ndim || n_ends != n || !as_many(n_axes, n) || !as_many(n_steps, n))
        return fvi_build_fail(node->b, FV_FORMAT, "starts, ends, axes and steps are not as many");
    fvi_node_attr a = {0};
    unsigned seen = 0;
    for (int i = 0; i < out.ndim; i++) a.slice.step[i] = 1;
    for (int i = 0; i < n && !node->b->status; i++) {
        int axis = n_axes < 0 ? i : fvi_build_axis(node->b, axes[i], out.ndim);
        if (seen >> axis & 1)
            return fvi_build_fail(node->b, FV_FORMAT, "axis %d is named twice", axis);
        seen |= 1u << axis;
        cut |= cut_axis(node, axis, starts[i], ends[i], n_steps < 0 ? 1 : steps[i], &out, &a);
    }
    if (!cut || node->b->status) return fvi_onnx_out(node, 0, x);
    return fvi_onnx_out(node, 0, fvi_emit(node->b, FVI_SLICE, &a, &out, 1, &x));
}

/* Reads pads [begins.., ends..], of all axes or of `axes`. */
static void read_pads(fvi_onnx_node *node, int ndim, int64_t *lo, int64_t *hi) {
    int64_t pads[2 * FVI_MAX_DIMS], axes[FVI_MAX_DIMS];
    const char *name = fvi_onnx_attr(node->proto, "paddings") ? "paddings" : "pads";
    int n = fvi_onnx_ints(node, name, 1, pads, 2 * FVI_MAX_DIMS);
    int n_axes = fvi_onnx_ints(node, "axes", 3, axes, FVI_MAX_DIMS);
    int count = n_axes >= 0 ? n_axes : ndim;
    if (n != 2 * count) {
        fvi_build_fail(node->b, FV_FORMAT, "%d pads for %d axes; %d are needed", n < 0 ? 0 : n,
                       count, 2 * count);
        return;
    }
    for (int i = 0; i < count && !node->b->status; i++) {
        int axis = n_axes >= 0 ? fvi_build_axis(node->b, axes[i], ndim) : i;
        lo[axis] = pads[i];
        hi[axis] = pads[count + i];
    }
}

fv_status fvi_lower_pad(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    const fvi_pad_mode mode = (fvi_pad_mode)fvi_onnx_choice(
        node, "mode", (const char *const[]){"constant", "reflect", "edge", "wrap", NULL});
    const float value = (float)fvi_onnx_real(node, "value", 2, 0);
    read_pads(node, fvi_build_shape(node->b, x).ndim, lo, hi);
    return fvi_onnx_out(node, 0, fvi_emit_pad(node->b, x, lo, hi, mode, value));
}

int fvi_onnx_gather(fvi_onnx_node *node, int x, int indices, int64_t axis) {
    const fvi_const *c = fvi_build_const(node->b, indices);
    const fvi_shape in = fvi_build_shape(node->b, x);
    const int own = fvi_build_axis(node->b, axis, MAX(in.ndim, 1));
    const int64_t count = c && in.ndim ? fvi_shape_count(&c->shape) : 0;
    for (int64_t i = 0; i < count && !node->b->status; i++) {
        const int64_t at = fvi_const_int(c, i), n = in.dim[own];
        if (at < -n || at >= n) fvi_onnx_fail_index(node, 1, at, n);
    }
    return fvi_emit_gather(node->b, x, indices, axis);
}

fv_status fvi_lower_gather(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0), indices = fvi_onnx_need(node, 1);
    const int64_t axis = fvi_onnx_attr_int(node->proto, "axis", 0);
    return fvi_onnx_out(node, 0, fvi_onnx_gather(node, x, indices, axis));
}

/* Keeps the upper (or lower) triangle of the last two axes: selection by a constant mask. */
fv_status fvi_lower_trilu(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x);
    const fvi_const *kc = fvi_onnx_fixed(node, 1, "k");
    if (node->b->status) return node->b->status;
    if (in.ndim < 2)
        return fvi_build_fail(node->b, FV_SHAPE, "its input has %d dimensions", in.ndim);
    int64_t h = in.dim[in.ndim - 2], w = in.dim[in.ndim - 1];
    int64_t k = kc && fvi_shape_count(&kc->shape) ? fvi_const_int(kc, 0) : 0;
    int upper = fvi_onnx_attr_int(node->proto, "upper", 1) != 0;
    k = clamp(k, -FVI_MAX_ELEMENTS, FVI_MAX_ELEMENTS);
    uint8_t *mask;
    int m = fvi_emit_constant(node->b, FVI_BOOL, &(fvi_shape){2, {h, w}}, &mask);
    if (m >= 0 && !fvi_build_charge(node->b, 4 * h * w)) m = -1;
    for (int64_t i = 0; m >= 0 && i < h * w; i++)
        mask[i] = upper ? i % w - i / w >= k : i % w - i / w <= k;
    int zero = fvi_emit_scalar(node->b, fvi_build_dtype(node->b, x), 0);
    return fvi_onnx_out(node, 0, fvi_emit_where(node->b, m, x, zero));
}
