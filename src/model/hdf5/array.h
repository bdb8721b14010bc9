/* SPDX-License-Identifier: Apache-2.0 */
/* Elements that lie in one piece, of an attribute or a dataset, made numbers or texts. */
#ifndef FVI_MODEL_HDF5_ARRAY_H
#define FVI_MODEL_HDF5_ARRAY_H

#include "model/hdf5/type.h"

typedef struct fvi_h5_array {
    fvi_h5_type type;
    fvi_shape shape;
    int64_t count;
    const uint8_t *bytes; /* [count * type.size] as they are in the file */
} fvi_h5_array;

/* What it holds. */
fvi_hdf5_info fvi_h5_array_info(const fvi_h5_array *a);
/* Little-endian numbers: a->bytes where they are that and aligned, else a copy in the pool. */
fv_status fvi_h5_array_numbers(const fvi_h5_array *a, fvi_pool *pool, fvi_const *out,
                               fv_error *err);
/* Texts, copied into the pool. */
fv_status fvi_h5_array_texts(const fvi_hdf5 *f, const fvi_h5_array *a, fvi_pool *pool,
                             fvi_hdf5_texts *out, fv_error *err);
/* UNSUPPORTED: elements of this type are no numbers, or no texts. */
fv_status fvi_h5_not_numbers(const fvi_h5_type *t, fv_error *err);
fv_status fvi_h5_not_texts(const fvi_h5_type *t, fv_error *err);

#endif
