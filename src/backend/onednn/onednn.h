/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN as a backend. Nothing else of this folder is for the rest of the library. */
#ifndef FVI_BACKEND_ONEDNN_ONEDNN_H
#define FVI_BACKEND_ONEDNN_ONEDNN_H

#include "backend/backend.h"

extern const fvi_backend fvi_backend_onednn;

#endif
