/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a layer's weights. Two passes in double: the mean, then the deviations from it. */
#include <math.h>

#include "base/error.h"
#include "model/network_internal.h"

typedef struct stats {
    double min, max, mean, stddev, zero_fraction;
} stats;

static stats compute(const fvi_const *c, int64_t count) {
    stats s = {0};
    double sum = 0, squares = 0;
    int64_t zeros = 0;
    for (int64_t i = 0; i < count; i++) {
        double v = fvi_const_at(c, i);
        if (!i || v < s.min) s.min = v;
        if (!i || v > s.max) s.max = v;
        zeros += v == 0;
        sum += v;
    }
    if (!count) return s;
    s.mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) {
        double d = fvi_const_at(c, i) - s.mean;
        squares += d * d;
    }
    s.stddev = sqrt(squares / (double)count);
    s.zero_fraction = (double)zeros / (double)count;
    return s;
}

/* Which inputs hold the kernel and the bias; -1 for none. */
static void find_weights(const fvi_node *n, int *kernel, int *bias) {
    *kernel = *bias = -1;
    switch (n->kind) {
    case FVI_CONV:
    case FVI_CONV_TRANSPOSE:
    case FVI_BATCH_NORM:
    case FVI_GROUP_NORM:
    case FVI_LAYER_NORM:
    case FVI_MATMUL:
        *kernel = 1;
        *bias = 2;
        break;
    case FVI_BINARY: *kernel = 1; break;
    case FVI_GATHER: *kernel = 0; break;
    default: break;
    }
}

static const fvi_const *constant_input(const fvi_graph *g, const fvi_node *n, int i) {
    if (i < 0 || i >= n->n_in || n->in[i] < 0) return NULL;
    return g->values[n->in[i]].constant;
}

fv_status fvi_network_weight_stats(const fvi_network *net, int layer, fv_weight_stats *out,
                                   fv_error *err) {
    const fvi_graph *g = net->graph;
    if (layer < 0 || layer >= g->n_nodes)
        return fvi_fail(err, FV_ARG, "%s: layer %d does not exist (0..%d)", net->name, layer,
                        g->n_nodes - 1);
    const fvi_node *n = &g->nodes[layer];
    int kernel, bias;
    find_weights(n, &kernel, &bias);
    const fvi_const *w = constant_input(g, n, kernel), *b = constant_input(g, n, bias);
    if (!w && n->kind == FVI_BINARY) w = constant_input(g, n, 0);
    fv_weight_stats r = {0};
    if (w) {
        r.count = fvi_shape_count(&w->shape);
        r.ndim = w->shape.ndim;
        for (int i = 0; i < r.ndim; i++) r.dim[i] = w->shape.dim[i];
        stats s = compute(w, r.count);
        r.min = s.min, r.max = s.max, r.mean = s.mean, r.stddev = s.stddev;
        r.zero_fraction = s.zero_fraction;
    }
    if (b) {
        r.bias_count = fvi_shape_count(&b->shape);
        stats s = compute(b, r.bias_count);
        r.bias_min = s.min, r.bias_max = s.max, r.bias_mean = s.mean, r.bias_stddev = s.stddev;
    }
    *out = r;
    return FV_OK;
}
