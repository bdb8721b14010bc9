/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN as a backend. The rest of the library includes no other header of this folder. */
#ifndef FVI_BACKEND_ONEDNN_ONEDNN_H
#define FVI_BACKEND_ONEDNN_ONEDNN_H

#include "backend/backend.h"

extern const fvi_backend fvi_backend_onednn;

#endif
