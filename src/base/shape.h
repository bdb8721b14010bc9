/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, and arithmetic on sizes that come from files. */
#ifndef FVI_BASE_SHAPE_H
#define FVI_BASE_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

#define FVI_MAX_DIMS FV_MAX_DIMS
#define FVI_MAX_ELEMENTS ((int64_t)1 << 31) /* of one tensor; documented in docs/limits.md */

/* Sizes of a tensor, outermost first; ndim 0 is a scalar, ndim -1 a shape that is not known (only
 * behind an OPAQUE node of a graph that is listed, never of one that is run). */
typedef struct fvi_shape {
    int ndim;
    int64_t dim[FVI_MAX_DIMS];
} fvi_shape;

/* Number of elements, or -1 if the shape is not known, a size is negative, or the product exceeds
 * FVI_MAX_ELEMENTS. */
int64_t fvi_shape_count(const fvi_shape *shape);
/* Product of dim[from..to-1] of a shape whose count has been checked. */
int64_t fvi_shape_product(const fvi_shape *shape, int from, int to);
int fvi_shape_equal(const fvi_shape *a, const fvi_shape *b);
/* Writes "1x3x224x224" ("scalar" for no dims, "unknown") and returns `text`. */
#define FVI_SHAPE_TEXT 96
const char *fvi_shape_text(const fvi_shape *shape, char text[FVI_SHAPE_TEXT]);
/* Row-major strides in elements. */
void fvi_shape_strides(const fvi_shape *shape, int64_t stride[FVI_MAX_DIMS]);
/* NumPy broadcasting of two shapes; 0 on success, -1 if they cannot be broadcast. */
int fvi_shape_broadcast(const fvi_shape *a, const fvi_shape *b, fvi_shape *out);

/* a*b and a+b into *out; 0 on success, -1 on overflow (then *out is untouched). */
int fvi_mul(int64_t a, int64_t b, int64_t *out);
int fvi_add(int64_t a, int64_t b, int64_t *out);

#endif
