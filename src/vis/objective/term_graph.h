/* SPDX-License-Identifier: Apache-2.0 */
/* What terms are emitted into, as nodes of a graph (fvi_term_kind.emit): the samples of a batch,
 * each with its own picture's objective. What a picture's term has of its own (its channel, weight,
 * vector, ...) is an input of the graph with its numbers, so that one compiled graph serves all
 * batches of pictures whose terms are alike.
 */
#ifndef FVI_VIS_OBJECTIVE_TERM_GRAPH_H
#define FVI_VIS_OBJECTIVE_TERM_GRAPH_H

#include "graph/build/given.h"
#include "vis/objective/term.h"

/* `samples` samples of `pictures` pictures: sample i is of picture i % pictures. An emitter gets
 * the alike terms of all pictures, [pictures], and returns their values without weights, [samples];
 * -1 with the builder's status set. */
typedef struct fvi_term_graph {
    fvi_builder *b;
    fvi_given_list *given;
    int64_t pictures, samples;
    int64_t group;             /* neighbours made together, of one objective; 1: each alone */
    int layer[FVI_MAX_VALUES]; /* the values, [samples][outer][channels][inner] as fvi_extent */
    int photo[FVI_MAX_VALUES]; /* the same for the photos that terms compare with, which take no
                                  gradient; -1: there are none */
    int pixels, start;         /* terms of the picture: [samples][channels][h][w]; start -1: none */
} fvi_term_graph;

/* A number of one picture's term. */
typedef double (*fvi_term_number)(const fvi_bound_term *t);

/* An input given once, [samples][shape of what each sample has], which takes no gradient; *data:
 * its zeros, to be filled. -1 with the builder's status set.
 *   each  shape of one sample's */
int fvi_term_given(const fvi_term_graph *g, const fvi_shape *each, float **data);
/* A number of each sample's term, [samples] with `ones` axes of size 1 behind. */
int fvi_term_numbers(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number number,
                     int ones);
/* x^exponent, x [samples].. of at least 0: a power in the graph's text where all exponents are
 * equal, which is computed several times as fast. */
int fvi_term_power(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number exponent,
                   int x);
/* Of x [samples][n] or [samples][n][m], the element or row of each sample: [samples] or
 * [samples][m]. Elements that are not chosen have no influence, be they finite or not. */
int fvi_term_choose(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number which, int x);
/* The same number for every sample, [samples]. */
int fvi_term_constant(const fvi_term_graph *g, double x);

/* ---- arithmetic with a number; x -1 gives -1 ---- */

/* p x + q. */
int fvi_term_scale(const fvi_term_graph *g, double p, double q, int x);
/* The larger of x and a number; where x is not larger, no gradient goes back. Not by a clip, since
 * the gradient of a network's clips may be redirected (fvi_executable_redirect). */
int fvi_term_at_least(const fvi_term_graph *g, double low, int x);
/* A comparison of x with a number: 0 or 1. */
int fvi_term_compare(const fvi_term_graph *g, fvi_binary f, int x, double y);
/* x where the condition holds, elsewhere a number and no gradient. */
int fvi_term_where(const fvi_term_graph *g, int condition, int x, double otherwise);

#endif
