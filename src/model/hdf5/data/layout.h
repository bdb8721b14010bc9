/* SPDX-License-Identifier: Apache-2.0 */
/* Where a dataset's elements lie. */
#ifndef FVI_MODEL_HDF5_DATA_LAYOUT_H
#define FVI_MODEL_HDF5_DATA_LAYOUT_H

#include "base/shape.h"
#include "model/hdf5/blocks/file.h"

typedef enum fvi_h5_layout_class {
    FVI_H5_COMPACT,
    FVI_H5_CONTIGUOUS,
    FVI_H5_CHUNKED
} fvi_h5_layout_class;

/* How the chunks of a dataset are found. */
typedef enum fvi_h5_index {
    FVI_H5_INDEX_TREE, /* a B-tree of version 1 */
    FVI_H5_INDEX_SINGLE,
    FVI_H5_INDEX_IMPLICIT,
    FVI_H5_INDEX_FIXED_ARRAY
} fvi_h5_index;

typedef struct fvi_h5_layout {
    fvi_h5_layout_class class;
    fvi_h5_cursor data; /* compact: the elements */
    uint64_t address;   /* of the data or of the chunks' index; NOWHERE: nothing was written */
    uint64_t size;      /* of the data, in bytes */

    /* of chunks: */
    int ndim;
    int64_t chunk[FVI_MAX_DIMS]; /* [ndim] elements, > 0 */
    uint32_t element;            /* bytes */
    fvi_h5_index index;
    int edges_unfiltered; /* chunks that go beyond the array are not filtered */
    int single_filtered;  /* the single chunk is: */
    uint64_t single_size; /* its bytes in the file */
    uint32_t single_mask; /* the filters that it skips */
} fvi_h5_layout;

/* Reads a layout message.  errors  FORMAT; UNSUPPORTED virtual datasets, other indexes */
fv_status fvi_h5_layout_read(const fvi_hdf5 *f, fvi_h5_cursor message, fvi_h5_layout *out,
                             fv_error *err);

#endif
