/* SPDX-License-Identifier: Apache-2.0 */
/* The device, as device.c and executable.c know it. */
#ifndef FVI_BACKEND_DEVICE_INTERNAL_H
#define FVI_BACKEND_DEVICE_INTERNAL_H

#include "backend/backend.h"

struct fvi_device {
    const fvi_backend *backend;
    void *self; /* the backend's own device, from its device_new */
};

#endif
