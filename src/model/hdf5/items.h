/* SPDX-License-Identifier: Apache-2.0 */
/* The links of a new group and the attributes of any object: messages of one type, in the object's
 * header or in a heap. */
#ifndef FVI_MODEL_HDF5_ITEMS_H
#define FVI_MODEL_HDF5_ITEMS_H

#include "model/hdf5/blocks/file.h"

/* Called with each message's body. It sets *stop to end the walk. */
typedef fv_status (*fvi_h5_item_visit)(void *user, fvi_h5_cursor body, int *stop, fv_error *err);
/* Visits the messages of a type, FVI_H5_LINK or FVI_H5_ATTRIBUTE.
 *   errors  UNSUPPORTED  one of them is shared; FORMAT; the visitor's */
fv_status fvi_h5_items(const fvi_hdf5 *f, uint64_t header, int type, fvi_h5_item_visit visit,
                       void *user, fv_error *err);

#endif
