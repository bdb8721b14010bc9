/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives as nodes of a graph: what fvi_bound_evaluate and its like compute on the processor, so
 * that a device can compute it and its gradient. Pictures of one graph have alike objectives: terms
 * of the same kinds, on the same values, in the same order. They may differ in weights, channels,
 * positions, vectors and arguments, which are inputs of the graph.
 */
#ifndef FVI_VIS_OBJECTIVE_OBJECTIVE_GRAPH_H
#define FVI_VIS_OBJECTIVE_OBJECTIVE_GRAPH_H

#include "graph/build/given.h"
#include "vis/objective/bind.h"

/* Whether two objectives are about the same values; and whether pictures of both can be of one
 * graph. */
int fvi_objectives_share_values(const fvi_objective *a, const fvi_objective *b);
int fvi_objectives_alike(const fvi_objective *a, const fvi_objective *b);

/* What is emitted, and where. */
typedef struct fvi_objective_site {
    fvi_builder *b;
    fvi_given_list *given;
    fvi_objective_list objectives; /* one a picture */
    int group;                     /* pictures of one objective that are made together; 1: none */
    const int *photo; /* the values for the photos that terms compare with, as fvi_objectives_emit's
                         `values`; NULL: there are none */
} fvi_objective_site;

/* The sum of each sample's terms on the network's values, [samples], where samples are ordered
 * [copy][picture]. An objective without such terms gives zeros.
 *   g        the network's graph for that many samples, whose outputs are the objectives' values
 *   crop     as fvi_objective_bind
 *   values   [n_values] the same values in the builder
 *   returns  -1 with the builder's status set: as fvi_objective_bind; UNSUPPORTED a term that is
 *            not alike, or has no form as nodes of a graph */
int fvi_objectives_emit(const fvi_objective_site *site, const fvi_graph *g, int64_t samples,
                        const fvi_crop_axis (*crop)[2], const int *values);
/* The sum of each picture's terms on the picture itself, [pictures]; zeros where there is none.
 *   pixels   [pictures][channels][h][w]
 *   start    the same before the first update; -1: there is none, and a term that looks at it is
 *            UNSUPPORTED */
int fvi_objectives_emit_pictures(const fvi_objective_site *site, int pixels, int start);

#endif
