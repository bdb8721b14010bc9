/* SPDX-License-Identifier: Apache-2.0 */
/* Constants: tensors whose numbers are known. */
#ifndef FVI_GRAPH_CONST_H
#define FVI_GRAPH_CONST_H

#include "graph/graph.h"

/* Bytes of one element, or 0 for a type we do not read. */
size_t fvi_dtype_size(fvi_dtype t);

/* Converts all elements to f32 into dst [count]. */
void fvi_const_to_f32(const fvi_const *c, float *dst);

/* Converts element i to a double. */
double fvi_const_at(const fvi_const *c, int64_t i);

#endif
