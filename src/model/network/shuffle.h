/* SPDX-License-Identifier: Apache-2.0 */
/* Networks with shuffled weights. */
#ifndef FVI_MODEL_NETWORK_SHUFFLE_H
#define FVI_MODEL_NETWORK_SHUFFLE_H

#include "model/network/network.h"

/* The same network with the weights of some layers in another order; see fv_model_shuffle.
 *   base    borrowed: must outlive *out
 *   errors  ARG no such layer, or base is a shuffled network itself; NOMEM */
fv_status fvi_network_shuffle(const fvi_network *base, const int *layers, int count, uint64_t seed,
                              fvi_network **out, fv_error *err);

#endif
