/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of nodes: the rows of kinds.def as an enum, and traits that several analyses use. */
#ifndef FVI_GRAPH_KIND_H
#define FVI_GRAPH_KIND_H

typedef enum fvi_kind {
#define FVI_KIND(NAME, ...) FVI_##NAME,
#include "graph/kinds.def"
#undef FVI_KIND
    FVI_KIND_COUNT
} fvi_kind;

typedef enum fvi_trait {
    FVI_TRAINED = 1, /* its constant inputs were trained */
    FVI_SEVERAL = 2, /* several inputs may depend on the network's input, aligned axis by axis (of
                        a matrix product, the axes before the last two) */
    FVI_BY_CHANNEL = 4,  /* works on every channel by itself and keeps the axes where they are */
    FVI_HOLDS_TABLES = 8 /* a constant input of more than one number counts as parameters */
} fvi_trait;

int fvi_kind_has(fvi_kind k, fvi_trait trait);
/* The enumerator's name, "CONV_TRANSPOSE"; static. */
const char *fvi_kind_name(fvi_kind k);

#endif
