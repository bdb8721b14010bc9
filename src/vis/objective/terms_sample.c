/* SPDX-License-Identifier: Apache-2.0 */
/* term_value: the terms of one sample, each with its gradient.
 *
 * Layer: DeepDream's mean of squares (Mordvintsev et al. 2015; Olah et al. 2017,
 * doi:10.23915/distill.00007). Energy: total squared activity (Wolfram Language's documentation of
 * feature visualisation). Strong: Darknet's `nightmare`, which keeps what exceeds mean + t sd of
 * the activations and raises half its sum of squares; what is kept counts as given, so that the
 * gradient is the kept activation itself. Direction: Lucid's `_dot_cossim`, with its constants.
 */
#include <math.h>

#include "vis/objective/bind.h"

double fvi_channel_value(const fvi_extent *l, int64_t n, int64_t channel, int64_t position,
                         const float *x, double scale, float *seed) {
    int64_t positions = fvi_extent_positions(l);
    double sum = 0;
    if (position >= 0) {
        int64_t at = fvi_extent_at(l, n, channel, position);
        seed[at] += (float)scale;
        return x[at];
    }
    float share = (float)(scale / (double)positions);
    for (int64_t p = 0; p < positions; p++) {
        int64_t at = fvi_extent_at(l, n, channel, p);
        sum += x[at];
        seed[at] += share;
    }
    return sum / (double)positions;
}

/* ---- sums of squares ------------------------------------------------------------------------ */

/* The elements of one channel, of one position, or all. */
typedef struct part {
    const fvi_extent *l;
    int64_t n, channel, position, count;
} part;

static part part_of(const fvi_extent *l, int64_t n, int64_t channel) {
    return (part){l, n, channel, -1, channel < 0 ? fvi_extent_count(l) : fvi_extent_positions(l)};
}

static int64_t part_place(const part *p, int64_t i) {
    if (p->position >= 0) return fvi_extent_at(p->l, p->n, i, p->position);
    return p->channel < 0 ? fvi_extent_offset(p->l, p->n, i)
                          : fvi_extent_at(p->l, p->n, p->channel, i);
}

int64_t fvi_term_count(const fvi_extent *l, const fvi_term *t) {
    return part_of(l, 0, t->channel).count;
}

int64_t fvi_term_offset(const fvi_extent *l, int64_t n, const fvi_term *t, int64_t i) {
    part p = part_of(l, n, t->channel);
    return part_place(&p, i);
}

/* factor * sum of the squares of what is larger than `above`. */
static double squares(const part *p, const float *x, double above, double factor, double scale,
                      float *seed) {
    double sum = 0, slope = 2 * factor * scale;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t at = part_place(p, i);
        double a = x[at];
        if (!(a > above)) continue;
        sum += a * a;
        seed[at] += (float)(slope * a);
    }
    return factor * sum;
}

/* mean + t sd, the deviation of the whole population (Darknet). */
static double threshold(const part *p, const float *x, double t) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < p->count; i++) sum += x[part_place(p, i)];
    double mean = sum / (double)p->count;
    for (int64_t i = 0; i < p->count; i++) {
        double d = x[part_place(p, i)] - mean;
        square += d * d;
    }
    return mean + t * sqrt(square / (double)p->count);
}

/* ---- probability ---------------------------------------------------------------------------- */

/* s_c = exp(a_c) / sum of exp(a), at each position, and their mean.
 * ds_c/da_j = s_c ((j == c) - s_j). */
static double probability(const fvi_extent *l, int64_t n, int64_t channel, const float *x,
                          double scale, float *seed) {
    int64_t positions = fvi_extent_positions(l);
    double value = 0, share = scale / (double)positions;
    for (int64_t p = 0; p < positions; p++) {
        double top = -INFINITY, sum = 0;
        for (int64_t c = 0; c < l->channels; c++) top = fmax(top, x[fvi_extent_at(l, n, c, p)]);
        for (int64_t c = 0; c < l->channels; c++) sum += exp(x[fvi_extent_at(l, n, c, p)] - top);
        double s = exp(x[fvi_extent_at(l, n, channel, p)] - top) / sum;
        value += s / (double)positions;
        for (int64_t c = 0; c < l->channels; c++) {
            int64_t at = fvi_extent_at(l, n, c, p);
            double here = exp(x[at] - top) / sum;
            seed[at] += (float)(share * s * ((c == channel) - here));
        }
    }
    return value;
}

/* ---- direction ------------------------------------------------------------------------------ */

#define COSINE_EPSILON 1e-4 /* added to both lengths */
#define COSINE_FLOOR   0.1

/* d = <a, v>, c = d / (eps + |a|) / (eps + |v|), f = max(0.1, c): d f^power.
 * Its gradient: (f^power + d power f^(power-1) c_d) v - d power f^(power-1) c_a a/|a|, where c
 * falls by c_a = c / (eps + |a|) for each unit of |a|; both vanish where c is below the floor. */
static double dot_cosine(const part *p, const float *v, double v_length, double power,
                         const float *x, double scale, float *seed) {
    double dot = 0, square = 0;
    for (int64_t i = 0; i < p->count; i++) {
        double a = x[part_place(p, i)];
        dot += a * v[i];
        square += a * a;
    }
    double length = sqrt(square), along = 1, away = 0, factor = 1;
    if (power > 0) {
        double lengths = (COSINE_EPSILON + length) * (COSINE_EPSILON + v_length);
        double cosine = dot / lengths, floored = fmax(COSINE_FLOOR, cosine);
        factor = along = pow(floored, power);
        if (cosine > COSINE_FLOOR) {
            double slope = dot * power * pow(floored, power - 1);
            along += slope / lengths;
            away = slope * cosine / (COSINE_EPSILON + length) / length;
        }
    }
    for (int64_t i = 0; i < p->count; i++) {
        int64_t at = part_place(p, i);
        seed[at] += (float)(scale * (along * v[i] - away * x[at]));
    }
    return dot * factor;
}

static double square_of(const float *v, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)v[i] * v[i];
    return sum;
}

/* At one position, or the mean over all. */
static double direction(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                        double scale, float *seed) {
    const float *v = t->term->vector->data;
    int64_t positions = t->position >= 0 ? 1 : fvi_extent_positions(l);
    double length = sqrt(square_of(v, l->channels)), sum = 0;
    for (int64_t i = 0; i < positions; i++) {
        part p = {l, n, -1, t->position >= 0 ? t->position : i, l->channels};
        sum += dot_cosine(&p, v, length, t->term->argument[0], x, scale / (double)positions, seed);
    }
    return sum / (double)positions;
}

/* ---- a photo -------------------------------------------------------------------------------- */

/* A photo that excites nothing has no measure of its own: it counts as of length 1. */
static double photo_square(const part *p, const float *b) {
    double square = square_of(b, p->count);
    return square > 0 ? square : 1;
}

/* -|a - b|^2 / |b|^2. */
static double match(const part *p, const float *b, const float *x, double scale, float *seed) {
    double sum = 0, square = photo_square(p, b), slope = -2 * scale / square;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t at = part_place(p, i);
        double d = (double)x[at] - b[i];
        sum += d * d;
        seed[at] += (float)(slope * d);
    }
    return -sum / square;
}

/* <a, b> / |b|^2 cos(a, b)^power: 1 for the photo itself. */
static double caricature(const part *p, const float *b, double power, const float *x, double scale,
                         float *seed) {
    double square = photo_square(p, b);
    return dot_cosine(p, b, sqrt(square), power, x, scale / square, seed) / square;
}

double fvi_term_value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                      float *seed) {
    const fvi_term *term = t->term;
    double w = term->weight;
    part p = part_of(l, n, term->channel);
    switch (t->kind) {
    case FVI_TERM_CHANNEL: return fvi_channel_value(l, n, term->channel, t->position, x, w, seed);
    case FVI_TERM_LAYER: return squares(&p, x, -INFINITY, 1 / (double)p.count, w, seed);
    case FVI_TERM_ENERGY: return squares(&p, x, -INFINITY, 1, w, seed);
    case FVI_TERM_STRONG: return squares(&p, x, threshold(&p, x, term->argument[0]), 0.5, w, seed);
    case FVI_TERM_PROBABILITY: return probability(l, n, term->channel, x, w, seed);
    case FVI_TERM_DIRECTION: return direction(l, n, t, x, w, seed);
    case FVI_TERM_MATCH: return match(&p, t->reference[n], x, w, seed);
    case FVI_TERM_CARICATURE: return caricature(&p, t->reference[n], term->argument[0], x, w, seed);
    case FVI_TERM_GUIDE: return fvi_guide_value(l, n, term, x, w, seed);
    default: return 0; /* of several pictures, or of the picture */
    }
}
