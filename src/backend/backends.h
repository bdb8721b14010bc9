/* SPDX-License-Identifier: Apache-2.0 */
/* The backends this library has. */
#ifndef FVI_BACKEND_BACKENDS_H
#define FVI_BACKEND_BACKENDS_H

#include "backend/backend.h"

/* Backend i of those there are, the one used by default first; NULL beyond the last. */
const fvi_backend *fvi_backends_at(int i);

#endif
