/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering Caffe's layers, as their Forward_cpu computes them in the test phase.
 * Source: src/caffe/layers of Caffe 1.0, and caffe.proto for the parameters' defaults.
 */
#include "model/caffe/operators.h"

#include <math.h>
#include <string.h>

#include "graph/const.h"

static const fvi_caffe_layer *layer_of(const fvi_site *site) { return site->op->detail; }

/* The layer's message of parameters, or NULL. */
static const fvi_message *param(const fvi_site *site, const char *name) {
    return fvi_message_in(layer_of(site)->message, name, 0);
}

/* Blob k as a value; -1: it has none, which where it is needed fails. */
static int blob(fvi_site *site, int k, int needed) {
    const fvi_caffe_layer *l = layer_of(site);
    if (k < l->n_blobs) return fvi_site_constant(site, l->blobs[k]);
    if (needed && l->n_blobs < 0)
        fvi_build_fail(site->b, FV_FORMAT, "the weights have no layer of that name");
    else if (needed)
        fvi_build_fail(site->b, FV_FORMAT, "it has %d blobs of weights; %d are needed", l->n_blobs,
                       k + 1);
    return -1;
}

/* A blob of any shape as a row of all its numbers. */
static int row(fvi_site *site, int v) {
    const fvi_shape s = fvi_build_shape(site->b, v), flat = {1, {fvi_shape_count(&s)}};
    return v < 0 ? -1 : fvi_emit_reshape(site->b, v, &flat);
}

/* The axis that a parameter names, of x. */
static int axis_of(fvi_site *site, const fvi_message *p, const char *old, int64_t usual, int x) {
    const int64_t given = fvi_message_int(p, "axis", 0, fvi_message_int(p, old, 0, usual));
    return fvi_build_axis(site->b, given, fvi_build_shape(site->b, x).ndim);
}

/* ---- convolutions and products -------------------------------------------------------------- */

/* A number for each of two axes: NAME_h and NAME_w, or one or two of NAME. */
static void two(const fvi_message *p, const char *name, int64_t usual, int64_t *out) {
    char *h = g_strconcat(!strcmp(name, "kernel_size") ? "kernel" : name, "_h", NULL);
    char *w = g_strconcat(!strcmp(name, "kernel_size") ? "kernel" : name, "_w", NULL);
    const int n = fvi_message_count(p, name);
    out[0] = fvi_message_int(p, h, 0, fvi_message_int(p, name, 0, usual));
    out[1] = fvi_message_int(p, w, 0, fvi_message_int(p, name, n > 1 ? 1 : 0, usual));
    g_free(h);
    g_free(w);
}

/* Fails where a parameter says another number than the weights have */
static void check_number(fvi_site *site, const char *name, int64_t given, int64_t have) {
    if (!site->b->status && given != have)
        fvi_build_fail(site->b, FV_SHAPE, "its %s is %" PRId64 "; its weights are for %" PRId64,
                       name, given, have);
}

/* Fails where a convolution's parameters are of other weights. */
static void check_kernel(fvi_site *site, const fvi_message *p, int weights, int64_t groups) {
    const fvi_shape k = fvi_build_shape(site->b, weights);
    int64_t size[2];
    if (weights < 0 || k.ndim != 4) return;
    const int64_t n = site->kind->param ? k.dim[1] * groups : k.dim[0];
    check_number(site, "num_output", fvi_message_int(p, "num_output", 0, n), n);
    for (int i = 0; i < 2; i++) {
        two(p, "kernel_size", k.dim[2 + i], size);
        check_number(site, "kernel_size", size[i], k.dim[2 + i]);
    }
}

/* param: 1: transposed. */
void fvi_caffe_lower_conv(fvi_site *site) {
    const fvi_message *p = param(site, "convolution_param");
    fvi_window w = {.n = 2, .groups = fvi_message_int(p, "group", 0, 1)};
    const int x = fvi_site_need(site, 0), weights = blob(site, 0, 1),
              bias = row(site, blob(site, 1, 0));
    const int x_axes = fvi_build_shape(site->b, x).ndim;
    if (strstr(site->op->type, "Depthwise") && x_axes == 4)
        w.groups = fvi_build_shape(site->b, x).dim[1];
    two(p, "stride", 1, w.stride);
    two(p, "dilation", 1, w.dilation);
    two(p, "pad", 0, w.pad_lo);
    memcpy(w.pad_hi, w.pad_lo, sizeof w.pad_hi);
    check_kernel(site, p, weights, w.groups);
    if (!site->b->status && (x_axes != 4 || fvi_message_int(p, "axis", 0, 1) != 1))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its input has %d axes; 4 are supported", x_axes);
    fvi_site_out(
        site, 0,
        site->kind->param
            ? fvi_site_conv_transpose(site, x, weights, bias, &w, FVI_PADDING_EXPLICIT, NULL)
            : fvi_site_conv(site, x, weights, bias, &w, FVI_PADDING_EXPLICIT));
}

/* Everything from an axis on is one row. */
void fvi_caffe_lower_inner_product(fvi_site *site) {
    const fvi_message *p = param(site, "inner_product_param");
    int x = fvi_site_need(site, 0);
    const int axis = axis_of(site, p, "", 1, x), transposed = fvi_message_bool(p, "transpose", 0);
    const int w = blob(site, 0, 1);
    if (site->b->status) return;
    const fvi_shape s = fvi_build_shape(site->b, x), k = fvi_build_shape(site->b, w);
    fvi_shape flat = s;
    flat.ndim = axis + 1;
    flat.dim[axis] = fvi_shape_product(&s, axis, s.ndim);
    const int64_t count = fvi_shape_count(&k), inner = flat.dim[axis];
    if (inner < 1 || count % inner) {
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " weights do not fit rows of %" PRId64, count,
                       inner);
        return;
    }
    check_number(site, "num_output", fvi_message_int(p, "num_output", 0, count / inner),
                 count / inner);
    const fvi_shape matrix = {
        2, {transposed ? inner : count / inner, transposed ? count / inner : inner}};
    x = fvi_emit_reshape(site->b, x, &flat);
    fvi_site_out(site, 0,
                 fvi_site_dense(site, x, fvi_emit_reshape(site->b, w, &matrix),
                                row(site, blob(site, 1, 0)), !transposed));
}

/* ---- pooling -------------------------------------------------------------------------------- */

static int pool_kind(fvi_site *site, const fvi_message *p, fvi_kind *kind) {
    const char *name = fvi_message_text(p, "pool", 0, "MAX");
    *kind = !strcmp(name, "AVE") || !strcmp(name, "1") ? FVI_AVERAGE_POOL : FVI_MAX_POOL;
    if (*kind == FVI_AVERAGE_POOL || !strcmp(name, "MAX") || !strcmp(name, "0")) return 1;
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its pool %s is not supported", name);
    return 0;
}

/* Positions are rounded up unless round_mode is FLOOR; an average counts the padding. */
void fvi_caffe_lower_pooling(fvi_site *site) {
    const fvi_message *p = param(site, "pooling_param");
    const int x = fvi_site_need(site, 0);
    const char *rounding = fvi_message_text(p, "round_mode", 0, "CEIL");
    fvi_window w = {.n = 2, .dilation = {1, 1}, .count_include_pad = 1};
    fvi_kind kind;
    if (!pool_kind(site, p, &kind)) return;
    if (fvi_message_bool(p, "global_pooling", 0)) {
        fvi_site_out(site, 0, fvi_site_global_pool(site, kind, x, 1));
        return;
    }
    two(p, "kernel_size", 0, w.kernel);
    two(p, "stride", 1, w.stride);
    two(p, "pad", 0, w.pad_lo);
    memcpy(w.pad_hi, w.pad_lo, sizeof w.pad_hi);
    const int ceil =
        strcmp(rounding, "FLOOR") && strcmp(rounding, "1") && fvi_message_bool(p, "ceil_mode", 1);
    fvi_site_out(site, 0, fvi_site_pool(site, kind, x, &w, FVI_PADDING_EXPLICIT, ceil));
}

/* ---- normalisation -------------------------------------------------------------------------- */

/* x (1 + alpha mean(x^2))^-beta, the mean over a window of the map, whose padding counts. */
static int lrn_within(fvi_site *site, int x, const fvi_lrn *a) {
    fvi_window w = {.n = 2, .count_include_pad = 1};
    for (int i = 0; i < 2; i++) {
        w.kernel[i] = a->size;
        w.stride[i] = w.dilation[i] = 1;
        w.pad_lo[i] = w.pad_hi[i] = (a->size - 1) / 2;
    }
    int v = fvi_emit_binary(site->b, FVI_MUL, x, x);
    v = fvi_site_pool(site, FVI_AVERAGE_POOL, v, &w, FVI_PADDING_EXPLICIT, 0);
    v = fvi_emit_unary(site->b, FVI_LINEAR, a->alpha, 1, v);
    return fvi_emit_binary(site->b, FVI_MUL, x, fvi_emit_unary(site->b, FVI_POW, -a->beta, 0, v));
}

void fvi_caffe_lower_lrn(fvi_site *site) {
    const fvi_message *p = param(site, "lrn_param");
    const char *region = fvi_message_text(p, "norm_region", 0, "ACROSS_CHANNELS");
    const fvi_node_attr a = {.lrn = {fvi_message_int(p, "local_size", 0, 5),
                                     (float)fvi_message_real(p, "alpha", 0, 1),
                                     (float)fvi_message_real(p, "beta", 0, 0.75),
                                     (float)fvi_message_real(p, "k", 0, 1)}};
    const int x = fvi_site_need(site, 0);
    const fvi_shape shape = fvi_build_shape(site->b, x);
    if (site->b->status) return;
    if (a.lrn.size < 1 || a.lrn.size > FVI_WINDOW_MAX || a.lrn.size % 2 == 0 || shape.ndim != 4) {
        fvi_build_fail(site->b, FV_SHAPE,
                       "its local_size is %" PRId64 " over %d axes; allowed: an odd number, 4",
                       a.lrn.size, shape.ndim);
        return;
    }
    const int within = !strcmp(region, "WITHIN_CHANNEL") || !strcmp(region, "1");
    fvi_site_out(site, 0,
                 within ? lrn_within(site, x, &a.lrn)
                        : fvi_emit(site->b, FVI_LRN, &a, &shape, 1, &x));
}

/* A constant row of n numbers that are all the same, or those of c times a factor. */
static const fvi_const *filled(fvi_site *site, const fvi_const *c, int64_t n, double factor) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; i < n && v >= 0; i++)
        fvi_put_real(FVI_F32, data, i, c ? fvi_const_at(c, i) * factor : factor);
    return fvi_build_const(site->b, v);
}

/* Sums of means and variances, and how many there are of them. */
void fvi_caffe_lower_batch_norm(fvi_site *site) {
    const fvi_message *p = param(site, "batch_norm_param");
    const fvi_caffe_layer *l = layer_of(site);
    const int x = fvi_site_need(site, 0);
    if (blob(site, 1, 1) < 0 || site->b->status) return;
    const double sum = l->n_blobs > 2 ? fvi_const_at(l->blobs[2], 0) : 1;
    const double share = sum == 0 ? 0 : 1 / sum;
    const int64_t n = fvi_shape_count(&l->blobs[0]->shape);
    if (fvi_shape_count(&l->blobs[1]->shape) != n) {
        fvi_build_fail(site->b, FV_FORMAT, "its means and variances differ in number");
        return;
    }
    const fvi_statistics s = {.mean = filled(site, l->blobs[0], n, share),
                              .variance = filled(site, l->blobs[1], n, share),
                              .epsilon = fvi_message_real(p, "eps", 0, 1e-5)};
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_batch_norm(site, x, 1, &s));
}

/* y as wide as x from an axis on: [1]..[y..][1].. */
static int along(fvi_site *site, int y, int x, int axis) {
    const fvi_shape s = fvi_build_shape(site->b, y), to = fvi_build_shape(site->b, x);
    fvi_shape wide = {.ndim = to.ndim};
    int64_t left = fvi_shape_count(&s);
    for (int i = 0; i < to.ndim; i++) {
        const int64_t n = i >= axis && left > 1 && left % to.dim[i] == 0 ? to.dim[i] : 1;
        wide.dim[i] = n;
        left /= MAX(n, 1);
    }
    return y < 0 ? -1 : fvi_emit_reshape(site->b, y, &wide);
}

/* One factor and one shift a channel, or what a second layer gives. */
void fvi_caffe_lower_scale(fvi_site *site) {
    const fvi_message *p = param(site, "scale_param");
    const int x = fvi_site_need(site, 0), axis = axis_of(site, p, "", 1, x);
    const fvi_caffe_layer *l = layer_of(site);
    const int given = site->n_in > 1, has_bias = fvi_message_bool(p, "bias_term", 0);
    const int factor = given ? site->in[1] : blob(site, 0, 1);
    const int shift = has_bias ? blob(site, given ? 0 : 1, 1) : -1;
    if (site->b->status) return;
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t n = s.dim[axis];
    if (!given && axis == 1 && fvi_shape_count(&l->blobs[0]->shape) == n &&
        (!has_bias || fvi_shape_count(&l->blobs[1]->shape) == n)) {
        const fvi_statistics k = {.gamma = l->blobs[0],
                                  .beta = has_bias ? l->blobs[1] : NULL,
                                  .mean = filled(site, NULL, n, 0),
                                  .variance = filled(site, NULL, n, 1)};
        if (!site->b->status) fvi_site_out(site, 0, fvi_site_batch_norm(site, x, 1, &k));
        return;
    }
    int v = fvi_emit_binary(site->b, FVI_MUL, x, along(site, factor, x, axis));
    if (has_bias) v = fvi_emit_binary(site->b, FVI_ADD, v, along(site, shift, x, axis));
    fvi_site_out(site, 0, v);
}

void fvi_caffe_lower_bias(fvi_site *site) {
    const int x = fvi_site_need(site, 0), axis = axis_of(site, param(site, "bias_param"), "", 1, x);
    const int shift = site->n_in > 1 ? site->in[1] : blob(site, 0, 1);
    if (site->b->status) return;
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_ADD, x, along(site, shift, x, axis)));
}

/* (x - mean) / (deviation + eps) of each sample, by channel or over all. */
void fvi_caffe_lower_mvn(fvi_site *site) {
    const fvi_message *p = param(site, "mvn_param");
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    const int from = fvi_message_bool(p, "across_channels", 0) ? 1 : 2;
    const unsigned axes = ((1u << ndim) - 1) & ~((1u << from) - 1);
    const float eps = (float)fvi_message_real(p, "eps", 0, 1e-9);
    if (site->b->status) return;
    const int mean = fvi_site_reduce(site, FVI_REDUCE_MEAN, axes, 1, x);
    const int centred = fvi_emit_binary(site->b, FVI_SUB, x, mean);
    if (!fvi_message_bool(p, "normalize_variance", 1)) {
        fvi_site_out(site, 0, centred);
        return;
    }
    int v = fvi_emit_binary(site->b, FVI_MUL, centred, centred);
    v = fvi_emit_unary(site->b, FVI_SQRT, 0, 0, fvi_site_reduce(site, FVI_REDUCE_MEAN, axes, 1, v));
    v = fvi_emit_unary(site->b, FVI_LINEAR, 1, eps, v);
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_DIV, centred, v));
}

/* ---- element-wise --------------------------------------------------------------------------- */

/* param: the fvi_unary. */
void fvi_caffe_lower_unary(fvi_site *site) {
    fvi_site_out(
        site, 0,
        fvi_emit_unary(site->b, (fvi_unary)site->kind->param, 0, 0, fvi_site_need(site, 0)));
}

void fvi_caffe_lower_relu(fvi_site *site) {
    const float slope = (float)fvi_message_real(param(site, "relu_param"), "negative_slope", 0, 0);
    fvi_site_out(site, 0,
                 fvi_emit_unary(site->b, slope == 0 ? FVI_RELU : FVI_LEAKY_RELU, slope, 0,
                                fvi_site_need(site, 0)));
}

void fvi_caffe_lower_relu6(fvi_site *site) {
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_CLIP, 0, 6, fvi_site_need(site, 0)));
}

void fvi_caffe_lower_elu(fvi_site *site) {
    const float alpha = (float)fvi_message_real(param(site, "elu_param"), "alpha", 0, 1);
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_ELU, alpha, 0, fvi_site_need(site, 0)));
}

void fvi_caffe_lower_prelu(fvi_site *site) {
    const int x = fvi_site_need(site, 0), slope = blob(site, 0, 1);
    if (site->b->status) return;
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_PRELU, x, along(site, slope, x, 1)));
}

/* (shift + scale x)^power */
void fvi_caffe_lower_power(fvi_site *site) {
    const fvi_message *p = param(site, "power_param");
    const float power = (float)fvi_message_real(p, "power", 0, 1);
    const int v = fvi_emit_unary(site->b, FVI_LINEAR, (float)fvi_message_real(p, "scale", 0, 1),
                                 (float)fvi_message_real(p, "shift", 0, 0), fvi_site_need(site, 0));
    fvi_site_out(site, 0, power == 1 ? v : fvi_emit_unary(site->b, FVI_POW, power, 0, v));
}

/* base^(shift + scale x); param 1: its logarithm, log_base(shift + scale x). Base -1 is e. */
void fvi_caffe_lower_exponential(fvi_site *site) {
    const fvi_message *p = param(site, site->kind->param ? "log_param" : "exp_param");
    const double base = fvi_message_real(p, "base", 0, -1), log_base = base > 0 ? log(base) : 1;
    const double scale = fvi_message_real(p, "scale", 0, 1),
                 shift = fvi_message_real(p, "shift", 0, 0);
    const int x = fvi_site_need(site, 0), logarithm = site->kind->param;
    const double k = logarithm ? 1 : log_base;
    int v = fvi_emit_unary(site->b, FVI_LINEAR, (float)(scale * k), (float)(shift * k), x);
    v = fvi_emit_unary(site->b, logarithm ? FVI_LOG : FVI_EXP, 0, 0, v);
    if (logarithm) v = fvi_emit_unary(site->b, FVI_LINEAR, (float)(1 / log_base), 0, v);
    fvi_site_out(site, 0, v);
}

void fvi_caffe_lower_same(fvi_site *site) {
    for (int i = 0; i < site->n_out; i++) fvi_site_out(site, i, fvi_site_need(site, 0));
}

void fvi_caffe_lower_softmax(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const int axis = axis_of(site, param(site, "softmax_param"), "", 1, x);
    fvi_site_out(site, 0, fvi_site_softmax(site, x, axis, 0));
}

void fvi_caffe_lower_eltwise(fvi_site *site) {
    const fvi_message *p = param(site, "eltwise_param");
    const char *how = fvi_message_text(p, "operation", 0, "SUM");
    const int sums = !strcmp(how, "SUM") || !strcmp(how, "1");
    const int multiplies = !strcmp(how, "PROD") || !strcmp(how, "0");
    int v = -1;
    if (!sums && !multiplies && strcmp(how, "MAX") && strcmp(how, "2"))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its operation %s is not supported", how);
    for (int i = 0; i < site->n_in && !site->b->status; i++) {
        const float k = (float)fvi_message_real(p, "coeff", i, 1);
        int x = fvi_site_need(site, i);
        if (sums && k != 1) x = fvi_emit_unary(site->b, FVI_LINEAR, k, 0, x);
        v = i == 0 ? x
                   : fvi_emit_binary(site->b,
                                     sums         ? FVI_ADD
                                     : multiplies ? FVI_MUL
                                                  : FVI_MAX,
                                     v, x);
    }
    fvi_site_out(site, 0, v);
}

/* ---- what moves elements -------------------------------------------------------------------- */

void fvi_caffe_lower_concat(fvi_site *site) {
    const int axis =
        axis_of(site, param(site, "concat_param"), "concat_dim", 1, fvi_site_need(site, 0));
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, axis, site->n_in, site->in));
}

/* At its slice_points, else in equal parts. */
void fvi_caffe_lower_slice(fvi_site *site) {
    const fvi_message *p = param(site, "slice_param");
    const int x = fvi_site_need(site, 0), axis = axis_of(site, p, "slice_dim", 1, x);
    const int64_t size = fvi_build_shape(site->b, x).dim[axis], n = site->n_out;
    const int points = fvi_message_count(p, "slice_point");
    int64_t from = 0;
    if (!site->b->status && (points ? points != n - 1 : size % MAX(n, 1) != 0))
        fvi_build_fail(site->b, FV_SHAPE,
                       "it cuts %" PRId64 " elements into %" PRId64 " parts at %d points", size, n,
                       points);
    for (int i = 0; i < site->n_out && !site->b->status; i++) {
        const int64_t to = i + 1 == n ? size
                           : points   ? fvi_message_int(p, "slice_point", i, 0)
                                      : from + size / n;
        fvi_site_out(site, i, fvi_site_slice(site, x, axis, from, to - from, 1));
        from = to;
    }
}

void fvi_caffe_lower_flatten(fvi_site *site) {
    const fvi_message *p = param(site, "flatten_param");
    const int x = fvi_site_need(site, 0), axis = axis_of(site, p, "", 1, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int end = fvi_build_axis(site->b, fvi_message_int(p, "end_axis", 0, -1), s.ndim);
    fvi_shape to = {0};
    if (site->b->status) return;
    for (int i = 0; i < s.ndim; i++) {
        if (i > axis && i <= end)
            to.dim[to.ndim - 1] *= s.dim[i];
        else
            to.dim[to.ndim++] = s.dim[i];
    }
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, x, &to));
}

/* 0 keeps a size, -1 follows from the others. */
void fvi_caffe_lower_reshape(fvi_site *site) {
    const fvi_message *p = param(site, "reshape_param"), *shape = fvi_message_in(p, "shape", 0);
    const int x = fvi_site_need(site, 0), n = fvi_message_count(shape, "dim");
    const fvi_shape s = fvi_build_shape(site->b, x);
    fvi_shape to = {.ndim = MIN(n, FVI_MAX_DIMS)};
    int64_t known = 1;
    int open = -1;
    if (!site->b->status && (fvi_message_int(p, "axis", 0, 0) ||
                             fvi_message_int(p, "num_axes", 0, -1) != -1 || n > FVI_MAX_DIMS))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it reshapes some of the axes, or to %d", n);
    for (int i = 0; i < to.ndim && !site->b->status; i++) {
        const int64_t d = fvi_message_int(shape, "dim", i, 0);
        to.dim[i] = d == 0 && i < s.ndim ? s.dim[i] : d;
        if (d < 0) open = i;
        if (d >= 0 && fvi_mul(known, to.dim[i], &known) < 0) known = 0;
    }
    if (open >= 0 && known > 0) to.dim[open] = fvi_shape_count(&s) / known;
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_reshape(site->b, x, &to));
}

void fvi_caffe_lower_permute(fvi_site *site) {
    const fvi_message *p = param(site, "permute_param");
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int perm[FVI_MAX_DIMS], n = 0;
    unsigned seen = 0;
    for (int i = 0; i < fvi_message_count(p, "order") && i < ndim && !site->b->status; i++) {
        perm[n] = fvi_build_axis(site->b, fvi_message_int(p, "order", i, ndim), ndim);
        if (seen >> perm[n] & 1) fvi_build_fail(site->b, FV_FORMAT, "an axis is named twice");
        seen |= 1u << perm[n++];
    }
    for (int i = 0; i < ndim; i++)
        if (!(seen >> i & 1) && n < ndim) perm[n++] = i;
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_transpose(site->b, x, perm));
}

/* As large as the second input from an axis on, beginning at the offsets. */
void fvi_caffe_lower_crop(fvi_site *site) {
    const fvi_message *p = param(site, "crop_param");
    const int x = fvi_site_need(site, 0), like = fvi_site_need(site, 1);
    const int axis = axis_of(site, p, "", 2, x), offsets = fvi_message_count(p, "offset");
    const fvi_shape s = fvi_build_shape(site->b, x), size = fvi_build_shape(site->b, like);
    int v = x;
    if (!site->b->status && s.ndim != size.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "its inputs have %d and %d axes", s.ndim, size.ndim);
    for (int i = axis; i < s.ndim && !site->b->status; i++) {
        const int64_t from = fvi_message_int(p, "offset", offsets > 1 ? i - axis : 0, 0);
        v = fvi_site_slice(site, v, i, from, size.dim[i], 1);
    }
    fvi_site_out(site, 0, v);
}

void fvi_caffe_lower_reduction(fvi_site *site) {
    static const struct {
        const char *name, *number;
        fvi_reduce f;
    } kinds[] = {
        {"SUM", "1", FVI_REDUCE_SUM}, {"ASUM", "2", FVI_REDUCE_L1}, {"MEAN", "4", FVI_REDUCE_MEAN}};
    const fvi_message *p = param(site, "reduction_param");
    const char *how = fvi_message_text(p, "operation", 0, "SUM");
    const int x = fvi_site_need(site, 0), axis = axis_of(site, p, "", 0, x);
    const int ndim = fvi_build_shape(site->b, x).ndim;
    const unsigned axes = ((1u << ndim) - 1) & ~((1u << axis) - 1);
    int v = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds) && !site->b->status; i++)
        if (!strcmp(how, kinds[i].name) || !strcmp(how, kinds[i].number))
            v = fvi_site_reduce(site, kinds[i].f, axes, 0, x);
    if (v < 0 && !site->b->status)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its operation %s is not supported", how);
    fvi_site_out(
        site, 0,
        fvi_emit_unary(site->b, FVI_LINEAR, (float)fvi_message_real(p, "coeff", 0, 1), 0, v));
}

void fvi_caffe_lower_tile(fvi_site *site) {
    const fvi_message *p = param(site, "tile_param");
    const int x = fvi_site_need(site, 0), axis = axis_of(site, p, "", 1, x);
    const int64_t tiles = fvi_message_int(p, "tiles", 0, 1);
    int parts[64];
    if (!site->b->status && (tiles < 1 || tiles > 64))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its tiles are %" PRId64 "; allowed: 1..64", tiles);
    for (int i = 0; i < tiles && !site->b->status; i++) parts[i] = x;
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, axis, (int)tiles, parts));
}
