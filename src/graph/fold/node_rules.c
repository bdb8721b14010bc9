/* SPDX-License-Identifier: Apache-2.0 */
/* node_rules: borders, windows, bounds. */
#include "graph/fold/node_rules.h"

#include <math.h>

int64_t fvi_pad_source(fvi_pad_mode mode, int64_t i, int64_t n) {
    if (i >= 0 && i < n) return i;
    if (mode == FVI_PAD_CONSTANT || n == 0) return -1;
    if (mode == FVI_PAD_EDGE) return i < 0 ? 0 : n - 1;
    if (mode == FVI_PAD_WRAP) return (i % n + n) % n;
    const int64_t period = n > 1 ? 2 * (n - 1) : 1;
    i = (i % period + period) % period;
    return i < n ? i : period - i;
}

fvi_window fvi_pool_window(const fvi_node *n, const fvi_shape *in) {
    fvi_window w = n->a.window;
    for (int i = 0; i < w.n && w.global; i++) {
        w.kernel[i] = in->dim[i + 2];
        w.stride[i] = w.dilation[i] = 1;
        w.pad_lo[i] = w.pad_hi[i] = 0;
    }
    return w;
}

int fvi_unary_is_relu(fvi_unary f, float p) {
    return f == FVI_RELU || f == FVI_CLIP || f == FVI_SATURATE || (f == FVI_LEAKY_RELU && p >= 0);
}

/* The number nearest to a whole bound that rounds beyond it: half a step away (0.5 or -0.5), or
 * the next one after that where the tie goes to the bound, which is even. */
static float rounds_beyond(float bound, float half) {
    const float tie = bound + half;
    return rintf(tie) == bound ? nextafterf(tie, half > 0 ? INFINITY : -INFINITY) : tie;
}

fvi_slopes fvi_relu_slopes(fvi_unary f, float p, float q) {
    const int rounds = f == FVI_SATURATE, bounded = rounds || f == FVI_CLIP;
    const float low = bounded ? p : 0, high = bounded ? q : INFINITY;
    return (fvi_slopes){.low = rounds ? rounds_beyond(low, -0.5f) : low,
                        .high = rounds ? rounds_beyond(high, 0.5f) : high,
                        .slope = f == FVI_LEAKY_RELU ? p : 0,
                        .unbounded = !bounded};
}
