/* SPDX-License-Identifier: Apache-2.0 */
/* Where the chunks of a dataset are. */
#ifndef FVI_MODEL_HDF5_DATA_CHUNK_INDEX_H
#define FVI_MODEL_HDF5_DATA_CHUNK_INDEX_H

#include "model/hdf5/data/layout.h"

/* A chunk that is in the file. */
typedef struct fvi_h5_chunk {
    int64_t at[FVI_MAX_DIMS]; /* of its first element: a multiple of the chunk's size, within the
                                 array along every axis */
    uint64_t address, size;   /* its bytes in the file */
    uint32_t mask;            /* bit i: filter i was left out */
} fvi_h5_chunk;

typedef fv_status (*fvi_h5_chunk_visit)(void *user, const fvi_h5_chunk *chunk, fv_error *err);

/* What the chunks belong to. */
typedef struct fvi_h5_grid {
    const fvi_hdf5 *f;
    const fvi_h5_layout *layout;
    fvi_shape shape;   /* of the array, which is not empty */
    fvi_shape largest; /* that it may grow to; -1 for no limit */
    int64_t chunks;    /* that the array needs */
    uint64_t bytes;    /* of a chunk that is not filtered */
    int filtered;
} fvi_h5_grid;

/* Visits the chunks that are there, each of the array's at most once.
 *   errors  FORMAT; UNSUPPORTED; the visitor's */
fv_status fvi_h5_chunks(const fvi_h5_grid *grid, fvi_h5_chunk_visit visit, void *user,
                        fv_error *err);

#endif
