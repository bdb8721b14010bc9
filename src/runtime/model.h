/* SPDX-License-Identifier: Apache-2.0 */
/* What a fv_model is: a network, its graphs for the shapes asked for so far, and its weights in the
 * layouts plans have asked for so far. */
#ifndef FVI_RUNTIME_MODEL_H
#define FVI_RUNTIME_MODEL_H

#include "runtime/lowered.h"
#include "runtime/memory_budget.h"
#include "model/network.h"
#include "backend/onednn/weight_cache.h"

struct fv_model {
    fv_precision precision; /* F32 or BF16 */
    fvi_network *network;
    fvi_weight_cache *weights; /* shared by the model's sessions; locked inside */
    fvi_budget *budget;        /* the same; what else is held for work with it */
    fvi_lowered *lowered;      /* the same */
};

#endif
