/* SPDX-License-Identifier: Apache-2.0 */
/* What recurrent layers are computed with: the gates' functions and small matrix products. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_RECURRENT_CELL_H
#define FVI_BACKEND_ONEDNN_KERNELS_RECURRENT_CELL_H

#include "graph/graph.h"

/* y[i] = f(x[i]) and slope[i] = f'(x[i]) for i < n; x may be y. With clip > 0, x is kept in +-clip
 * first, and the slope is 0 where it was beyond; but not what goes into function 2, the cell's. */
void fvi_cell_function(const fvi_recurrent *a, int which, const float *x, float *y, float *slope,
                       int64_t n);

/* A matrix m [rows][columns], times vectors that are `from_step` and `to_step` apart. */
typedef struct fvi_cell_product {
    const float *m;
    int64_t rows, columns, n; /* n vectors */
    const float *from;
    float *to;
    int64_t from_step, to_step;
} fvi_cell_product;

/* to[rows] += m from[columns] for each vector. The result does not depend on the threads. */
void fvi_cell_multiply(const fvi_cell_product *p);
/* to[columns] += transposed m from[rows]. */
void fvi_cell_multiply_transposed(const fvi_cell_product *p);

#endif
