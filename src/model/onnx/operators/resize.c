/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample: each axis' scale and size, then its taps (graph/build/resize_kernel.c).
 * Opset 10 and Upsample know one rule only: coordinates x / scale, nearest rounds down.
 * Source: ONNX operator specification, Resize-10..19, Upsample-7/9.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "graph/build/resize_kernel.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* The new size of each axis. */
typedef struct targets {
    int64_t out[FVI_MAX_DIMS];
    double scale[FVI_MAX_DIMS], roi[FVI_MAX_DIMS][2];
} targets;

static void read_rule(fvi_onnx_node *node, fvi_resize_rule *r) {
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
    static const char *const rounding[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil", NULL};
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    int old = node->l->opset < 11;
    memset(r, 0, sizeof *r);
    r->coordinates = FVI_ASYMMETRIC;
    r->nearest = FVI_ROUND_FLOOR;
    r->mode = fvi_onnx_attr_is(node->proto, "mode", "bilinear", "nearest")
                  ? FVI_RESIZE_LINEAR
                  : fvi_onnx_choice(node, "mode", modes);
    if (old) return;
    r->coordinates = fvi_onnx_choice(node, "coordinate_transformation_mode", coordinates);
    r->nearest = fvi_onnx_choice(node, "nearest_mode", rounding);
    r->cubic_a = fvi_onnx_attr_float(node->proto, "cubic_coeff_a", -0.75f);
    r->exclude_outside = fvi_onnx_attr_int(node->proto, "exclude_outside", 0) != 0;
    r->antialias = fvi_onnx_attr_int(node->proto, "antialias", 0) != 0;
    if (!isfinite(r->cubic_a) || fabs(r->cubic_a) > 1e6)
        fvi_build_fail(node->b, FV_FORMAT, "cubic_coeff_a is %g", r->cubic_a);
}

static void set_scale(fvi_onnx_node *node, const fvi_shape *in, int axis, double scale,
                      targets *t) {
    double out = floorf((float)in->dim[axis] * (float)scale);
    if (!(scale > 0) || !(out <= (double)FVI_MAX_ELEMENTS)) {
        fvi_build_fail(node->b, FV_SHAPE, "the scale of axis %d is %g", axis, scale);
        return;
    }
    t->scale[axis] = scale;
    t->out[axis] = (int64_t)out;
}

/* Numbers of constant input i or, in Upsample-7, of the attribute; NULL when absent or empty. */
static const fvi_const *numbers(fvi_onnx_node *node, int i, const char *what) {
    const fvi_const *c = fvi_onnx_fixed(node, i, what);
    return c && fvi_shape_count(&c->shape) > 0 ? c : NULL;
}

static void use_scales(fvi_onnx_node *node, const fvi_shape *in, int n, const int *axes, int input,
                       targets *t) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "scales");
    const fvi_const *c = a ? NULL : numbers(node, input, "scales");
    int64_t count = a ? (int64_t)a->n_floats : c ? fvi_shape_count(&c->shape) : 0;
    if (count != n) {
        fvi_build_fail(node->b, FV_FORMAT, "%" PRId64 " scales for %d axes", count, n);
        return;
    }
    for (int i = 0; i < n && !node->b->status; i++)
        set_scale(node, in, axes[i], a ? a->floats[i] : fvi_const_at(c, i), t);
}

/* not_larger and not_smaller give all axes the smallest or largest of their scales. */
static void use_sizes(fvi_onnx_node *node, const fvi_shape *in, int n, const int *axes,
                      const fvi_const *c, targets *t) {
    int policy =
        fvi_onnx_choice(node, "keep_aspect_ratio_policy",
                        (const char *const[]){"stretch", "not_larger", "not_smaller", NULL});
    double common = 0;
    if (fvi_shape_count(&c->shape) != n)
        fvi_build_fail(node->b, FV_FORMAT, "%" PRId64 " sizes for %d axes",
                       fvi_shape_count(&c->shape), n);
    for (int i = 0; i < n && !node->b->status; i++) {
        int64_t size = fvi_const_int(c, i), from = in->dim[axes[i]];
        if (size < 1 || size > FVI_MAX_ELEMENTS || from < 1) {
            fvi_build_fail(node->b, FV_SHAPE, "axis %d of %" PRId64 " is resized to %" PRId64,
                           axes[i], from, size);
            return;
        }
        double scale = (double)size / (double)from;
        t->out[axes[i]] = size;
        t->scale[axes[i]] = scale;
        if (i == 0 || (policy == 1 ? scale < common : scale > common)) common = scale;
    }
    for (int i = 0; i < n && !node->b->status && policy; i++) {
        double size = floor(common * (double)in->dim[axes[i]] + 0.5);
        t->scale[axes[i]] = common;
        t->out[axes[i]] = size < (double)FVI_MAX_ELEMENTS ? (int64_t)size : FVI_MAX_ELEMENTS;
    }
}

static void use_roi(fvi_onnx_node *node, int n, const int *axes, targets *t) {
    const fvi_const *c = numbers(node, 1, "roi");
    if (!c || fvi_shape_count(&c->shape) != (int64_t)2 * n) {
        fvi_build_fail(node->b, FV_FORMAT, "tf_crop_and_resize needs %d numbers of roi", 2 * n);
        return;
    }
    for (int i = 0; i < n; i++) {
        t->roi[axes[i]][0] = fvi_const_at(c, i);
        t->roi[axes[i]][1] = fvi_const_at(c, n + i);
    }
}

static void read_targets(fvi_onnx_node *node, const fvi_shape *in, const fvi_resize_rule *r,
                         targets *t) {
    int64_t given[FVI_MAX_DIMS];
    int axes[FVI_MAX_DIMS], n = fvi_onnx_ints(node, "axes", -1, given, FVI_MAX_DIMS);
    unsigned seen = 0;
    for (int i = 0; i < in->ndim; i++) {
        t->out[i] = in->dim[i];
        t->scale[i] = t->roi[i][1] = 1;
        t->roi[i][0] = 0;
        axes[i] = i;
    }
    for (int i = 0; i < n; i++) {
        axes[i] = fvi_build_axis(node->b, given[i], in->ndim);
        if (seen >> axes[i] & 1) fvi_build_fail(node->b, FV_FORMAT, "an axis is named twice");
        seen |= 1u << axes[i];
    }
    if (n < 0) n = in->ndim;
    const fvi_const *sizes = node->l->opset < 11 ? NULL : numbers(node, 3, "sizes");
    if (node->b->status) return;
    if (sizes)
        use_sizes(node, in, n, axes, sizes, t);
    else
        use_scales(node, in, n, axes, node->l->opset < 11 ? 1 : 2, t);
    if (r->coordinates == FVI_TF_CROP_AND_RESIZE && !node->b->status) use_roi(node, n, axes, t);
}

fv_status fvi_lower_resize(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), any = 0;
    fvi_shape in = fvi_build_shape(node->b, x), out = in;
    fvi_resize_rule rule;
    fvi_node_attr a = {0};
    targets t = {0};
    read_rule(node, &rule);
    if (!node->b->status) read_targets(node, &in, &rule, &t);
    a.resize.extrapolation = fvi_onnx_attr_float(node->proto, "extrapolation_value", 0);
    for (int i = 0; i < in.ndim && !node->b->status; i++) {
        int cropped =
            rule.coordinates == FVI_TF_CROP_AND_RESIZE && (t.roi[i][0] != 0 || t.roi[i][1] != 1);
        out.dim[i] = t.out[i];
        if ((t.scale[i] == 1 && !cropped) || out.dim[i] == 0) continue;
        any = 1;
        if (fvi_shape_count(&out) < 0) break;
        fvi_resize_kernel_fill(node->b, &rule, in.dim[i], out.dim[i], t.scale[i], t.roi[i],
                               &a.resize.axis[i]);
    }
    if (node->b->status || !any) return fvi_onnx_out(node, 0, x);
    return fvi_onnx_out(node, 0, fvi_emit(node->b, FVI_RESIZE, &a, &out, 1, &x));
}
