/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of transforms as nodes of a graph, with random choices that it is given before each run.
 */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_GRAPH_H
#define FVI_VIS_TRANSFORM_TRANSFORM_GRAPH_H

#include "vis/transform/transform.h"
#include "vis/transform/transform_form.h"

/* The graph form of a chain: where its random choices are written. It borrows from the list of
 * inputs in which they are. */
typedef struct fvi_chain_form {
    fvi_form list[FVI_MAX_TRANSFORMS]; /* of several moves done in one: the last one's */
} fvi_chain_form;

/* Appends all transforms of a chain to a graph: x [samples][channels][frame h][frame w] -> the
 * value returned, [samples][channels][h][w], the same as fvi_chain_apply of each sample, but for
 * rounding; its gradient at x is fvi_chain_adjoint's. -1: the builder's status says why.
 *   out     to be filled in before each run
 *   errors  UNSUPPORTED, naming the transform, where one needs to know a size that is drawn, or
 *           where the size that comes out is drawn; NOMEM, SHAPE beyond the builder's limits */
int fvi_chain_emit(const fvi_chain *c, const fvi_form_site *site, int x, fvi_chain_form *out);

/* The same transforms of other pictures, x of the same shape, with the random choices of the chain
 * that is in *form; likewise. */
int fvi_chain_emit_again(const fvi_chain *c, const fvi_form_site *site, int x,
                         fvi_chain_form *form);

/* Writes the random choices that fvi_chain_draw has made as those of sample `sample`.
 *   drawn  that chain, or one of the same transforms and frame. Different samples may be filled in
 *          at once from different chains */
void fvi_chain_fill(const fvi_chain_form *f, const fvi_chain *drawn, int sample);

#endif
