/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of weights. */
#ifndef FVI_MODEL_NETWORK_WEIGHT_STATS_H
#define FVI_MODEL_NETWORK_WEIGHT_STATS_H

#include "model/network/network.h"

/* Statistics of a layer's weights.  errors  ARG no such index; NOMEM */
fv_status fvi_network_weight_stats(const fvi_network *net, int layer, fv_weight_stats *out,
                                   fv_error *err);

#endif
