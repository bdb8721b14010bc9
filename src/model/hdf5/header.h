/* SPDX-License-Identifier: Apache-2.0 */
/* Object headers: the messages that describe a group or a dataset. */
#ifndef FVI_MODEL_HDF5_HEADER_H
#define FVI_MODEL_HDF5_HEADER_H

#include "model/hdf5/blocks/file.h"
#include "model/hdf5/hdf5.h"

enum {
    FVI_H5_DATASPACE = 0x01,
    FVI_H5_LINK_INFO = 0x02,
    FVI_H5_DATATYPE = 0x03,
    FVI_H5_OLD_FILL = 0x04,
    FVI_H5_FILL = 0x05,
    FVI_H5_LINK = 0x06,
    FVI_H5_EXTERNAL_DATA = 0x07,
    FVI_H5_LAYOUT = 0x08,
    FVI_H5_FILTERS = 0x0b,
    FVI_H5_ATTRIBUTE = 0x0c,
    FVI_H5_CONTINUATION = 0x10,
    FVI_H5_SYMBOL_TABLE = 0x11,
    FVI_H5_ATTRIBUTE_INFO = 0x15
};

typedef struct fvi_h5_message {
    int type;   /* -1: there are no more */
    int shared; /* the body is a reference to a message elsewhere */
    fvi_h5_cursor body;
} fvi_h5_message;

#define FVI_H5_WAITING 64
/* A walk over the messages of one object header. */
typedef struct fvi_h5_messages {
    const fvi_hdf5 *f;
    uint64_t address; /* of the header, for messages */
    int version, flags;
    fvi_h5_cursor block; /* what is left of the present block */
    int waiting;         /* continuation blocks that were named and not read yet */
    struct {
        uint64_t address, size;
    } next[FVI_H5_WAITING];
} fvi_h5_messages;

/* Begins a walk over the messages of the object header at an address. */
fv_status fvi_h5_messages_begin(const fvi_hdf5 *f, uint64_t address, fvi_h5_messages *out,
                                fv_error *err);
/* The next message; continuations are followed and not shown. */
fv_status fvi_h5_messages_next(fvi_h5_messages *m, fvi_h5_message *out, fv_error *err);

/* The first message of a type; type -1: there is none.  errors  UNSUPPORTED it is shared */
fv_status fvi_h5_message_find(const fvi_hdf5 *f, uint64_t header, int type, fvi_h5_message *out,
                              fv_error *err);
/* What an object is, by its messages. */
fv_status fvi_h5_kind(const fvi_hdf5 *f, uint64_t header, fvi_hdf5_kind *out, fv_error *err);

#endif
