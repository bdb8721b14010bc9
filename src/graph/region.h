/* SPDX-License-Identifier: Apache-2.0 */
/* Which elements of a graph's values a result depends on. */
#ifndef FVI_GRAPH_REGION_H
#define FVI_GRAPH_REGION_H

#include "graph/graph.h"

/* Elements lo .. hi - 1 along each axis of a value. */
typedef struct fvi_region {
    int needed; /* 0: the result depends on no element */
    int64_t lo[FVI_MAX_DIMS], hi[FVI_MAX_DIMS];
} fvi_region;

/* All elements of a value of that shape. */
fvi_region fvi_region_whole(const fvi_shape *shape);

/* Widens a region to cover another one of the same value. */
void fvi_region_join(fvi_region *to, const fvi_region *r, int ndim);

/* The part of input i of a node that its output's region depends on; the input is there.
 *   regions  [n_values], as fvi_graph_regions left them */
fvi_region fvi_region_read(const fvi_graph *g, const fvi_region *regions, const fvi_node *n, int i);

/* Follows a result back to everything it is computed from. Regions are boxes, and may be larger
 * than what the result depends on, never smaller.
 *   regions  [n_values] on entry those of the result's own values; on return of all */
void fvi_graph_regions(const fvi_graph *g, fvi_region *regions);

#endif
