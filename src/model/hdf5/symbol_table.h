/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the old form. */
#ifndef FVI_MODEL_HDF5_SYMBOL_TABLE_H
#define FVI_MODEL_HDF5_SYMBOL_TABLE_H

#include "model/hdf5/link.h"

/* Visits the links of a group, given the body of its symbol table message; sorted by name. */
fv_status fvi_h5_symbol_table_links(const fvi_hdf5 *f, fvi_h5_cursor message,
                                    fvi_h5_link_visit visit, void *user, fv_error *err);

#endif
