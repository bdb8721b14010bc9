/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only give the same elements another shape or order.
 * Source: ONNX operator specification.
 */
#include <string.h>

#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* 0 takes the input's size (unless allowzero), one -1 what is left. */
fv_status fvi_lower_reshape(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x), out = {0};
    int n = fvi_onnx_ints(node, "shape", 1, out.dim, FVI_MAX_DIMS), hole = -1;
    int allow_zero = fvi_onnx_attr_int(node->proto, "allowzero", 0) != 0;
    int64_t rest = 1;
    if (n < 0) return fvi_build_fail(node->b, FV_FORMAT, "its target shape is missing");
    out.ndim = n;
    for (int i = 0; i < n && !node->b->status; i++) {
        if (out.dim[i] == 0 && !allow_zero && i < in.ndim) out.dim[i] = in.dim[i];
        if (out.dim[i] == -1 && hole < 0)
            hole = i;
        else if (out.dim[i] < 0 || fvi_mul(rest, out.dim[i], &rest) < 0)
            return fvi_build_fail(node->b, FV_SHAPE, "axis %d of its target shape is %" PRId64, i,
                                  out.dim[i]);
    }
    int64_t count = fvi_shape_count(&in);
    if (hole >= 0) {
        char text[FVI_SHAPE_TEXT];
        out.dim[hole] = 0;
        if (rest ? count % rest != 0 : count != 0)
            return fvi_build_fail(node->b, FV_SHAPE, "%s cannot be divided into parts of %" PRId64,
                                  fvi_shape_text(&in, text), rest);
        if (rest) out.dim[hole] = count / rest;
    }
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, x, &out));
}

fv_status fvi_lower_flatten(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x);
    int64_t given = fvi_onnx_attr_int(node->proto, "axis", 1);
    int axis = given == in.ndim ? in.ndim : fvi_build_axis(node->b, given, in.ndim);
    if (node->b->status) return node->b->status;
    fvi_shape out = {2, {fvi_shape_product(&in, 0, axis), fvi_shape_product(&in, axis, in.ndim)}};
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, x, &out));
}

fv_status fvi_lower_squeeze(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), absent;
    fvi_shape in = fvi_build_shape(node->b, x), out = {0};
    unsigned axes = fvi_onnx_axes(node, 1, in.ndim, &absent);
    for (int i = 0; i < in.ndim; i++) {
        int goes = absent ? in.dim[i] == 1 : axes >> i & 1;
        if (goes && in.dim[i] != 1)
            return fvi_build_fail(node->b, FV_SHAPE,
                                  "axis %d has %" PRId64 " elements; 1 is needed", i, in.dim[i]);
        if (!goes) out.dim[out.ndim++] = in.dim[i];
    }
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, x, &out));
}

fv_status fvi_lower_unsqueeze(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x), out = {0};
    int64_t axes[FVI_MAX_DIMS];
    int n = fvi_onnx_ints(node, "axes", 1, axes, FVI_MAX_DIMS), from = 0;
    unsigned set = 0;
    if (n < 0) return fvi_build_fail(node->b, FV_FORMAT, "its axes are missing");
    if (in.ndim + n > FVI_MAX_DIMS)
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "its result has %d dimensions; at most %d",
                              in.ndim + n, FVI_MAX_DIMS);
    out.ndim = in.ndim + n;
    for (int i = 0; i < n; i++) {
        unsigned bit = 1u << fvi_build_axis(node->b, axes[i], out.ndim);
        if (set & bit) return fvi_build_fail(node->b, FV_FORMAT, "an axis is named twice");
        set |= bit;
    }
    for (int i = 0; i < out.ndim && !node->b->status; i++)
        out.dim[i] = set >> i & 1 ? 1 : in.dim[from++];
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, x, &out));
}

fv_status fvi_lower_transpose(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), perm[FVI_MAX_DIMS], ndim = fvi_build_shape(node->b, x).ndim;
    int64_t given[FVI_MAX_DIMS];
    int n = fvi_onnx_ints(node, "perm", -1, given, FVI_MAX_DIMS);
    unsigned seen = 0;
    if (n >= 0 && n != ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "perm has %d axes; its input has %d", n, ndim);
    for (int i = 0; i < ndim && !node->b->status; i++) {
        perm[i] = n < 0 ? ndim - 1 - i : fvi_build_axis(node->b, given[i], ndim);
        seen |= 1u << perm[i];
    }
    if (node->b->status) return node->b->status;
    if (seen != (1u << ndim) - 1)
        return fvi_build_fail(node->b, FV_FORMAT, "perm is not a permutation");
    return fvi_onnx_out(node, 0, fvi_emit_transpose(node->b, x, perm));
}

fv_status fvi_lower_expand(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape in = fvi_build_shape(node->b, x), want = {0}, out;
    want.ndim = fvi_onnx_ints(node, "shape", 1, want.dim, FVI_MAX_DIMS);
    if (want.ndim < 0) return fvi_build_fail(node->b, FV_FORMAT, "its target shape is missing");
    if (fvi_shape_count(&want) < 0 || fvi_shape_broadcast(&in, &want, &out) < 0) {
        char ti[FVI_SHAPE_TEXT], tw[FVI_SHAPE_TEXT];
        return fvi_build_fail(node->b, FV_SHAPE, "%s cannot be expanded to %s",
                              fvi_shape_text(&in, ti), fvi_shape_text(&want, tw));
    }
    return fvi_onnx_out(node, 0, fvi_emit_expand(node->b, x, &out));
}

/* Axis by axis: [before, after] -> [before, 1, after] -> [before, times, after]. */
fv_status fvi_lower_tile(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    int64_t times[FVI_MAX_DIMS];
    int n = fvi_onnx_ints(node, "repeats", 1, times, FVI_MAX_DIMS);
    if (!node->b->status && n != shape.ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "%d repeats for %d axes", n, shape.ndim);
    for (int i = 0; i < n && !node->b->status; i++) {
        if (times[i] < 0 || times[i] > FVI_MAX_ELEMENTS)
            return fvi_build_fail(node->b, FV_SHAPE, "repeats axis %d %" PRId64 " times", i,
                                  times[i]);
        if (times[i] == 1) continue;
        int64_t before = fvi_shape_product(&shape, 0, i);
        int64_t after = fvi_shape_product(&shape, i, shape.ndim);
        x = fvi_emit_reshape(node->b, x, &(fvi_shape){3, {before, 1, after}});
        x = fvi_emit_expand(node->b, x, &(fvi_shape){3, {before, times[i], after}});
        shape.dim[i] *= times[i];
        if (fvi_shape_count(&shape) < 0)
            return fvi_build_fail(node->b, FV_SHAPE, "its result is too large");
        x = fvi_emit_reshape(node->b, x, &shape);
    }
    return fvi_onnx_out(node, 0, x);
}

/* The input's shape, checked to be 4-D, and the block size; 0 when failed. */
static int64_t block_size(fvi_onnx_node *node, fvi_shape *in) {
    *in = fvi_build_shape(node->b, fvi_onnx_need(node, 0));
    int64_t b = fvi_onnx_attr_int(node->proto, "blocksize", 0);
    if (!node->b->status && (in->ndim != 4 || b < 1 || b > 1 << 15))
        fvi_build_fail(node->b, FV_SHAPE,
                       "blocksize is %" PRId64 " and its input has %d dimensions", b, in->ndim);
    return node->b->status ? 0 : b;
}

/* [n, b b c, h, w] -> [n, c, h b, w b]; DCR: channels are [b][b][c], CRD: [c][b][b]. */
fv_status fvi_lower_depth_to_space(fvi_onnx_node *node) {
    static const int from_dcr[] = {0, 3, 4, 1, 5, 2}, from_crd[] = {0, 1, 4, 2, 5, 3};
    fvi_shape in;
    int64_t b = block_size(node, &in), c = b ? in.dim[1] / (b * b) : 0;
    int crd = fvi_onnx_choice(node, "mode", (const char *const[]){"DCR", "CRD", NULL});
    if (node->b->status) return node->b->status;
    if (c * b * b != in.dim[1])
        return fvi_build_fail(node->b, FV_SHAPE, "%" PRId64 " channels, blocks of %" PRId64,
                              in.dim[1], b);
    fvi_shape dcr6 = {6, {in.dim[0], b, b, c, in.dim[2], in.dim[3]}};
    fvi_shape crd6 = {6, {in.dim[0], c, b, b, in.dim[2], in.dim[3]}};
    int v = fvi_emit_reshape(node->b, node->in[0], crd ? &crd6 : &dcr6);
    v = fvi_emit_transpose(node->b, v, crd ? from_crd : from_dcr);
    return fvi_onnx_out(
        node, 0,
        fvi_emit_reshape(node->b, v,
                         &(fvi_shape){4, {in.dim[0], c, in.dim[2] * b, in.dim[3] * b}}));
}

/* [n, c, h b, w b] -> [n, b b c, h, w], or with mode CRD [n, c b b, h, w] */
fv_status fvi_lower_space_to_depth(fvi_onnx_node *node) {
    fvi_shape in;
    int64_t b = block_size(node, &in);
    if (node->b->status) return node->b->status;
    int64_t n = in.dim[0], c = in.dim[1], h = in.dim[2] / b, w = in.dim[3] / b;
    if (h * b != in.dim[2] || w * b != in.dim[3])
        return fvi_build_fail(node->b, FV_SHAPE,
                              "%" PRId64 "x%" PRId64 " is not made of blocks of %" PRId64,
                              in.dim[2], in.dim[3], b);
    const int crd = fvi_onnx_choice(node, "mode", (const char *const[]){"DCR", "CRD", NULL});
    static const int perm[2][6] = {{0, 3, 5, 1, 2, 4}, {0, 1, 3, 5, 2, 4}};
    int v = fvi_emit_reshape(node->b, node->in[0], &(fvi_shape){6, {n, c, h, b, w, b}});
    v = fvi_emit_transpose(node->b, v, perm[crd]);
    return fvi_onnx_out(node, 0,
                        fvi_emit_reshape(node->b, v, &(fvi_shape){4, {n, c * b * b, h, w}}));
}
