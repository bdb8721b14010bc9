/* SPDX-License-Identifier: Apache-2.0 */
/* A device: a backend made ready for one model, with what the model's executables share: the
 * weights as the device wants them, and the limit on its memory. Safe to use from several threads.
 */
#ifndef FVI_BACKEND_DEVICE_H
#define FVI_BACKEND_DEVICE_H

#include <stddef.h>

#include "fovea/fovea.h"

typedef struct fvi_backend fvi_backend; /* backend.h */
typedef struct fvi_device fvi_device;

typedef struct fvi_device_desc {
    fv_precision precision; /* wanted of convolutions and matrix products: F32 or BF16 */
    size_t memory;          /* bytes at most, for the weights and any one executable; 0: no limit */
    /* Told of constants' bytes that have been copied and will hardly be read again; or NULL. */
    void (*release)(const void *user, const void *bytes, size_t size);
    const void *user;
} fvi_device_desc;

/*   backend  a row of backends.h, or a test's own
 *   desc     copied; what .user points to outlives the device */
fv_status fvi_device_new(const fvi_backend *backend, const fvi_device_desc *desc, fvi_device **out,
                         fv_error *err);
/* After the executables of the device. */
void fvi_device_free(fvi_device *d);

/* The precision used: F32 where the device does not have what was wanted. */
fv_precision fvi_device_precision(const fvi_device *d);

/* Bytes of weights: in memory of the device's own, and used where they are in the file. */
void fvi_device_bytes(fvi_device *d, size_t *own, size_t *in_file);

#endif
