/* SPDX-License-Identifier: Apache-2.0 */
/* The backends this library has. */
#ifndef FVI_BACKEND_BACKENDS_H
#define FVI_BACKEND_BACKENDS_H

#include "backend/backend.h"

/* The processor's; and that of accelerators, whose devices need a plug-in (device.h). */
extern const fvi_backend *const fvi_backend_processor, *const fvi_backend_accelerator;

#endif
