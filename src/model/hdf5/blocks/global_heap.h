/* SPDX-License-Identifier: Apache-2.0 */
/* The global heap, where texts of variable length are. */
#ifndef FVI_MODEL_HDF5_BLOCKS_GLOBAL_HEAP_H
#define FVI_MODEL_HDF5_BLOCKS_GLOBAL_HEAP_H

#include "model/hdf5/blocks/file.h"

#define FVI_H5_HEAP_STEPS ((uint64_t)1 << 24)
/* Where the last object was found: the next is looked for from there on. */
typedef struct fvi_h5_heap_place {
    uint64_t left;       /* how many objects may still be looked at; FVI_H5_HEAP_STEPS at first */
    uint64_t collection; /* its address; 0: none yet */
    fvi_h5_cursor rest;  /* of the collection */
} fvi_h5_heap_place;

/* Finds an object of the collection at an address by its number.
 *   errors  FORMAT; NOMEM too many objects were looked at */
fv_status fvi_h5_heap_find(const fvi_hdf5 *f, uint64_t address, uint64_t index,
                           fvi_h5_heap_place *place, const uint8_t **bytes, uint64_t *size,
                           fv_error *err);

#endif
