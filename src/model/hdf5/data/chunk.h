/* SPDX-License-Identifier: Apache-2.0 */
/* Data in chunks. */
#ifndef FVI_MODEL_HDF5_DATA_CHUNK_H
#define FVI_MODEL_HDF5_DATA_CHUNK_H

#include "model/hdf5/data/filter.h"
#include "model/hdf5/data/layout.h"

typedef struct fvi_h5_chunked {
    const fvi_h5_layout *layout;
    const fvi_h5_pipeline *pipeline;
    fvi_shape shape, largest; /* of the array; that it may grow to */
    int64_t count;            /* of its elements, > 0 */
    uint32_t size;            /* bytes of an element */
} fvi_h5_chunked;

/* Whether the chunks are those of such an array, and not much larger than it: in all at most 4
 * times its bytes and 16 MiB.  errors  FORMAT; NOMEM */
fv_status fvi_h5_chunked_check(const fvi_h5_chunked *a, fv_error *err);
/* Writes the elements of all chunks that are there into dst [count * size], row-major. Until it
 * returns, up to two more chunks are in memory.  errors  FORMAT; UNSUPPORTED; NOMEM */
fv_status fvi_h5_chunked_read(const fvi_hdf5 *f, const fvi_h5_chunked *a, uint8_t *dst,
                              fv_error *err);

#endif
