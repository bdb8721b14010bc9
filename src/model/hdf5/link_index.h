/* SPDX-License-Identifier: Apache-2.0 */
/* All links of a file's groups, read once when it is opened, so that a path is found in steps that
 * do not grow with the file. */
#ifndef FVI_MODEL_HDF5_LINK_INDEX_H
#define FVI_MODEL_HDF5_LINK_INDEX_H

#include "model/hdf5/link.h"

typedef struct fvi_h5_link_index fvi_h5_link_index;

/* Reads the links of all groups that can be reached from the root by hard links. A group that is
 * damaged or cannot be read is left out: whoever looks into it is told.
 *   out     to be freed with fvi_h5_link_index_free
 *   errors  NOMEM more than 2^20 links, or no memory; FORMAT they take more than a call's work */
fv_status fvi_h5_link_index_new(const fvi_hdf5 *f, fvi_h5_link_index **out, fv_error *err);
void fvi_h5_link_index_free(fvi_h5_link_index *index);

/* The link of a name in the group whose object header is at an address; NULL: there is none.
 *   errors  those of reading the group, where it was left out */
fv_status fvi_h5_link_index_find(const fvi_hdf5 *f, uint64_t group, const char *name, size_t size,
                                 const fvi_h5_link **out, fv_error *err);

#endif
