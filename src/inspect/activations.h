/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of activations. */
#ifndef FVI_INSPECT_ACTIVATIONS_H
#define FVI_INSPECT_ACTIVATIONS_H

#include "fovea/fovea.h"

/* Numbers of a channel. */
int64_t fvi_activations_plane(const fv_activations *a);

#endif
