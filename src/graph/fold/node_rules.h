/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes mean in numbers, for whoever computes them: folding, and every backend. */
#ifndef FVI_GRAPH_FOLD_NODE_RULES_H
#define FVI_GRAPH_FOLD_NODE_RULES_H

#include "graph/graph.h"

/* PAD: which element of an axis of n stands at position i of the padded axis, counted from the
 * axis' first element; -1: none, the constant does. */
int64_t fvi_pad_source(fvi_pad_mode mode, int64_t i, int64_t n);

/* POOL: the window of a node over an input of that shape; sizes of a global one filled in. */
fvi_window fvi_pool_window(const fvi_node *n, const fvi_shape *in);

/* Whether a function is a ReLU, a clip, or a leaky ReLU of slope >= 0, whose gradient may be
 * redirected and guided. p is its parameter. */
int fvi_unary_is_relu(fvi_unary f, float p);

/* The derivative of one: 1 where low < value < high, else slope. The value is its output, or its
 * input; SATURATE's is its input, whose bounds are half a step outside the range. */
typedef struct fvi_slopes {
    float low, high, slope;
    int unbounded; /* no upper bound; infinity and NaN count as inside */
} fvi_slopes;
fvi_slopes fvi_relu_slopes(fvi_unary f, float p, float q);

#endif
