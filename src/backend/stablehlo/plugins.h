/* SPDX-License-Identifier: Apache-2.0 */
/* Plug-ins of accelerators: where they are, and what devices each has. */
#ifndef FVI_BACKEND_STABLEHLO_PLUGINS_H
#define FVI_BACKEND_STABLEHLO_PLUGINS_H

#include "backend/backend.h"

/* The function `list` of the backend's table: loads and starts the plug-ins at some places
 * (fv_devices_find), and tells `add` each device. */
void fvi_plugins_list(const char *const *places, int count, fvi_add_device *add, void *user);

#endif
