/* SPDX-License-Identifier: Apache-2.0 */
/* A link: a member's name in a group and where it leads. */
#ifndef FVI_MODEL_HDF5_LINK_H
#define FVI_MODEL_HDF5_LINK_H

#include "model/hdf5/blocks/file.h"

enum { FVI_H5_HARD = 0, FVI_H5_SOFT = 1, FVI_H5_EXTERNAL = 64 };

typedef struct fvi_h5_link {
    const char *name; /* [name_size] in the file, not ended */
    size_t name_size;
    int type;           /* HARD, SOFT, EXTERNAL, or another number that the file has */
    uint64_t header;    /* of a hard link: address of the object's header */
    const char *target; /* of a soft link: [target_size], a path */
    size_t target_size;
    int64_t order; /* of creation; -1: the file does not say */
} fvi_h5_link;

/* Called with each link. It sets *stop to end the walk. */
typedef fv_status (*fvi_h5_link_visit)(void *user, const fvi_h5_link *link, int *stop,
                                       fv_error *err);

#endif
