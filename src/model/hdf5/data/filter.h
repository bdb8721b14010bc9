/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: what was done to each chunk before it was written, undone. */
#ifndef FVI_MODEL_HDF5_DATA_FILTER_H
#define FVI_MODEL_HDF5_DATA_FILTER_H

#include "model/hdf5/blocks/file.h"

#define FVI_H5_MOST_FILTERS 8
typedef struct fvi_h5_pipeline {
    int count;
    struct {
        int id;
        uint32_t value;            /* the first number it was given; 0: none */
    } filter[FVI_H5_MOST_FILTERS]; /* in the order of writing */
} fvi_h5_pipeline;

/* Reads a filter message.  errors  FORMAT; UNSUPPORTED a filter that is not read, by name */
fv_status fvi_h5_pipeline_read(fvi_h5_cursor message, fvi_h5_pipeline *out, fv_error *err);

/* Undoes filters, chunk by chunk. */
typedef struct fvi_h5_decoder {
    fvi_h5_pipeline pipeline;
    size_t size;        /* bytes of a chunk */
    size_t room;        /* of each buffer */
    uint8_t *buffer[2]; /* NULL before they are needed */
} fvi_h5_decoder;

/* Decodes a chunk.
 *   stored  its bytes in the file
 *   mask    bit i: filter i was left out
 *   out     [d->size], in the file or in a buffer: until the next call
 *   errors  FORMAT; NOMEM */
fv_status fvi_h5_decode(fvi_h5_decoder *d, fvi_h5_cursor stored, uint32_t mask, const uint8_t **out,
                        fv_error *err);
/* Frees the buffers. */
void fvi_h5_decoder_free(fvi_h5_decoder *d);

#endif
