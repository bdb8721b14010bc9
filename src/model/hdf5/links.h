/* SPDX-License-Identifier: Apache-2.0 */
/* The links of a group of any form. */
#ifndef FVI_MODEL_HDF5_LINKS_H
#define FVI_MODEL_HDF5_LINKS_H

#include "model/hdf5/link.h"

/* Visits the links of the group whose object header is at an address, in the order that they lie
 * in the file. */
fv_status fvi_h5_links(const fvi_hdf5 *f, uint64_t header, fvi_h5_link_visit visit, void *user,
                       fv_error *err);

#endif
