/* SPDX-License-Identifier: Apache-2.0 */
/* subset: functions of a subset of elements that several terms share, each with its gradient. */
#include "vis/objective/subset.h"

#include <math.h>

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
