/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of one sample that a term is computed from: those of a layer, of one of its
 * channels, or of one position. */
#ifndef FVI_VIS_OBJECTIVE_SUBSET_H
#define FVI_VIS_OBJECTIVE_SUBSET_H

#include "vis/objective/term_graph.h"

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

/* ---- the same as nodes of a graph: term_graph.h ---- */

/* The elements of a channel of each sample of x [samples][outer][channels][inner]:
 * [samples][positions]. */
int fvi_emit_channel(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number channel,
                     int x);
/* The channels of x at the term's position: [samples][1][channels][1]. */
int fvi_emit_at_position(const fvi_term_graph *g, const fvi_bound_term *t, int x);
/* fvi_channel_value of the term's channel of x: [samples]. */
int fvi_emit_channel_value(const fvi_term_graph *g, const fvi_bound_term *t, int x);
/* The elements of the term's channel, or of its layer: [samples][n].  layers  [n_values] g->layer,
 * or g->photo */
int fvi_emit_elements(const fvi_term_graph *g, const fvi_bound_term *t, const int *layers);
/* d f^power, of d and |a|, [samples][n], of |v|, [samples][1], and of the powers. */
int fvi_emit_dot_cosine(const fvi_term_graph *g, const fvi_bound_term *t, int v_length, int dot,
                        int length);
/* argument[0] of a term. */
double fvi_term_argument(const fvi_bound_term *t);

#endif
