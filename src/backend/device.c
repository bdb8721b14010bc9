/* SPDX-License-Identifier: Apache-2.0 */
/* device: calls the functions of the backend's table. */
#include "backend/device.h"

#include <stdlib.h>

#include "backend/device_internal.h"
#include "base/error.h"

fv_status fvi_device_new(const fvi_backend *backend, const fvi_device_desc *desc, fvi_device **out,
                         fv_error *err) {
    fvi_device *d = calloc(1, sizeof *d);
    if (!d) return fvi_fail(err, FV_NOMEM, "out of memory");
    d->backend = backend;
    fv_status st = backend->device_new(desc, &d->self, err);
    if (st)
        free(d);
    else
        *out = d;
    return st;
}

void fvi_device_free(fvi_device *d) {
    if (!d) return;
    d->backend->device_free(d->self);
    free(d);
}

const char *fvi_device_name(const fvi_device *d) { return d->backend->device_name(d->self); }

fv_precision fvi_device_precision(const fvi_device *d) {
    return d->backend->device_precision(d->self);
}

int fvi_device_has_updates(const fvi_device *d) { return d->backend->updates != NULL; }

void fvi_device_bytes(fvi_device *d, size_t *own, size_t *in_file) {
    d->backend->device_bytes(d->self, own, in_file);
}

void fvi_device_copied(const fvi_device *d, size_t *to, size_t *from) {
    *to = *from = 0;
    if (d->backend->device_copied) d->backend->device_copied(d->self, to, from);
}

void fvi_device_forget(fvi_device *d, const void *bytes) {
    if (d->backend->device_forget) d->backend->device_forget(d->self, bytes);
}
