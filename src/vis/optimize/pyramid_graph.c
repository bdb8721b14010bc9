/* SPDX-License-Identifier: Apache-2.0 */
/* pyramid_graph: the two steps between levels are a convolution with the 5x5 kernel at every second
 * row and column, and 4 times its transpose, of each channel by itself: channels are samples here.
 */
#include "vis/optimize/pyramid_graph.h"

#include <float.h>
#include <math.h>

#include "signal/pyramid.h"

enum { TAPS = FVI_PYRAMID_TAPS, BEHIND = 2, MAX_LEVELS = FVI_PYRAMID_MAX_LEVELS };

/* x [planes][1][..][..] through `scale` times the kernel, between h x w and half of that: down by a
 * CONV, up by a CONV_TRANSPOSE. */
static int emit_kernel(fvi_builder *b, fvi_kind kind, int x, double scale, const int64_t *size) {
    fvi_node_attr a = {.window = {.n = 2, .groups = 1}};
    fvi_shape shape = fvi_build_shape(b, x);
    float *data;
    const int w = fvi_emit_constant(b, FVI_F32, &(fvi_shape){4, {1, 1, TAPS, TAPS}}, &data);
    for (int i = 0; w >= 0 && i < TAPS * TAPS; i++)
        data[i] = (float)(scale * fvi_pyramid_kernel[i / TAPS] * fvi_pyramid_kernel[i % TAPS]);
    for (int i = 0; i < 2; i++) {
        a.window.kernel[i] = TAPS;
        a.window.stride[i] = 2;
        a.window.dilation[i] = 1;
        a.window.pad_lo[i] = fvi_pyramid_overhang((int)size[i]);
        a.window.pad_hi[i] = BEHIND;
        shape.dim[2 + i] = kind == FVI_CONV ? fvi_pyramid_half((int)size[i]) : size[i];
    }
    return fvi_emit(b, kind, &a, &shape, 2, (int[]){x, w});
}

/* A level [n channels][1][h][w], each picture divided by its root mean square. */
static int emit_level(fvi_builder *b, int x, int64_t n) {
    const fvi_shape shape = fvi_build_shape(b, x);
    const int64_t count = shape.dim[0] / n * shape.dim[2] * shape.dim[3];
    const int rows = fvi_emit_reshape(b, x, &(fvi_shape){2, {n, count}});
    const int norm = fvi_emit_reduce(b, FVI_REDUCE_L2, 1u << 1, 1, rows);
    const int rms = fvi_emit_unary(b, FVI_LINEAR, (float)sqrt(1 / (double)count), 0, norm);
    const int divisor = fvi_emit_unary(b, FVI_CLIP, 1e-10f, FLT_MAX, rms);
    return fvi_emit_reshape(b, fvi_emit_binary(b, FVI_DIV, rows, divisor), &shape);
}

int fvi_pyramid_normalise_emit(fvi_builder *b, int g, int levels) {
    const fvi_shape whole = fvi_build_shape(b, g);
    int band[MAX_LEVELS];
    int64_t size[MAX_LEVELS][2];
    if (g < 0 || b->status) return -1;
    if (levels < 1 || levels > MAX_LEVELS) {
        fvi_build_fail(b, FV_ARG, "a pyramid of %d levels; allowed: 1..%d", levels, MAX_LEVELS);
        return -1;
    }
    const fvi_shape planes = {4, {whole.dim[0] * whole.dim[1], 1, whole.dim[2], whole.dim[3]}};
    int x = fvi_emit_reshape(b, g, &planes);
    for (int k = 0; k < levels; k++) {
        const fvi_shape s = fvi_build_shape(b, x);
        size[k][0] = s.dim[2];
        size[k][1] = s.dim[3];
        if (k + 1 == levels || x < 0) {
            band[k] = x;
            continue;
        }
        const int low = emit_kernel(b, FVI_CONV, x, 1, size[k]);
        const int up = emit_kernel(b, FVI_CONV_TRANSPOSE, low, 4, size[k]);
        band[k] = fvi_emit_binary(b, FVI_SUB, x, up);
        x = low;
    }
    int sum = emit_level(b, band[levels - 1], whole.dim[0]);
    for (int k = levels - 2; k >= 0; k--)
        sum = fvi_emit_binary(b, FVI_ADD, emit_level(b, band[k], whole.dim[0]),
                              emit_kernel(b, FVI_CONV_TRANSPOSE, sum, 4, size[k]));
    return fvi_emit_reshape(b, sum, &whole);
}
