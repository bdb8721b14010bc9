/* SPDX-License-Identifier: Apache-2.0 */
/* backends: which there are. */
#include "backend/backends.h"

#include "backend/onednn/onednn.h"
#include "backend/stablehlo/stablehlo.h"

const fvi_backend *const fvi_backend_processor = &fvi_backend_onednn;
const fvi_backend *const fvi_backend_accelerator = &fvi_backend_stablehlo;
