/* SPDX-License-Identifier: Apache-2.0 */
/* term_squares: sums of squared activations. Layer: DeepDream's mean of squares (Mordvintsev et al.
 * 2015; Olah et al. 2017, doi:10.23915/distill.00007). Energy: total squared activity (Wolfram
 * Language's documentation of feature visualisation). Strong: Darknet's `nightmare`, which keeps
 * what exceeds mean + t sd of the activations and raises half its sum of squares; what is kept
 * counts as given, so that the gradient is the kept activation itself.
 */
#include <math.h>

#include "graph/build/compose.h"
#include "vis/objective/reader.h"
#include "vis/objective/subset.h"

/* squares(LAYER[:C]), energy(LAYER[:C]), strong(LAYER[:C][, t]). */
static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float threshold = 1;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && u.n_position) return fvi_call_wrong(kind, c, err);
    if (!st)
        st = fvi_read_parameter(c, 1, "threshold", -FVI_PARAMETER_MAX, FVI_PARAMETER_MAX,
                                &threshold, err);
    if (!st) st = fvi_reader_add(r, kind, &u, &t, err);
    if (st) return st;
    if (kind == &fvi_term_strong) t->argument[0] = threshold;
    if (kind == &fvi_term_layer && u.channel < 0) t->spelling = FVI_SPELLED_MEAN;
    return FV_OK;
}

/* factor * sum of the squares of what is larger than `above`. */
static double squares(const fvi_subset *p, const float *x, double above, double factor,
                      double scale, float *seed) {
    double sum = 0, slope = 2 * factor * scale;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t at = fvi_subset_at(p, i);
        double a = x[at];
        if (!(a > above)) continue;
        sum += a * a;
        seed[at] += (float)(slope * a);
    }
    return factor * sum;
}

/* mean + t sd, the deviation of the whole population (Darknet). */
static double threshold(const fvi_subset *p, const float *x, double t) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < p->count; i++) sum += x[fvi_subset_at(p, i)];
    double mean = sum / (double)p->count;
    for (int64_t i = 0; i < p->count; i++) {
        double d = x[fvi_subset_at(p, i)] - mean;
        square += d * d;
    }
    return mean + t * sqrt(square / (double)p->count);
}

static double layer(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
    return squares(&p, x, -INFINITY, 1 / (double)p.count, t->term->weight, seed);
}

static double energy(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                     float *seed) {
    const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
    return squares(&p, x, -INFINITY, 1, t->term->weight, seed);
}

static double strong(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                     float *seed) {
    const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
    return squares(&p, x, threshold(&p, x, t->term->argument[0]), 0.5, t->term->weight, seed);
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

static int emit_layer(const fvi_term_graph *g, const fvi_bound_term *t) {
    const int x = fvi_emit_elements(g, t, g->layer);
    return fvi_emit_reduce(g->b, FVI_REDUCE_MEAN, 1u << 1, 0, fvi_emit_binary(g->b, FVI_MUL, x, x));
}

static int emit_energy(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_emit_reduce(g->b, FVI_REDUCE_SUM_SQUARE, 1u << 1, 0,
                           fvi_emit_elements(g, t, g->layer));
}

/* x - mean > t sd, which rounding disturbs less than x > mean + t sd. */
static int emit_strong(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int x = fvi_emit_elements(g, t, g->layer), held = fvi_emit_stop_gradient(b, x);
    const int mean = fvi_emit_reduce(b, FVI_REDUCE_MEAN, 1u << 1, 1, held);
    const int away = fvi_emit_binary(b, FVI_SUB, held, mean);
    const int variance =
        fvi_emit_reduce(b, FVI_REDUCE_MEAN, 1u << 1, 1, fvi_emit_binary(b, FVI_MUL, away, away));
    const int deviation = fvi_emit_unary(b, FVI_SQRT, 0, 0, variance);
    const int above =
        fvi_emit_binary(b, FVI_MUL, deviation, fvi_term_numbers(g, t, fvi_term_argument, 1));
    const int kept = fvi_term_where(g, fvi_emit_binary(b, FVI_GREATER, away, above), x, 0);
    return fvi_term_scale(g, 0.5, 0, fvi_emit_reduce(b, FVI_REDUCE_SUM_SQUARE, 1u << 1, 0, kept));
}

const fvi_term_kind fvi_term_layer = {
    .name = "squares",
    .usage = "squares(LAYER) or squares(LAYER:C)",
    .min = 1,
    .max = 1,
    .scope = FVI_SCOPE_SAMPLE,
    .read = read,
    .value = layer,
    .emit = emit_layer,
};

const fvi_term_kind fvi_term_energy = {
    .name = "energy",
    .usage = "energy(LAYER) or energy(LAYER:C)",
    .min = 1,
    .max = 1,
    .scope = FVI_SCOPE_SAMPLE,
    .read = read,
    .value = energy,
    .emit = emit_energy,
};

const fvi_term_kind fvi_term_strong = {
    .name = "strong",
    .usage = "strong(LAYER[:C][, DEVIATIONS])",
    .min = 1,
    .max = 2,
    .scope = FVI_SCOPE_SAMPLE,
    .usual = 1,
    .read = read,
    .value = strong,
    .emit = emit_strong,
};
