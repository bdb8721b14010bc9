/* SPDX-License-Identifier: Apache-2.0 */
/* fvi_pyramid_normalise (signal/pyramid.h) as nodes of a graph. */
#ifndef FVI_VIS_OPTIMIZE_PYRAMID_GRAPH_H
#define FVI_VIS_OPTIMIZE_PYRAMID_GRAPH_H

#include "graph/build/emit.h"

/* Normalises the pyramids of n pictures g [n][channels][h][w], each by itself, with that many
 * levels, 1..10; -1 with the builder's status set. */
int fvi_pyramid_normalise_emit(fvi_builder *b, int g, int levels);

#endif
