/* SPDX-License-Identifier: Apache-2.0 */
/* Inside transform.c and transform_graph.c: what a chain is. */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_CHAIN_H
#define FVI_VIS_TRANSFORM_TRANSFORM_CHAIN_H

#include "vis/transform/transform_kind.h"

struct fvi_chain {
    fvi_chain_frame frame;
    int count;
    fvi_drawn list[FVI_MAX_TRANSFORMS];
    int64_t max_plane; /* largest h * w at any place */
    int keeps_size;
    int largest[2];    /* height and width that can come out */
    float *between[2]; /* [channels][max_plane]; NULL where the chain is too short to need it */
    float *work;       /* [max_plane]; NULL without a blur */
    int *index;        /* [largest h + largest w] */
};

/* Whether transform i is done together with the one behind it. */
static inline int fvi_chain_joins(const fvi_chain *c, int i) {
    return i + 1 < c->count && c->list[i + 1].before != NULL;
}

#endif
