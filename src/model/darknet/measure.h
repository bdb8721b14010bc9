/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and weights of one of Darknet's layers. */
#ifndef FVI_MODEL_DARKNET_MEASURE_H
#define FVI_MODEL_DARKNET_MEASURE_H

#include "model/darknet/file.h"

/* Padding of a window that a section states: `padding`, or half of the window where `pad` is 1. */
int64_t fvi_darknet_padding(fvi_darknet_layer *l, int64_t size);

#define FVI_DARKNET_LAYER(name, measure, lower, refused) \
    void fvi_darknet_measure_##measure(fvi_darknet *d, int index);
#include "model/darknet/layers.def"
#undef FVI_DARKNET_LAYER

#endif
