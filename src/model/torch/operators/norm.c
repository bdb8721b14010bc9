/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations, softmax and norms. Statistics of the batch itself, which training uses, are
 * refused. Source: torch.nn.functional. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/torch/aten.h"

static void refuse_training(fvi_site *site, const char *name) {
    fvi_torch_refuse(site, name, "true", "false: export the module after .eval()");
}

/* With the running statistics, which must be constants. */
static void with_statistics(fvi_site *site, int x) {
    const fvi_statistics s = {.gamma = fvi_torch_fixed(site, "weight"),
                              .beta = fvi_torch_fixed(site, "bias"),
                              .mean = fvi_torch_fixed(site, "running_mean"),
                              .variance = fvi_torch_fixed(site, "running_var"),
                              .epsilon = fvi_torch_real(site, "eps", 1e-5)};
    if (!site->b->status && (!s.mean || !s.variance))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it has no running statistics; those of a batch are not supported");
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_batch_norm(site, x, 1, &s));
}

void fvi_aten_batch_norm(fvi_site *site) {
    if (fvi_torch_int(site, "training", 0)) refuse_training(site, "training");
    with_statistics(site, fvi_torch_need(site, "input"));
}

/* ---- groups --------------------------------------------------------------------------------- */

/* n numbers that are all k. */
static int row_of(fvi_site *site, int64_t n, double k) {
    return fvi_emit_expand(site->b, fvi_emit_scalar(site->b, FVI_F32, k), &(fvi_shape){1, {n}});
}

/* The constant of n numbers, or that many of k. */
static int parameter(fvi_site *site, const char *name, int64_t n, double k) {
    const fvi_const *c = fvi_torch_fixed(site, name);
    if (!c) return site->b->status ? -1 : row_of(site, n, k);
    if (fvi_shape_count(&c->shape) != n)
        fvi_build_fail(site->b, FV_SHAPE, "its %s has %" PRId64 " numbers; %" PRId64 " are needed",
                       name, fvi_shape_count(&c->shape), n);
    return fvi_emit_reshape(site->b, fvi_torch_tensor(site, name), &(fvi_shape){1, {n}});
}

static void by_groups(fvi_site *site, int x, int64_t groups) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0) return;
    if (s.ndim < 2 || groups < 1 || s.dim[1] % groups || !fvi_shape_count(&s)) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_SHAPE, "%s cannot be normalised in %" PRId64 " groups",
                       fvi_shape_text(&s, text), groups);
        return;
    }
    const fvi_node_attr a = {.norm = {groups, 0, (float)fvi_torch_real(site, "eps", 1e-5)}};
    const int in[] = {x, parameter(site, "weight", s.dim[1], 1),
                      parameter(site, "bias", s.dim[1], 0)};
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit(site->b, FVI_GROUP_NORM, &a, &s, 3, in));
}

/* param 1: the groups are called "group". */
void fvi_aten_group_norm(fvi_site *site) {
    const char *name = site->kind->param ? "group" : "num_groups";
    by_groups(site, fvi_torch_need(site, "input"), fvi_torch_int(site, name, 0));
}

/* With the statistics of its input: of one sample they are those of each of its channels. */
void fvi_aten_batch_statistics(fvi_site *site) {
    const int x = fvi_torch_need(site, "input");
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x >= 0 && s.ndim > 0 && s.dim[0] != 1) refuse_training(site, "training");
    if (!site->b->status) by_groups(site, x, s.dim[1]);
}

void fvi_aten_instance_norm(fvi_site *site) {
    const int x = fvi_torch_need(site, "input");
    if (!fvi_torch_int(site, "use_input_stats", 1))
        with_statistics(site, x);
    else
        by_groups(site, x, fvi_build_shape(site->b, x).dim[1]);
}

/* ---- the last axes -------------------------------------------------------------------------- */

/* How many axes are normalised, whose sizes the call states. */
static int count_axes(fvi_site *site, int x) {
    int64_t sizes[FVI_MAX_DIMS];
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int n = fvi_torch_ints(site, "normalized_shape", sizes, FVI_MAX_DIMS);
    int fits = n >= 1 && n <= s.ndim;
    for (int i = 0; fits && i < n; i++) fits = sizes[i] == s.dim[s.ndim - n + i];
    char text[FVI_SHAPE_TEXT];
    if (x >= 0 && !fits)
        fvi_build_fail(site->b, FV_SHAPE, "its normalized_shape is not the end of %s",
                       fvi_shape_text(&s, text));
    return n;
}

void fvi_aten_layer_norm(fvi_site *site) {
    const int x = fvi_torch_need(site, "input"), n = count_axes(site, x);
    const float epsilon = (float)fvi_torch_real(site, "eps", 1e-5);
    if (!site->b->status)
        fvi_site_out(site, 0,
                     fvi_site_layer_norm(site, x, n, fvi_torch_tensor(site, "weight"),
                                         fvi_torch_tensor(site, "bias"), epsilon));
}

/* x / sqrt(mean(x^2) + eps) */
void fvi_aten_rms_norm(fvi_site *site) {
    const int x = fvi_torch_need(site, "input"), n = count_axes(site, x);
    const int ndim = fvi_build_shape(site->b, x).ndim, weight = fvi_torch_tensor(site, "weight");
    const float epsilon = (float)fvi_torch_real(site, "eps", FLT_EPSILON);
    if (site->b->status) return;
    const unsigned axes = ((1u << n) - 1) << (ndim - n);
    int v =
        fvi_emit_reduce(site->b, FVI_REDUCE_MEAN, axes, 1, fvi_emit_binary(site->b, FVI_MUL, x, x));
    v = fvi_emit_unary(site->b, FVI_LINEAR, 1, epsilon, v);
    v = fvi_emit_binary(site->b, FVI_MUL, x, fvi_emit_unary(site->b, FVI_POW, -0.5f, 0, v));
    fvi_site_out(site, 0, weight < 0 ? v : fvi_emit_binary(site->b, FVI_MUL, v, weight));
}

/* param 1: the logarithm. */
void fvi_aten_softmax(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    fvi_torch_dtype(site, "dtype");
    fvi_site_out(site, 0,
                 fvi_site_softmax(site, x, fvi_torch_axis(site, "dim", -1, x), site->kind->param));
}

/* param 1: the order is called "p". */
void fvi_aten_vector_norm(fvi_site *site) {
    const char *name = site->kind->param ? "p" : "ord";
    const int x = fvi_torch_need(site, "self"), keepdims = (int)fvi_torch_int(site, "keepdim", 0);
    const double order = fvi_torch_real(site, name, 2);
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    int v = x;
    fvi_torch_dtype(site, "dtype");
    if (order != 1 && order != 2 && order != INFINITY) {
        char text[32];
        g_ascii_formatd(text, sizeof text, "%g", order);
        fvi_torch_refuse(site, name, text, "1, 2, infinity");
    }
    if (order == INFINITY) v = fvi_emit_unary(site->b, FVI_ABS, 0, 0, x);
    const fvi_reduce f = order == 1 ? FVI_REDUCE_L1 : order == 2 ? FVI_REDUCE_L2 : FVI_REDUCE_MAX;
    fvi_site_out(site, 0, fvi_site_reduce(site, f, axes, keepdims != 0, v));
}

/* v g / ||v||, the norm over all axes but one, or over all of them where "dim" is -1. Of constants,
 * as the weights of a layer are, this is a constant. */
void fvi_aten_weight_norm(fvi_site *site) {
    const int v = fvi_torch_need(site, "v"), g = fvi_torch_need(site, "g");
    const int ndim = fvi_build_shape(site->b, v).ndim;
    unsigned axes = (1u << ndim) - 1;
    const int whole = fvi_torch_int(site, "dim", 0) == -1;
    if (!whole) axes &= ~(1u << fvi_torch_axis(site, "dim", 0, v));
    if (site->b->status) return;
    const int norm = fvi_emit_reduce(site->b, FVI_REDUCE_L2, axes, !whole, v);
    const int scale = fvi_emit_binary(site->b, FVI_DIV, g, norm);
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_MUL, v, scale));
}

/* The norm of x along an axis, at least epsilon. */
static int norm_along(fvi_site *site, int x, int axis, float epsilon) {
    const int norm = fvi_emit_reduce(site->b, FVI_REDUCE_L2, 1u << axis, 0, x);
    return fvi_emit_unary(site->b, FVI_CLIP, epsilon, FLT_MAX, norm);
}

void fvi_aten_cosine_similarity(fvi_site *site) {
    const int x = fvi_torch_need(site, "x1"), y = fvi_torch_need(site, "x2");
    const float epsilon = (float)fvi_torch_real(site, "eps", 1e-8);
    const int product = fvi_emit_binary(site->b, FVI_MUL, x, y);
    const int axis = fvi_torch_axis(site, "dim", 1, product);
    const fvi_shape sx = fvi_build_shape(site->b, x), sy = fvi_build_shape(site->b, y);
    if (site->b->status) return;
    if (sx.ndim != sy.ndim || sx.dim[axis] != sy.dim[axis]) {
        char tx[FVI_SHAPE_TEXT], ty[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its inputs are %s and %s; allowed: vectors of one length",
                       fvi_shape_text(&sx, tx), fvi_shape_text(&sy, ty));
        return;
    }
    const int sum = fvi_emit_reduce(site->b, FVI_REDUCE_SUM, 1u << axis, 0, product);
    const int norms = fvi_emit_binary(site->b, FVI_MUL, norm_along(site, x, axis, epsilon),
                                      norm_along(site, y, axis, epsilon));
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_DIV, sum, norms));
}
