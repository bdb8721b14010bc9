/* SPDX-License-Identifier: Apache-2.0 */
/* Einstein sums. */
#ifndef FVI_GRAPH_BUILD_EINSUM_H
#define FVI_GRAPH_BUILD_EINSUM_H

#include "graph/build/emit.h"

/* The sum that "ab,bc->ac" spells, of n values of 1 to 16; -1 with the builder's status set. */
int fvi_emit_einsum(fvi_builder *b, const char *equation, size_t length, int n, const int *in);

#endif
