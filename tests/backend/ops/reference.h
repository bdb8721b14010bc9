/* SPDX-License-Identifier: Apache-2.0 */
/* Forward of every op in double precision, written naively from the definition in ONNX's
 * documents and sharing no code with src/ops. Only for tests: slow on purpose. */
#ifndef FVI_TESTS_OPS_REFERENCE_H
#define FVI_TESTS_OPS_REFERENCE_H

#include "graph/graph.h"

/* A tensor of doubles; data NULL: an absent input. */
typedef struct fvi_ref {
    fvi_shape shape;
    double *data;
} fvi_ref;

/* Computes node n: reads in[0..n->n_in-1], writes out->data of out->shape (allocated). */
typedef void (*fvi_reference)(const fvi_node *n, const fvi_ref *in, fvi_ref *out);

/* The reference of a kind. */
fvi_reference fvi_reference_of(fvi_kind k);

/* What the reference files share: element number i of a shape as a position, and back. */
int64_t fvi_ref_count(const fvi_shape *s);
void fvi_ref_unravel(const fvi_shape *s, int64_t i, int64_t pos[FVI_MAX_DIMS]);
int64_t fvi_ref_ravel(const fvi_shape *s, const int64_t pos[FVI_MAX_DIMS]);
/* The element of t that numpy's broadcasting puts at position pos of a tensor of ndim axes. */
double fvi_ref_broadcast(const fvi_ref *t, const int64_t *pos, int ndim);

#define FVI_KIND(NAME, file, ...) \
    void fvi_ref_##file(const fvi_node *n, const fvi_ref *in, fvi_ref *out);
#include "graph/kinds.def"
#undef FVI_KIND

#endif
