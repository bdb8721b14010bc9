/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers are quantised in the file. */
#ifndef FVI_MODEL_NETWORK_QUANTISED_H
#define FVI_MODEL_NETWORK_QUANTISED_H

#include "graph/graph.h"

/* Whether a layer is made of an operator of quantised numbers, or has weights or an input that are
 * quantised in the file. */
int fvi_is_quantised(const fvi_graph *g, const fvi_node *n);

/* The first node whose numbers the file rounds at run time, which is not done here; -1: none. Where
 * only weights are quantised nothing is rounded. */
int fvi_first_rounded(const fvi_graph *g);
/* The first node that casts to half precision, where the file rounds; -1: none. */
int fvi_first_half(const fvi_graph *g);

#endif
