/* SPDX-License-Identifier: Apache-2.0 */
/* term_probability: a class's probability, prob:C: the softmax of a network's logits, or the
 * sigmoid of one where the network ends in a sigmoid (argument[0] is 1) or in one number.
 */
#include <inttypes.h>
#include <math.h>

#include "vis/objective/term.h"

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
static double value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const int64_t channel = t->term->channel;
    if (t->term->argument[0] == 1) return sigmoid_value(l, n, t, x, seed);
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

const fvi_term_kind fvi_term_probability = {
    .scope = FVI_SCOPE_SAMPLE,
    .text = text,
    .value = value,
};
