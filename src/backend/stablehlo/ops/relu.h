/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass of ReLUs, leaky ReLUs and clips; guided and redirected too. */
#ifndef FVI_BACKEND_STABLEHLO_OPS_RELU_H
#define FVI_BACKEND_STABLEHLO_OPS_RELU_H

#include "backend/stablehlo/ops/emitter.h"

/* Whether a node is a ReLU, leaky ReLU or clip, whose gradient may be redirected and guided. */
int fvi_emitter_is_relu(const fvi_node *n);
/* The gradient before it, of g after it. */
int fvi_emitter_relu_back(fvi_emitter *e, const fvi_node *n, int g);

#endif
