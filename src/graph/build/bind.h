/* SPDX-License-Identifier: Apache-2.0 */
/* Making the value of a network's input, as the caller binds it. */
#ifndef FVI_GRAPH_BUILD_BIND_H
#define FVI_GRAPH_BUILD_BIND_H

#include "graph/build/build.h"

/* The constant of a binding as a value. */
int fvi_bind_constant(fvi_builder *b, const fvi_const *c);

/* The input's value: the bound numbers, or a run-time input of the bound shape, else of the file's;
 * an OPAQUE node where it is no tensor of numbers, or of no usable shape. It is named `name`,
 * borrowed for the graph's life. -1 on failure.
 *   type   of its elements, an fvi_dtype or a number that is none
 *   shape  the file's, free sizes being -1, which count as 1; ndim -1: the file does not say
 *   bound  or NULL */
int fvi_bind_input(fvi_builder *b, const char *name, int type, const fvi_shape *shape,
                   const fvi_binding *bound);

#endif
