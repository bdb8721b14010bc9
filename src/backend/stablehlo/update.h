/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of updates (backend/update.h) for this backend. */
#ifndef FVI_BACKEND_STABLEHLO_UPDATE_H
#define FVI_BACKEND_STABLEHLO_UPDATE_H

#include "backend/backend.h"
#include "backend/update.h"

extern const fvi_backend_updates fvi_hlo_updates;

#endif
