/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering Darknet's layers: one function a row of layers.def names. */
#ifndef FVI_MODEL_DARKNET_OPERATORS_H
#define FVI_MODEL_DARKNET_OPERATORS_H

#include "model/darknet/file.h"
#include "model/operations/layers.h"

#define FVI_DARKNET_LAYER(name, measure, lower, refused) void fvi_darknet_lower_##lower(fvi_site *);
#include "model/darknet/layers.def"
#undef FVI_DARKNET_LAYER

#endif
