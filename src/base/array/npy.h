/* SPDX-License-Identifier: Apache-2.0 */
/* NPY files that are in memory; fv_tensor_save, which writes them, is in the same place. */
#ifndef FVI_BASE_NPY_H
#define FVI_BASE_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* Whether bytes begin as an NPY file does. */
int fvi_npy_probe(const uint8_t *bytes, size_t size);
/* Reads the array of an NPY file.
 *   out     to be freed with fv_tensor_free
 *   errors  FORMAT, as fv_tensor_load's; NOMEM */
fv_status fvi_npy_read(const uint8_t *bytes, size_t size, fv_tensor **out, fv_error *err);

#endif
