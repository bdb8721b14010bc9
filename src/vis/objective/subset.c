/* SPDX-License-Identifier: Apache-2.0 */
/* subset: functions of a subset of elements that several terms share, each with its gradient and
 * its graph form. */
#include "vis/objective/subset.h"

#include <math.h>

#include "graph/build/compose.h"

#define COSINE_EPSILON 1e-4 /* added to both lengths */
#define COSINE_FLOOR   0.1

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

/* The gradient: (f^power + d power f^(power-1) c_d) v - d power f^(power-1) c_a a/|a|, where c
 * falls by c_a = c / (eps + |a|) for each unit of |a|; both vanish where c is below the floor. */
double fvi_dot_cosine(const fvi_subset *p, const float *v, double v_length, double power,
                      const float *x, double scale, float *seed) {
    double dot = 0, square = 0;
    for (int64_t i = 0; i < p->count; i++) {
        double a = x[fvi_subset_at(p, i)];
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
        int64_t at = fvi_subset_at(p, i);
        seed[at] += (float)(scale * (along * v[i] - away * x[at]));
    }
    return dot * factor;
}

double fvi_sum_squares(const float *v, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)v[i] * v[i];
    return sum;
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

static double channel_of(const fvi_bound_term *t) { return (double)t->term->channel; }

static double position_of(const fvi_bound_term *t) { return (double)t->position; }

double fvi_term_argument(const fvi_bound_term *t) { return t->term->argument[0]; }

int fvi_emit_channel(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number channel,
                     int x) {
    const fvi_shape s = fvi_build_shape(g->b, x);
    if (x < 0 || g->b->status) return -1;
    const int64_t channels = s.dim[2], positions = s.dim[1] * s.dim[3];
    if (s.dim[1] > 1) x = fvi_emit_transpose(g->b, x, (int[]){0, 2, 1, 3});
    if (channels == 1) return fvi_emit_reshape(g->b, x, &(fvi_shape){2, {s.dim[0], positions}});
    x = fvi_emit_reshape(g->b, x, &(fvi_shape){3, {s.dim[0], channels, positions}});
    return fvi_term_choose(g, t, channel, x);
}

int fvi_emit_at_position(const fvi_term_graph *g, const fvi_bound_term *t, int x) {
    const fvi_shape s = fvi_build_shape(g->b, x);
    x = fvi_emit_transpose(g->b, x, (int[]){0, 1, 3, 2});
    x = fvi_emit_reshape(g->b, x, &(fvi_shape){3, {s.dim[0], s.dim[1] * s.dim[3], s.dim[2]}});
    return fvi_emit_reshape(g->b, fvi_term_choose(g, t, position_of, x),
                            &(fvi_shape){4, {s.dim[0], 1, s.dim[2], 1}});
}

int fvi_emit_channel_value(const fvi_term_graph *g, const fvi_bound_term *t, int x) {
    const int elements = fvi_emit_channel(g, t, channel_of, x);
    return t->position >= 0 ? fvi_term_choose(g, t, position_of, elements)
                            : fvi_emit_reduce(g->b, FVI_REDUCE_MEAN, 1u << 1, 0, elements);
}

int fvi_emit_elements(const fvi_term_graph *g, const fvi_bound_term *t, const int *layers) {
    const int x = layers[t->term->value];
    const fvi_shape s = fvi_build_shape(g->b, x);
    if (t->term->channel >= 0) return fvi_emit_channel(g, t, channel_of, x);
    return fvi_emit_reshape(g->b, x, &(fvi_shape){2, {s.dim[0], s.dim[1] * s.dim[2] * s.dim[3]}});
}

int fvi_emit_dot_cosine(const fvi_term_graph *g, const fvi_bound_term *t, int v_length, int dot,
                        int length) {
    fvi_builder *b = g->b;
    int any = 0;
    for (int64_t i = 0; i < g->pictures; i++) any |= fvi_term_argument(&t[i]) > 0;
    if (!any) return dot;
    const int v = fvi_term_scale(g, 1, COSINE_EPSILON, v_length);
    const int lengths =
        fvi_emit_binary(b, FVI_MUL, fvi_term_scale(g, 1, COSINE_EPSILON, length), v);
    const int cosine = fvi_emit_binary(b, FVI_DIV, dot, lengths);
    const int floored = fvi_term_at_least(g, COSINE_FLOOR, cosine);
    return fvi_emit_binary(b, FVI_MUL, dot, fvi_term_power(g, t, fvi_term_argument, floored));
}
