/* SPDX-License-Identifier: Apache-2.0 */
/* A linear map along one axis of a plain tensor, as a sparse matrix: what resizing, gathering and
 * reflecting have in common. Its adjoint is the transposed matrix, applied in the same way. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_AXIS_MAP_H
#define FVI_BACKEND_ONEDNN_KERNELS_AXIS_MAP_H

#include "backend/onednn/schedule/step.h"

/* out[i] = bias[i] + sum of weight[e] * in[index[e]] over e in [first[i], first[i+1]) */
typedef struct fvi_axis_map {
    int64_t rows, cols; /* sizes of the axis after and before */
    int64_t *first;     /* [rows + 1] */
    int32_t *index;
    float *weight; /* NULL: all 1 */
    float *bias;   /* [rows] or NULL: none */
    int uniform;   /* entries per row if that is the same for all rows, else 0 */
} fvi_axis_map;

/* The same matrix with as many entries in every row. */
typedef struct fvi_axis_rows {
    int64_t rows, cols;
    int entries;          /* per row */
    const int32_t *index; /* [rows][entries] positions before; -1 stands for the number `outside` */
    const float *weight;  /* [rows][entries], or NULL: all 1 */
    float outside;
} fvi_axis_rows;

/* Makes a map in the step's memory.  errors  NOMEM */
fv_status fvi_axis_map_new(fvi_step *s, const fvi_axis_rows *from, fvi_axis_map *out,
                           fv_error *err);
/* The adjoint of m's linear part.  errors  NOMEM */
fv_status fvi_axis_map_transpose(fvi_step *s, const fvi_axis_map *m, fvi_axis_map *out,
                                 fv_error *err);

/* dst [outer][rows][inner] from src [outer][cols][inner]. Each output is computed by one thread, in
 * the order of its entries. */
void fvi_axis_map_apply(const fvi_axis_map *m, int64_t outer, int64_t inner, const float *src,
                        float *dst);

#endif
