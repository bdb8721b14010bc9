/* SPDX-License-Identifier: Apache-2.0 */
/* Fractal heaps: where the links and attributes of an object are when they are many. */
#ifndef FVI_MODEL_HDF5_BLOCKS_FRACTAL_HEAP_H
#define FVI_MODEL_HDF5_BLOCKS_FRACTAL_HEAP_H

#include "model/hdf5/blocks/file.h"

#define FVI_H5_HUGE_STEPS (1 << 22)
typedef struct fvi_h5_heap {
    int id_size;                    /* bytes of an ID, from 1 on */
    int offset_width, length_width; /* of an object's place in its ID */
    uint64_t width, start,
        most;        /* blocks of a row; bytes of the first; of the largest direct one */
    int offset_bits; /* the heap's places are below 2^offset_bits */
    uint64_t root;   /* a direct block, or an indirect one of so many rows: */
    int rows;        /* 0: direct */
    uint64_t huge;   /* B-tree of objects outside the heap */
    uint64_t steps;  /* records of that tree that may still be looked at */
} fvi_h5_heap;

/* Reads a heap's header.  errors  FORMAT; UNSUPPORTED filters */
fv_status fvi_h5_heap_open(const fvi_hdf5 *f, uint64_t address, fvi_h5_heap *out, fv_error *err);
/* The bytes of an object, given its ID.  errors  FORMAT; UNSUPPORTED */
fv_status fvi_h5_heap_object(const fvi_hdf5 *f, fvi_h5_heap *heap, fvi_h5_cursor id,
                             fvi_h5_cursor *out, fv_error *err);

#endif
