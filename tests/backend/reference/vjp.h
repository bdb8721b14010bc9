/* SPDX-License-Identifier: Apache-2.0 */
/* The vector-Jacobian product of every op, in double precision, from the reference forwards. */
#ifndef FVI_TESTS_BACKEND_REFERENCE_VJP_H
#define FVI_TESTS_BACKEND_REFERENCE_VJP_H

#include "../ops/reference.h"

/* How ReLUs, leaky ReLUs and clips pass a gradient. */
typedef struct fvi_ref_relu {
    int guided;                    /* its positive part only */
    const unsigned char *redirect; /* [samples] through those that are dead; or NULL */
    int64_t samples;               /* equal parts of the first axis */
} fvi_ref_relu;

/* dx = the gradient of sum(dy out) at input i of node n.
 *   in   [n->n_in] its inputs; put back as they were
 *   dy   of out's shape
 *   dx   [count of in[i]] written */
void fvi_ref_vjp(const fvi_node *n, fvi_ref *in, const fvi_ref *dy, int i, const fvi_ref_relu *relu,
                 double *dx);

#endif
