/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of one sample that a term is computed from: those of a layer, of one of its
 * channels, or of one position. */
#ifndef FVI_VIS_OBJECTIVE_SUBSET_H
#define FVI_VIS_OBJECTIVE_SUBSET_H

#include "vis/objective/term.h"

typedef struct fvi_subset {
    const fvi_extent *l;
    int64_t n, channel, position, count;
} fvi_subset;

/* channel  -1: all */
static inline fvi_subset fvi_subset_of(const fvi_extent *l, int64_t n, int64_t channel) {
    return (fvi_subset){l, n, channel, -1,
                        channel < 0 ? fvi_extent_count(l) : fvi_extent_positions(l)};
}

/* The index of element i in the value. */
static inline int64_t fvi_subset_at(const fvi_subset *p, int64_t i) {
    if (p->position >= 0) return fvi_extent_at(p->l, p->n, i, p->position);
    return p->channel < 0 ? fvi_extent_offset(p->l, p->n, i)
                          : fvi_extent_at(p->l, p->n, p->channel, i);
}

/* The mean of a channel over its positions, or at one (position >= 0); adds scale * its gradient.
 */
double fvi_channel_value(const fvi_extent *l, int64_t n, int64_t channel, int64_t position,
                         const float *x, double scale, float *seed);

/* d = <a, v>, c = d / (eps + |a|) / (eps + |v|), f = max(0.1, c): d f^power (Lucid's _dot_cossim,
 * with its constants); adds scale * its gradient. */
double fvi_dot_cosine(const fvi_subset *p, const float *v, double v_length, double power,
                      const float *x, double scale, float *seed);
/* Sum of squares of n elements. */
double fvi_sum_squares(const float *v, int64_t n);

#endif
