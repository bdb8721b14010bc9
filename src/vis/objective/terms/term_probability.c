/* SPDX-License-Identifier: Apache-2.0 */
/* term_probability: a class's probability, prob:C. argument[0], a fvi_probability_of, says how it
 * is made of the value's numbers: the softmax of logits, the sigmoid of one (also of a network's
 * one number), or the number itself, where the network gives probabilities. Scores that no softmax
 * of the network's follows may still be a distribution, as classify takes them; else their softmax.
 */
#include <inttypes.h>
#include <math.h>

#include "graph/build/emit.h"
#include "graph/classes/distribution.h"
#include "vis/objective/subset.h"

static void text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    (void)alone;
    (void)o;
    g_string_append_printf(s, "prob:%" PRId64, t->channel);
}

/* s = 1 / (1 + exp(-a)), ds/da = s (1 - s), at each position, and their mean. */
static double sigmoid_value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                            float *seed) {
    const int64_t positions = fvi_extent_positions(l);
    double mean = 0, share = t->term->weight / (double)positions;
    for (int64_t p = 0; p < positions; p++) {
        const int64_t at = fvi_extent_at(l, n, t->term->channel, p);
        const double s = 1 / (1 + exp(-(double)x[at]));
        mean += s / (double)positions;
        seed[at] += (float)(share * s * (1 - s));
    }
    return mean;
}

/* s_c = exp(a_c) / sum of exp(a), at each position, and their mean.
 * ds_c/da_j = s_c ((j == c) - s_j). */
static double softmax_value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                            float *seed) {
    const int64_t channel = t->term->channel;
    int64_t positions = fvi_extent_positions(l);
    double mean = 0, share = t->term->weight / (double)positions;
    for (int64_t p = 0; p < positions; p++) {
        double top = -INFINITY, sum = 0;
        for (int64_t c = 0; c < l->channels; c++) top = fmax(top, x[fvi_extent_at(l, n, c, p)]);
        for (int64_t c = 0; c < l->channels; c++) sum += exp(x[fvi_extent_at(l, n, c, p)] - top);
        double s = exp(x[fvi_extent_at(l, n, channel, p)] - top) / sum;
        mean += s / (double)positions;
        for (int64_t c = 0; c < l->channels; c++) {
            int64_t at = fvi_extent_at(l, n, c, p);
            double here = exp(x[at] - top) / sum;
            seed[at] += (float)(share * s * ((c == channel) - here));
        }
    }
    return mean;
}

/* Whether the channels are a distribution at every position. */
static int is_distribution(const fvi_extent *l, int64_t n, const float *x) {
    const int64_t step =
        l->channels > 1 ? fvi_extent_at(l, n, 1, 0) - fvi_extent_at(l, n, 0, 0) : 1;
    for (int64_t p = 0; p < fvi_extent_positions(l); p++)
        if (!fvi_is_distribution(x + fvi_extent_at(l, n, 0, p), l->channels, step)) return 0;
    return 1;
}

static double value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const fvi_probability_of of = (fvi_probability_of)t->term->argument[0];
    if (of == FVI_PROBABILITY_OF_LOGIT) return sigmoid_value(l, n, t, x, seed);
    if (of == FVI_PROBABILITY_ITSELF ||
        (of == FVI_PROBABILITY_OF_SCORES && is_distribution(l, n, x)))
        return fvi_term_channel.value(l, n, t, x, seed);
    return softmax_value(l, n, t, x, seed);
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

static int emit_softmax(const fvi_term_graph *g, int x) {
    const fvi_node_attr a = {.softmax = {.axis = 2}};
    const fvi_shape s = fvi_build_shape(g->b, x);
    return fvi_emit(g->b, FVI_SOFTMAX, &a, &s, 1, &x);
}

/* is_distribution of each sample of x: 0 or 1. */
static int emit_is_distribution(const fvi_term_graph *g, int x) {
    fvi_builder *b = g->b;
    const int held = fvi_emit_stop_gradient(b, x);
    const int least = fvi_emit_reduce(b, FVI_REDUCE_MIN, 0xeu, 0, held);
    const int sums = fvi_emit_reduce(b, FVI_REDUCE_SUM, 1u << 2, 0, held);
    const int off = fvi_emit_unary(b, FVI_ABS, 0, 0, fvi_term_scale(g, 1, -1, sums));
    const int furthest = fvi_emit_reduce(b, FVI_REDUCE_MAX, 0x6u, 0, off);
    return fvi_emit_binary(b, FVI_AND, fvi_term_compare(g, FVI_GREATER_EQUAL, least, 0),
                           fvi_term_compare(g, FVI_LESS, furthest, FVI_DISTRIBUTION_OFF));
}

/* The numbers themselves where they are a distribution, else their softmax. */
static int emit_of_scores(const fvi_term_graph *g, const fvi_bound_term *t, int x) {
    const int softmax = fvi_emit_channel_value(g, t, emit_softmax(g, x));
    if (fvi_build_shape(g->b, x).dim[2] < 2) return softmax;
    return fvi_emit_where(g->b, emit_is_distribution(g, x), fvi_emit_channel_value(g, t, x),
                          softmax);
}

static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    const fvi_probability_of of = (fvi_probability_of)t->term->argument[0];
    const int x = g->layer[t->term->value];
    for (int64_t i = 1; i < g->pictures; i++)
        if (t[i].term->argument[0] != t->term->argument[0])
            fvi_build_fail(g->b, FV_UNSUPPORTED,
                           "picture %d of the batch has its probability from other numbers",
                           (int)i);
    switch (of) {
    case FVI_PROBABILITY_OF_LOGIT:
        return fvi_emit_channel_value(g, t, fvi_emit_unary(g->b, FVI_SIGMOID, 0, 0, x));
    case FVI_PROBABILITY_ITSELF: return fvi_emit_channel_value(g, t, x);
    case FVI_PROBABILITY_OF_SCORES: return emit_of_scores(g, t, x);
    default: return fvi_emit_channel_value(g, t, emit_softmax(g, x));
    }
}

const fvi_term_kind fvi_term_probability = {
    .scope = FVI_SCOPE_SAMPLE,
    .text = text,
    .value = value,
    .emit = emit,
};
