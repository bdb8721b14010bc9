/* SPDX-License-Identifier: Apache-2.0 */
/* A device: a backend for one model, with what the model's executables share: the weights in the
 * device's layouts, and the limit on its memory. It may be used from several threads.
 */
#ifndef FVI_BACKEND_DEVICE_H
#define FVI_BACKEND_DEVICE_H

#include <stddef.h>

#include "fovea/fovea.h"

typedef struct fvi_backend fvi_backend; /* backend.h */
typedef struct fvi_device fvi_device;

typedef struct fvi_device_desc {
    fv_precision precision; /* requested for convolutions and matrix products; 0: F32 */
    size_t memory;          /* bytes at most, for the weights and any one executable; 0: no limit */
    /* Called with constants' bytes that were copied and will probably not be read again; or NULL.
     */
    void (*release)(const void *user, const void *bytes, size_t size);
    const void *user;
    const char *plugin;   /* path of the plug-in, for the backend that takes one */
    int index;            /* which of its devices */
    const char *programs; /* folder for its compiled programs, or NULL */
} fvi_device_desc;

/*   backend  one of backends.h, or a backend of a test
 *   desc     copied; what .user points to outlives the device */
fv_status fvi_device_new(const fvi_backend *backend, const fvi_device_desc *desc, fvi_device **out,
                         fv_error *err);
/* To be called after the executables of the device were freed. */
void fvi_device_free(fvi_device *d);

/* What runs it, for people: "oneDNN 2.6.3"; as long as the device. */
const char *fvi_device_name(const fvi_device *d);

/* The precision used: F32 if the device lacks the one requested. */
fv_precision fvi_device_precision(const fvi_device *d);

/* Whether it makes updates (update.h). */
int fvi_device_has_updates(const fvi_device *d);

/* Drops what was made of a constant, by the address of its bytes, which are about to be freed. No
 * executable that uses it may be left. */
void fvi_device_forget(fvi_device *d, const void *bytes);

/* Bytes of weights: in the device's own memory, and used directly from the file. */
void fvi_device_bytes(fvi_device *d, size_t *own, size_t *in_file);

/* Bytes of numbers copied so far to and from the memory of the device, and of others that share its
 * plug-in; 0 where the device works in the host's memory. */
void fvi_device_copied(const fvi_device *d, size_t *to, size_t *from);

#endif
