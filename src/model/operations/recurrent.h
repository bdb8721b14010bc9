/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a recurrent layer. */
#ifndef FVI_MODEL_OPERATIONS_RECURRENT_H
#define FVI_MODEL_OPERATIONS_RECURRENT_H

#include "model/operations/site.h"

/* Gates are in the order of fvi_recurrent, whose `inner` bias is what GRU's reset gate multiplies.
 * -1: none. */
typedef struct fvi_recurrent_weights {
    int w;      /* [in][gates h] */
    int r;      /* [h][gates h] */
    int bias;   /* [gates h] */
    int inner;  /* [h] */
    int h0, c0; /* [n][h] states to begin with */
} fvi_recurrent_weights;

/* All steps of x [n][t][in]: [n][t][h], or with a->cells [n][t][2 h]; -1 with the builder's status
 * set. The shapes of weights are the caller's to check. */
int fvi_site_recurrent(fvi_site *site, int x, const fvi_recurrent *a,
                       const fvi_recurrent_weights *w);

#endif
