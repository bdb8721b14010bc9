/* SPDX-License-Identifier: Apache-2.0 */
/* The backend for accelerators: a graph becomes two StableHLO programs, which a PJRT plug-in
 * compiles and runs on its device. */
#ifndef FVI_BACKEND_STABLEHLO_STABLEHLO_H
#define FVI_BACKEND_STABLEHLO_STABLEHLO_H

#include "backend/backend.h"

/* A device of it needs fvi_device_desc.plugin. */
extern const fvi_backend fvi_backend_stablehlo;

#endif
