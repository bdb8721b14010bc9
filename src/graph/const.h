/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of constants. */
#ifndef FVI_GRAPH_CONST_H
#define FVI_GRAPH_CONST_H

#include "graph/graph.h"

/* Bytes of one element, or 0 for a type we do not read. */
size_t fvi_dtype_size(fvi_dtype t);

/* Converts all elements to f32 into dst [count]. */
void fvi_const_to_f32(const fvi_const *c, float *dst);

/* Converts element i to a double. */
double fvi_const_at(const fvi_const *c, int64_t i);

/* Whether elements are integers (booleans too). */
int fvi_dtype_is_int(fvi_dtype t);
/* "int64", "float", ...; static. */
const char *fvi_dtype_name(fvi_dtype t);

/* Element i of an integer constant, exactly (u64 as its bits); of a real one, clamped. */
int64_t fvi_const_int(const fvi_const *c, int64_t i);
/* Writes element i, converted to the type: integers wrap, reals are rounded or clamped. */
void fvi_put_int(fvi_dtype t, void *dst, int64_t i, int64_t x);
void fvi_put_real(fvi_dtype t, void *dst, int64_t i, double x);
/* Copies element j of c to element i of dst, converting. */
void fvi_put_from(fvi_dtype t, void *dst, int64_t i, const fvi_const *c, int64_t j);

#endif
