/* SPDX-License-Identifier: Apache-2.0 */
/* gradient_scale: normalises gradients. Those of different units differ by orders of magnitude;
 * dividing by their size makes one step size fit all.
 *
 *   MAX        g / max |g|                              Wolfram
 *   MEAN       g / mean |g|                             google/deepdream
 *   L2         g / sqrt(max(sum g^2, 1e-12))            keras-vis (tf.nn.l2_normalize)
 *   RMS        g / sqrt(mean g^2)                       FlashTorch; DeepDreaming with TensorFlow
 *   STANDARD   (g - mean) / sqrt(mean (g - mean)^2)     Darknet
 *   LAPLACIAN  pyramid.h                                DeepDreaming with TensorFlow; MATLAB
 *
 * Sums are taken in double. Other programs add tiny constants to divisors against division by zero.
 * They are left out here, except L2's: with it a gradient shorter than 1e-6 stays shorter than 1.
 */
#include "vis/optimize/gradient_scale.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "signal/pyramid.h"
#include "vis/optimize/pyramid_graph.h"

#define NO_PIXELS "a Laplacian pyramid is made of pixels; these %lld elements are none"

typedef struct sums {
    double plain, absolute, square;
    float top; /* largest magnitude */
} sums;

static sums add_up(const float *g, int64_t n) {
    double plain = 0, absolute = 0, square = 0;
    float top = 0;
#pragma omp simd reduction(+ : plain, absolute, square) reduction(max : top)
    for (int64_t i = 0; i < n; i++) {
        double x = g[i], a = fabs(x);
        plain += x;
        absolute += a;
        square += x * x;
        top = fmaxf(top, fabsf(g[i]));
    }
    return (sums){plain, absolute, square, top};
}

/* (g - shift) * scale */
static void rescale(float *g, int64_t n, float shift, float scale) {
    for (int64_t i = 0; i < n; i++) g[i] = (g[i] - shift) * scale;
}

static void cut_off(float *g, int64_t n, float at) {
    for (int64_t i = 0; i < n; i++) g[i] = fminf(fmaxf(g[i], -at), at);
}

/* Divides; a divisor so small that its inverse overflows leaves the gradient alone. */
static void divide(float *g, int64_t n, double shift, double divisor) {
    float scale = (float)(1 / divisor);
    if (divisor > 0 && isfinite(scale)) rescale(g, n, (float)shift, scale);
}

int64_t fvi_normalise_room(const fvi_gradient_settings *desc, int channels, int h, int w) {
    return desc->kind == FVI_GRADIENT_SCALE_LAPLACIAN
               ? fvi_pyramid_room(channels, h, w, desc->levels)
               : 0;
}

fv_status fvi_normalise(const fvi_gradient_settings *desc, float *g, int channels, int h, int w,
                        float *room, fv_error *err) {
    int64_t n = (int64_t)channels * h * w;
    if (desc->kind == FVI_GRADIENT_SCALE_NONE && desc->clip <= 0) return FV_OK;
    sums s = add_up(g, n);
    int usable = isfinite(s.absolute) && s.absolute > 0;
    double mean = s.plain / (double)n;
    fv_status st = FV_OK;
    switch (usable ? desc->kind : FVI_GRADIENT_SCALE_NONE) {
    case FVI_GRADIENT_SCALE_NONE: break;
    case FVI_GRADIENT_SCALE_MAX: divide(g, n, 0, s.top); break;
    case FVI_GRADIENT_SCALE_MEAN: divide(g, n, 0, s.absolute / (double)n); break;
    case FVI_GRADIENT_SCALE_L2: divide(g, n, 0, sqrt(fmax(s.square, 1e-12))); break;
    case FVI_GRADIENT_SCALE_RMS: divide(g, n, 0, sqrt(s.square / (double)n)); break;
    case FVI_GRADIENT_SCALE_STANDARD: {
        double variance = 0;
        for (int64_t i = 0; i < n; i++) variance += (g[i] - mean) * (g[i] - mean);
        divide(g, n, mean, sqrt(variance / (double)n));
        break;
    }
    case FVI_GRADIENT_SCALE_LAPLACIAN:
        if (channels == 1 && h == 1) return fvi_fail(err, FV_ARG, NO_PIXELS, (long long)n);
        st = fvi_pyramid_normalise(fvi_planes_of(channels, h, w, g), desc->levels, room, err);
        break;
    default:
        return fvi_fail(err, FV_ARG, "gradient normalisation is %d; allowed: %d..%d",
                        (int)desc->kind, FVI_GRADIENT_SCALE_NONE, FVI_GRADIENT_SCALE_LAPLACIAN);
    }
    if (!st && usable && desc->clip > 0) cut_off(g, n, desc->clip);
    return st;
}

/* ---- in a graph ------------------------------------------------------------------------------ */

enum {
    OF_PICTURE = 1u << 1 | 1u << 2 | 1u << 3
}; /* all axes of [n][channels][h][w] but the first */

/* What g is divided by, [n][1][1][1]; of a pyramid, what tells whether it can be. */
static int emit_divisor(fvi_gradient_scale kind, fvi_builder *b, int g) {
    const fvi_shape shape = fvi_build_shape(b, g);
    const float share = 1 / (float)fvi_shape_product(&shape, 1, 4);
    switch (kind) {
    case FVI_GRADIENT_SCALE_MAX:
        return fvi_emit_reduce(b, FVI_REDUCE_MAX, OF_PICTURE, 1,
                               fvi_emit_unary(b, FVI_ABS, 0, 0, g));
    case FVI_GRADIENT_SCALE_L2:
        return fvi_emit_unary(b, FVI_CLIP, 1e-6f, FLT_MAX,
                              fvi_emit_reduce(b, FVI_REDUCE_L2, OF_PICTURE, 1, g));
    case FVI_GRADIENT_SCALE_RMS:
    case FVI_GRADIENT_SCALE_STANDARD:
        return fvi_emit_unary(b, FVI_LINEAR, sqrtf(share), 0,
                              fvi_emit_reduce(b, FVI_REDUCE_L2, OF_PICTURE, 1, g));
    default:
        return fvi_emit_unary(b, FVI_LINEAR, share, 0,
                              fvi_emit_reduce(b, FVI_REDUCE_L1, OF_PICTURE, 1, g));
    }
}

/* The normalised gradient where it can be normalised; elsewhere it stays as it was: where the
 * divisor is 0, or its inverse overflows. */
static int emit_normalised(const fvi_gradient_settings *desc, fvi_builder *b, int g) {
    int from = g;
    if (desc->kind == FVI_GRADIENT_SCALE_STANDARD)
        from =
            fvi_emit_binary(b, FVI_SUB, g, fvi_emit_reduce(b, FVI_REDUCE_MEAN, OF_PICTURE, 1, g));
    const int divisor = emit_divisor(desc->kind, b, from);
    const int scale = fvi_emit_unary(b, FVI_RECIPROCAL, 0, 0, divisor);
    const int most = fvi_emit_scalar(b, FVI_F32, FLT_MAX), zero = fvi_emit_scalar(b, FVI_F32, 0);
    const int usable = fvi_emit_binary(b, FVI_AND, fvi_emit_binary(b, FVI_LESS_EQUAL, scale, most),
                                       fvi_emit_binary(b, FVI_GREATER, divisor, zero));
    const int out = desc->kind == FVI_GRADIENT_SCALE_LAPLACIAN
                        ? fvi_pyramid_normalise_emit(b, g, desc->levels)
                        : fvi_emit_binary(b, FVI_MUL, from, scale);
    return fvi_emit_where(b, usable, out, g);
}

int fvi_normalise_emit(const fvi_gradient_settings *desc, fvi_builder *b, int g) {
    const fvi_shape shape = fvi_build_shape(b, g);
    const int is_pyramid = desc->kind == FVI_GRADIENT_SCALE_LAPLACIAN;
    if (g < 0 || b->status) return -1;
    if (is_pyramid && shape.dim[1] == 1 && shape.dim[2] == 1) {
        fvi_build_fail(b, FV_ARG, NO_PIXELS, (long long)shape.dim[3]);
        return -1;
    }
    const int out = desc->kind == FVI_GRADIENT_SCALE_NONE ? g : emit_normalised(desc, b, g);
    return desc->clip > 0 ? fvi_emit_unary(b, FVI_CLIP, -desc->clip, desc->clip, out) : out;
}
