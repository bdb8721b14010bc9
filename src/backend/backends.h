/* SPDX-License-Identifier: Apache-2.0 */
/* The backends this library has. */
#ifndef FVI_BACKEND_BACKENDS_H
#define FVI_BACKEND_BACKENDS_H

#include "backend/backend.h"

/* Backend i; the default one is 0. NULL beyond the last. */
const fvi_backend *fvi_backends_at(int i);

#endif
