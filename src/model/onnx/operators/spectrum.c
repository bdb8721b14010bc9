/* SPDX-License-Identifier: Apache-2.0 */
/* Discrete Fourier transforms of signals, windows, and the mel scale.
 *
 * A transform is a matrix product: the numbers of an axis, with their real and imaginary parts, as
 * one row, times a constant matrix of cosines and sines; so gradients come by themselves. STFT
 * first gathers the frames. Windows and mel weights are constants.
 * Source: ONNX operator specification (DFT-17/20, STFT-17, MelWeightMatrix-17, HannWindow-17,
 * HammingWindow-17, BlackmanWindow-17) and its reference implementation.
 * What it does not do: fast transforms. A length whose matrix exceeds the memory for constants is
 * refused.
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

#define LENGTH_MAX ((int64_t)1 << 24)

/* One transform: `in` given numbers of `parts` (1 real, 2 complex) parts become `out` of
 * `out_parts`. */
typedef struct transform {
    int64_t length, in, out;
    int parts, out_parts, inverse, onesided;
} transform;

/* Integer input i, 1..LENGTH_MAX; `otherwise` when absent. */
static int64_t length_input(fvi_onnx_node *node, int i, const char *what, int64_t otherwise) {
    const fvi_const *c = fvi_onnx_fixed(node, i, what);
    const int64_t n = c && fvi_shape_count(&c->shape) ? fvi_const_int(c, 0) : otherwise;
    if (n < 1 || n > LENGTH_MAX)
        fvi_build_fail(node->b, FV_SHAPE, "its %s is %" PRId64 "; allowed: 1..%" PRId64, what, n,
                       LENGTH_MAX);
    return n;
}

/* What is left of element (k, real or imaginary) in element (m, real or imaginary). */
static double entry(const transform *t, int64_t k, int part, int64_t m, int to) {
    if (k >= t->length) return 0;
    const double turn = 2 * M_PI * (double)(k * m % t->length) / (double)t->length;
    const double angle = t->inverse ? turn : -turn;
    double scale = t->inverse ? 1 / (double)t->length : 1;
    if (t->inverse && t->onesided) {
        if (2 * k > t->length) return 0;
        if (k > 0 && 2 * k != t->length) scale *= 2;
    }
    if (part == to) return scale * cos(angle);
    return scale * (part ? -sin(angle) : sin(angle));
}

/* [in * parts][out * out_parts] */
static int matrix(fvi_onnx_node *node, const transform *t) {
    const fvi_shape shape = {2, {t->in * t->parts, t->out * t->out_parts}};
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, &shape, &data);
    int64_t i = 0;
    for (int64_t k = 0; v >= 0 && k < t->in; k++)
        for (int part = 0; part < t->parts; part++)
            for (int64_t m = 0; m < t->out; m++)
                for (int to = 0; to < t->out_parts; to++)
                    fvi_put_real(FVI_F32, data, i++, entry(t, k, part, m, to));
    return v;
}

/* x [..][in][parts] -> [..][out][out_parts] */
static int transform_rows(fvi_onnx_node *node, int x, const transform *t) {
    fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status) return -1;
    s.ndim--;
    s.dim[s.ndim - 1] = t->in * t->parts;
    int v = fvi_emit_reshape(node->b, x, &s);
    if (s.ndim < 2) v = fvi_emit_reshape(node->b, v, &(fvi_shape){2, {1, s.dim[0]}});
    v = fvi_emit_matmul(node->b, v, matrix(node, t), -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    s.dim[s.ndim - 1] = t->out;
    s.dim[s.ndim++] = t->out_parts;
    return fvi_emit_reshape(node->b, v, &s);
}

/* x with axis `axis` and the one before the last exchanged. */
static int exchange(fvi_onnx_node *node, int x, int axis, int ndim) {
    int perm[FVI_MAX_DIMS];
    for (int i = 0; i < FVI_MAX_DIMS; i++) perm[i] = i;
    perm[axis] = ndim - 2;
    perm[ndim - 2] = axis;
    return fvi_emit_transpose(node->b, x, perm);
}

/* From opset 20 on it is an input. */
static int64_t transform_axis(fvi_onnx_node *node) {
    if (node->l->opset < 20) return fvi_onnx_attr_int(node->proto, "axis", 1);
    const fvi_const *c = fvi_onnx_fixed(node, 2, "axis");
    return c && fvi_shape_count(&c->shape) ? fvi_const_int(c, 0) : -2;
}

fv_status fvi_lower_dft(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(node->b, x);
    const int64_t given = transform_axis(node);
    transform t = {.inverse = fvi_onnx_attr_int(node->proto, "inverse", 0) != 0,
                   .onesided = fvi_onnx_attr_int(node->proto, "onesided", 0) != 0};
    if (node->b->status) return node->b->status;
    if (s.ndim < 2 || (s.dim[s.ndim - 1] != 1 && s.dim[s.ndim - 1] != 2))
        return fvi_build_fail(node->b, FV_SHAPE,
                              "its input has %d axes, the last of %" PRId64
                              "; at least 2, the last "
                              "of 1 or 2, are needed",
                              s.ndim, s.ndim ? s.dim[s.ndim - 1] : 0);
    const int axis = fvi_build_axis(node->b, given, s.ndim);
    if (!node->b->status && axis == s.ndim - 1)
        return fvi_build_fail(node->b, FV_SHAPE, "axis %d is that of real and imaginary parts",
                              axis);
    t.in = s.dim[axis];
    t.parts = (int)s.dim[s.ndim - 1];
    const int real_output = t.inverse && t.onesided;
    t.length = length_input(node, 1, "dft_length", real_output ? 2 * (t.in - 1) : t.in);
    t.out = t.onesided && !t.inverse ? t.length / 2 + 1 : t.length;
    t.out_parts = real_output ? 1 : 2;
    int v = exchange(node, x, axis, s.ndim);
    v = transform_rows(node, v, &t);
    return fvi_onnx_out(node, 0, exchange(node, v, axis, s.ndim));
}

/* signal [batch][n][parts] -> [batch][frames][length][parts] */
static int frames(fvi_onnx_node *node, int x, int64_t step, int64_t length) {
    const fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status) return -1;
    if (length > s.dim[1]) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "frames of %" PRId64 " do not fit into a signal of %" PRId64, length,
                       s.dim[1]);
        return -1;
    }
    const int64_t count = (s.dim[1] - length) / step + 1;
    uint8_t *data;
    const int at = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){2, {count, length}}, &data);
    for (int64_t f = 0; at >= 0 && f < count; f++)
        for (int64_t i = 0; i < length; i++)
            fvi_put_int(FVI_I64, data, f * length + i, f * step + i);
    const fvi_shape out = {4, {s.dim[0], count, length, s.dim[2]}};
    if (at < 0) return -1;
    return fvi_emit(node->b, FVI_GATHER, &(fvi_node_attr){.axis = {1}}, &out, 2, (int[]){x, at});
}

fv_status fvi_lower_stft(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape s = fvi_build_shape(node->b, x);
    const int window = fvi_onnx_in(node, 2);
    const fvi_shape sw = fvi_build_shape(node->b, window);
    if (s.ndim == 2) s.dim[s.ndim++] = 1;
    x = fvi_emit_reshape(node->b, x, &s);
    fvi_onnx_need(node, 1);
    const int64_t step = length_input(node, 1, "frame_step", 0);
    if (node->b->status) return node->b->status;
    if (s.ndim != 3 || (s.dim[2] != 1 && s.dim[2] != 2) || (window >= 0 && sw.ndim != 1))
        return fvi_build_fail(node->b, FV_SHAPE,
                              "its signal has %d axes and its window %d; batch x length x 1 or 2, "
                              "and 1, are needed",
                              s.ndim, sw.ndim);
    const int64_t length =
        length_input(node, 3, "frame_length", window >= 0 ? sw.dim[0] : s.dim[1]);
    transform t = {.length = length,
                   .in = length,
                   .parts = (int)s.dim[2],
                   .out_parts = 2,
                   .onesided = fvi_onnx_attr_int(node->proto, "onesided", 1) != 0};
    t.out = t.onesided ? length / 2 + 1 : length;
    int v = node->b->status ? -1 : frames(node, x, step, length);
    if (window >= 0)
        v = fvi_emit_binary(node->b, FVI_MUL, v,
                            fvi_emit_reshape(node->b, window, &(fvi_shape){2, {sw.dim[0], 1}}));
    return fvi_onnx_out(node, 0, transform_rows(node, v, &t));
}

/* param: number of the window in this table: a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n). */
fv_status fvi_lower_window(fvi_onnx_node *node) {
    static const double terms[][3] = {{0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};
    const double *a = terms[node->op->param];
    const fvi_dtype type = (fvi_dtype)fvi_onnx_attr_int(node->proto, "output_datatype", FVI_F32);
    uint8_t *data;
    fvi_onnx_need(node, 0);
    const int64_t n = length_input(node, 0, "size", 0);
    const double span = (double)(fvi_onnx_attr_int(node->proto, "periodic", 1) ? n
                                 : n > 1                                       ? n - 1
                                                                               : 1);
    if (!node->b->status && !fvi_dtype_size(type))
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "output_datatype %d is not supported",
                              (int)type);
    const int v = fvi_emit_constant(node->b, type, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) {
        const double turn = 2 * M_PI * (double)i / span;
        fvi_put_real(type, data, i, a[0] - a[1] * cos(turn) + a[2] * cos(2 * turn));
    }
    return fvi_onnx_out(node, 0, v);
}

/* The bin of band i: bands are equally far apart on the mel scale. */
static int64_t mel_bin(const double hertz[2], int64_t i, int64_t bands, int64_t length,
                       double rate) {
    const double low = 2595 * log10(1 + hertz[0] / 700), high = 2595 * log10(1 + hertz[1] / 700);
    const double mel = low + (double)i * (high - low) / (double)(bands + 2);
    return (int64_t)floor((double)(length + 1) * 700 * (pow(10, mel / 2595) - 1) / rate);
}

/* A triangle: from 0 at `from` to 1 at `top` to 0 at `to`. */
static void put_band(fvi_dtype type, uint8_t *data, int64_t bands, int64_t band,
                     const int64_t bin[3]) {
    if (bin[0] == bin[1]) fvi_put_real(type, data, bin[1] * bands + band, 1);
    for (int64_t k = bin[0]; k <= bin[1] && bin[0] != bin[1]; k++)
        fvi_put_real(type, data, k * bands + band,
                     (double)(k - bin[0]) / (double)(bin[1] - bin[0]));
    for (int64_t k = bin[1]; k < bin[2]; k++)
        fvi_put_real(type, data, k * bands + band,
                     (double)(bin[2] - k) / (double)(bin[2] - bin[1]));
}

fv_status fvi_lower_mel(fvi_onnx_node *node) {
    for (int i = 0; i < 5; i++) fvi_onnx_need(node, i);
    const int64_t bands = length_input(node, 0, "num_mel_bins", 0);
    const int64_t length = length_input(node, 1, "dft_length", 0);
    const int64_t rate = length_input(node, 2, "sample_rate", 0);
    const double hertz[2] = {fvi_onnx_real(node, "lower_edge_hertz", 3, 0),
                             fvi_onnx_real(node, "upper_edge_hertz", 4, 0)};
    const fvi_dtype type = (fvi_dtype)fvi_onnx_attr_int(node->proto, "output_datatype", FVI_F32);
    const int64_t rows = length / 2 + 1;
    if (node->b->status) return node->b->status;
    const int in_order = hertz[0] >= 0 && hertz[0] <= hertz[1] && hertz[1] <= 1e9;
    if (!in_order || !fvi_dtype_size(type) ||
        mel_bin(hertz, bands + 1, bands, length, (double)rate) >= rows + 1)
        return fvi_build_fail(node->b, FV_SHAPE,
                              "bands from %g to %g Hz do not fit a transform of %" PRId64
                              " at %" PRId64 " Hz",
                              hertz[0], hertz[1], length, rate);
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, type, &(fvi_shape){2, {rows, bands}}, &data);
    for (int64_t i = 0; v >= 0 && i < bands; i++) {
        int64_t bin[3];
        for (int k = 0; k < 3; k++) bin[k] = mel_bin(hertz, i + k, bands, length, (double)rate);
        if (bin[1] < rows && bin[2] <= rows) put_band(type, data, bands, i, bin);
    }
    return fvi_onnx_out(node, 0, v);
}
