/* SPDX-License-Identifier: Apache-2.0 */
/* One axis of a Resize as a sparse matrix: the inputs of each output, and their weights.
 *
 * Output x has the coordinate c(x) in the input. Nearest copies one neighbour; linear and cubic
 * weigh the neighbours k around floor(c) with a kernel of half-width 1 or 2 at (k - c), stretched
 * by 1/scale when shrinking with antialias. Neighbours outside repeat the edge, or get weight 0 and
 * the others are scaled up (exclude_outside). Cubic kernel (Keys 1981) with a = cubic_coeff_a:
 *
 *   |t| <= 1: (a+2)|t|^3 - (a+3)|t|^2 + 1
 *   |t| <  2: a|t|^3 - 5a|t|^2 + 8a|t| - 4a
 *
 * Source: ONNX operator specification, Resize-10..19; for align_corners its reference
 * implementation, which uses scale * in as the output's size even where that is not whole.
 */
#include "graph/build/resize_kernel.h"

#include <math.h>

#define WEIGHTS_MAX ((int64_t)1 << 26) /* of one axis */

static double coordinate(const fvi_resize_rule *r, int64_t i, int64_t in, int64_t out, double scale,
                         const double roi[2]) {
    double x = (double)i, n = (double)in;
    switch (r->coordinates) {
    case FVI_HALF_PIXEL: return (x + 0.5) / scale - 0.5;
    case FVI_HALF_PIXEL_SYMMETRIC:
        return n / 2 * (1 - (double)out / (scale * n)) + (x + 0.5) / scale - 0.5;
    case FVI_PYTORCH_HALF_PIXEL: return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case FVI_ALIGN_CORNERS: return out > 1 ? x * (n - 1) / (scale * n - 1) : 0;
    case FVI_ASYMMETRIC: return x / scale;
    case FVI_TF_HALF_PIXEL_FOR_NN: return (x + 0.5) / scale;
    case FVI_TF_CROP_AND_RESIZE:
        if (out <= 1) return 0.5 * (roi[0] + roi[1]) * (n - 1);
        return roi[0] * (n - 1) + x * (roi[1] - roi[0]) * (n - 1) / (double)(out - 1);
    }
    return 0;
}

static double nearest(const fvi_resize_rule *r, double c) {
    switch (r->nearest) {
    case FVI_ROUND_PREFER_FLOOR: return ceil(c - 0.5);
    case FVI_ROUND_PREFER_CEIL: return floor(c + 0.5);
    case FVI_ROUND_FLOOR: return floor(c);
    case FVI_ROUND_CEIL: return ceil(c);
    }
    return c;
}

static double kernel(const fvi_resize_rule *r, double t) {
    double a = r->cubic_a;
    t = fabs(t);
    if (r->mode == FVI_RESIZE_LINEAR) return t < 1 ? 1 - t : 0;
    if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

static int32_t clamp_index(double i, int64_t in) {
    return (int32_t)(i > 0 ? i < (double)in ? i : (double)(in - 1) : 0);
}

/* The neighbours an output is made of: `n` of them, from floor(c) + first on. */
typedef struct neighbours {
    const fvi_resize_rule *rule;
    int64_t in; /* size of the input's axis */
    double stretch;
    int first, n;
} neighbours;

/* Weights of the neighbours of coordinate c, which sum to 1. */
static void weigh(const neighbours *s, double c, int32_t *index, float *weight) {
    double base = floor(c), sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < s->n; k++) {
            double at = base + s->first + k, w = kernel(s->rule, (at - c) * s->stretch);
            if (s->rule->exclude_outside && (at < 0 || at > (double)(s->in - 1))) w = 0;
            if (pass == 0)
                sum += w;
            else {
                index[k] = clamp_index(at, s->in);
                weight[k] = (float)(sum != 0 ? w / sum : 0);
            }
        }
}

/* Fills the row of the output at coordinate c. */
static void fill_row(const neighbours *s, double c, int32_t *index, float *weight) {
    const fvi_resize_rule *r = s->rule;
    int crop = r->coordinates == FVI_TF_CROP_AND_RESIZE;
    if (!isfinite(c) || fabs(c) > 1e15) c = 0; /* absurd corners of a crop */
    if (crop && (c < 0 || c > (double)(s->in - 1))) {
        for (int k = 0; k < s->n; k++) index[k] = -1;
        weight[0] = 1; /* the extrapolation value, once */
    } else if (r->mode == FVI_RESIZE_NEAREST) {
        index[0] = clamp_index(nearest(r, c), s->in);
        weight[0] = 1;
    } else {
        if (r->places) c = rint(c * r->places) / r->places;
        weigh(s, c, index, weight);
    }
}

void fvi_resize_kernel_fill(fvi_builder *b, const fvi_resize_rule *r, int64_t in, int64_t out,
                            double scale, const double roi[2], fvi_resize_kernel *kernel) {
    double stretch = r->antialias && scale < 1 ? scale : 1;
    double first = floor(-(r->mode == FVI_RESIZE_CUBIC ? 2 : 1) / stretch) + 1;
    double count = r->mode == FVI_RESIZE_NEAREST ? 1 : 2 - 2 * first;
    if (in < 1 || in > INT32_MAX || count * (double)out > (double)WEIGHTS_MAX) {
        fvi_build_fail(b, FV_SHAPE, "it resizes %" PRId64 " to %" PRId64 " with %g weights each",
                       in, out, count);
        return;
    }
    int n = (int)count;
    int32_t *index = fvi_pool_array(b->pool, (size_t)out + 1, (size_t)n * sizeof *index);
    float *weight = fvi_pool_array(b->pool, (size_t)out + 1, (size_t)n * sizeof *weight);
    if (!index || !weight) {
        fvi_build_nomem(b);
        return;
    }
    *kernel = (fvi_resize_kernel){n, index, weight};
    const neighbours s = {r, in, stretch, (int)first, n};
    for (int64_t i = 0; i < out; i++, index += n, weight += n)
        fill_row(&s, coordinate(r, i, in, out, scale, roi), index, weight);
}
