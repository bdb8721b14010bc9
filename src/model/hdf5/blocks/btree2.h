/* SPDX-License-Identifier: Apache-2.0 */
/* B-trees of version 2. */
#ifndef FVI_MODEL_HDF5_BLOCKS_BTREE2_H
#define FVI_MODEL_HDF5_BLOCKS_BTREE2_H

#include "model/hdf5/blocks/file.h"

/* Called with each record. It sets *stop to end the walk. */
typedef fv_status (*fvi_h5_record_visit)(void *user, fvi_h5_cursor record, int *stop,
                                         fv_error *err);
/* Visits the records of a tree, whose type must be the one given, in order. */
fv_status fvi_h5_records(const fvi_hdf5 *f, uint64_t address, int type, fvi_h5_record_visit visit,
                         void *user, fv_error *err);

#endif
