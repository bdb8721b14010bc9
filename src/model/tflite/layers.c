/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, products, pooling, resizing. Kernels are [out][y][x][in], depthwise ones
 * [1][y][x][in times]. Source: the kernels of TensorFlow Lite, and schema.fbs for the fields of the
 * options. */
#include <float.h>

#include "model/tflite/op.h"

static fvi_padding padding(const fvi_site *site, int field) {
    return fvi_tflite_option(site, field, 1, 0) == 0 ? FVI_PADDING_SAME : FVI_PADDING_VALID;
}

/* A window with strides [y][x] out of fields of the options, x first, as they stand there. */
static fvi_window window(const fvi_site *site, int stride, int dilation) {
    fvi_window w = {.n = 2, .groups = 1, .dilation = {1, 1}};
    for (int i = 0; i < 2; i++) {
        w.stride[1 - i] = fvi_tflite_option(site, stride + i, 4, 1);
        if (dilation >= 0) w.dilation[1 - i] = fvi_tflite_option(site, dilation + i, 4, 1);
    }
    return w;
}

/* A kernel of four axes in that order. */
static int kernel(fvi_site *site, int i, const int *perm) {
    const int v = fvi_tflite_need(site, i), ndim = fvi_build_shape(site->b, v).ndim;
    if (site->b->status) return -1;
    if (ndim == 4 && fvi_build_const(site->b, v)) return fvi_site_permuted(site, v, perm);
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its kernel of %d axes is no constant of 4", ndim);
    return -1;
}

void fvi_tflite_lower_conv(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), k = kernel(site, 1, (int[]){0, 3, 1, 2});
    fvi_window w = window(site, 1, 4);
    if (site->b->status) return;
    const fvi_shape s = fvi_channels_shape(site, x);
    const int64_t own = fvi_build_shape(site->b, k).dim[1];
    if (s.ndim == 4 && own > 0 && s.dim[3] % own == 0) w.groups = s.dim[3] / own;
    fvi_tflite_out(site, fvi_site_conv(site, x, k, fvi_tflite_in(site, 2), &w, padding(site, 0)),
                   fvi_tflite_option(site, 3, 1, 0));
}

void fvi_tflite_lower_depthwise(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), k = kernel(site, 1, (int[]){3, 0, 1, 2});
    fvi_window w = window(site, 1, 5);
    const fvi_shape s = fvi_channels_shape(site, x);
    if (site->b->status) return;
    w.groups = s.ndim == 4 ? s.dim[3] : 1;
    fvi_tflite_out(site, fvi_site_conv(site, x, k, fvi_tflite_in(site, 2), &w, padding(site, 0)),
                   fvi_tflite_option(site, 4, 1, 0));
}

/* Inputs: the size of the output, the kernel, x, biases. */
void fvi_tflite_lower_transpose_conv(fvi_site *site) {
    const int x = fvi_tflite_need(site, 2), k = kernel(site, 1, (int[]){3, 0, 1, 2});
    const fvi_window w = window(site, 1, -1);
    int64_t size[4];
    if (fvi_tflite_ints(site, 0, size, 4) != 4 || site->b->status) return;
    const int v =
        fvi_site_conv_transpose(site, x, k, fvi_tflite_in(site, 3), &w, padding(site, 0), NULL);
    const fvi_shape made = fvi_channels_shape(site, v);
    if (v >= 0 && (made.dim[1] != size[1] || made.dim[2] != size[2]))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its output is %" PRId64 "x%" PRId64 ", where its strides give %" PRId64
                       "x%" PRId64,
                       size[1], size[2], made.dim[1], made.dim[2]);
    fvi_tflite_out(site, v, fvi_tflite_option(site, 3, 1, 0));
}

/* Unless keep_num_dims says otherwise, all axes but the last of the product are one. */
void fvi_tflite_lower_fully_connected(fvi_site *site) {
    int x = fvi_channels_restore(site, fvi_tflite_need(site, 0));
    const int w = fvi_tflite_need(site, 1);
    const fvi_shape s = fvi_build_shape(site->b, x), k = fvi_build_shape(site->b, w);
    if (site->b->status) return;
    if (fvi_tflite_option(site, 1, 1, 0) != 0)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its weights are shuffled, which is not supported");
    const int64_t count = fvi_shape_count(&s), inner = k.ndim == 2 ? k.dim[1] : 0;
    if (inner < 1 || count % inner)
        fvi_build_fail(site->b, FV_SHAPE, "its input of %" PRId64 " numbers is no rows of %" PRId64,
                       count, inner);
    if (site->b->status) return;
    if (!fvi_tflite_option(site, 2, 1, 0))
        x = fvi_emit_reshape(site->b, x, &(fvi_shape){2, {count / inner, inner}});
    fvi_tflite_out(site, fvi_site_dense(site, x, w, fvi_tflite_in(site, 2), 1),
                   fvi_tflite_option(site, 0, 1, 0));
}

void fvi_tflite_lower_batch_matmul(fvi_site *site) {
    fvi_tflite_out(site,
                   fvi_site_matmul(site, fvi_tflite_need(site, 0), fvi_tflite_need(site, 1),
                                   fvi_tflite_option(site, 0, 1, 0) != 0,
                                   fvi_tflite_option(site, 1, 1, 0) != 0, 1),
                   0);
}

/* param: the fvi_kind. */
void fvi_tflite_lower_pool(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0);
    fvi_window w = window(site, 1, -1);
    w.kernel[1] = fvi_tflite_option(site, 3, 4, 1);
    w.kernel[0] = fvi_tflite_option(site, 4, 4, 1);
    fvi_tflite_out(site,
                   fvi_site_pool(site, (fvi_kind)site->kind->param, x, &w, padding(site, 0), 0),
                   fvi_tflite_option(site, 5, 1, 0));
}

/* param 1: the logarithm. */
void fvi_tflite_lower_softmax(fvi_site *site) {
    const float beta = site->kind->param ? 1 : (float)fvi_tflite_real(site, 0, 1);
    int x = fvi_tflite_need(site, 0);
    if (beta != 1) x = fvi_channels_unary(site, FVI_LINEAR, beta, 0, x);
    fvi_tflite_out(site, fvi_site_softmax(site, x, -1, site->kind->param), 0);
}

/* x / ||x|| along the last axis. */
void fvi_tflite_lower_l2_norm(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    if (site->b->status || ndim < 1) return;
    int norm = fvi_site_reduce(site, FVI_REDUCE_L2, 1u << (ndim - 1), 1, x);
    norm = fvi_channels_unary(site, FVI_CLIP, 1e-6f, FLT_MAX, norm);
    fvi_tflite_out(site, fvi_channels_binary(site, FVI_DIV, x, norm),
                   fvi_tflite_option(site, 0, 1, 0));
}

/* x (bias + alpha sum of squares over 2 radius + 1 channels)^-beta */
void fvi_tflite_lower_lrn(fvi_site *site) {
    const int64_t radius = fvi_tflite_option(site, 0, 4, 0);
    const int x = fvi_channels_move(site, fvi_tflite_need(site, 0));
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (!site->b->status && (radius < 0 || radius > FVI_WINDOW_MAX || s.ndim != 4))
        fvi_build_fail(site->b, FV_SHAPE, "its radius is %" PRId64 " over %d axes", radius, s.ndim);
    if (site->b->status) return;
    const int64_t size = 2 * radius + 1;
    const fvi_node_attr a = {.lrn = {size, (float)(fvi_tflite_real(site, 2, 0) * (double)size),
                                     (float)fvi_tflite_real(site, 3, 0),
                                     (float)fvi_tflite_real(site, 1, 0)}};
    const int v = fvi_emit(site->b, FVI_LRN, &a, &s, 1, &x);
    fvi_tflite_out(site, fvi_channels_mark(site, v), 0);
}

/* param: the first of the two fields align_corners, half_pixel_centers. */
void fvi_tflite_lower_resize(fvi_site *site) {
    const int first = site->kind->param, linear = first > 0;
    const int aligned = fvi_tflite_option(site, first, 1, 0) != 0;
    const int centred = fvi_tflite_option(site, first + 1, 1, 0) != 0;
    const int x = fvi_tflite_need(site, 0);
    int64_t size[2];
    fvi_resize_rule r = {.coordinates = aligned   ? FVI_ALIGN_CORNERS
                                        : centred ? FVI_HALF_PIXEL
                                                  : FVI_ASYMMETRIC,
                         .mode = linear ? FVI_RESIZE_LINEAR : FVI_RESIZE_NEAREST,
                         .nearest = aligned ? FVI_ROUND_PREFER_CEIL : FVI_ROUND_FLOOR};
    if (!linear && centred && !aligned) r.coordinates = FVI_TF_HALF_PIXEL_FOR_NN;
    if (fvi_tflite_ints(site, 1, size, 2) == 2)
        fvi_tflite_out(site, fvi_site_resize(site, x, &r, size), 0);
}
