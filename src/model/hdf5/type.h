/* SPDX-License-Identifier: Apache-2.0 */
/* Datatypes and dataspaces: what the elements of an array are, and how many. */
#ifndef FVI_MODEL_HDF5_TYPE_H
#define FVI_MODEL_HDF5_TYPE_H

#include "model/hdf5/blocks/file.h"
#include "model/hdf5/hdf5.h"

typedef enum fvi_h5_class {
    FVI_H5_NUMBER,
    FVI_H5_FIXED_TEXT,
    FVI_H5_VARIABLE_TEXT,
    FVI_H5_OPAQUE,
    FVI_H5_UNREAD
} fvi_h5_class;

typedef struct fvi_h5_type {
    fvi_h5_class class;
    fvi_dtype dtype; /* of a number */
    uint32_t size;   /* of an element in the file, > 0 */
    int big_endian;
    int ends_at_nul;  /* a fixed text: at its first NUL byte; else it is padded: */
    int padded_by;    /* with this byte */
    const char *name; /* for messages; static */
} fvi_h5_type;

/* Reads a datatype message. A type that is not read is no error: class UNREAD and its name.
 *   errors  FORMAT */
fv_status fvi_h5_type_read(fvi_h5_cursor message, fvi_h5_type *out, fv_error *err);

/* Reads a dataspace message.
 *   count   the product of its sizes; 0 of a null dataspace, whose shape is [0]
 *   errors  FORMAT; UNSUPPORTED more than 8 axes; NOMEM more than 2^31 elements */
fv_status fvi_h5_space_read(const fvi_hdf5 *f, fvi_h5_cursor message, fvi_shape *out,
                            int64_t *count, fv_error *err);
/* The sizes that an array may grow to, -1 for no limit; `shape` is what it has. */
fvi_shape fvi_h5_space_largest(const fvi_hdf5 *f, fvi_h5_cursor message, const fvi_shape *shape);

#endif
