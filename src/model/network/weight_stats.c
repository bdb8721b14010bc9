/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a layer's weights. Two passes in double: the mean, then the deviations from it. */
#include "model/network/weight_stats.h"

#include <math.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/network/layer_weights.h"
#include "model/network/network.h"
#include "model/network/network_internal.h"

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

fv_status fvi_network_weight_stats(const fvi_network *net, int layer, fv_weight_stats *out,
                                   fv_error *err) {
    const fvi_graph *g = net->graph;
    if (layer < 0 || layer >= g->n_nodes)
        return fvi_fail(err, FV_ARG, "%s: layer %d does not exist (0..%d)", net->name, layer,
                        g->n_nodes - 1);
    const fvi_node *n = &g->nodes[layer];
    const fvi_const *w, *b;
    fvi_node_weights(g, n, &w, &b);
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
