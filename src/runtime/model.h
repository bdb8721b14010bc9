/* SPDX-License-Identifier: Apache-2.0 */
/* What a fv_model is: a network, its graphs for the shapes asked for so far, and the device that
 * runs them, which holds the weights. */
#ifndef FVI_RUNTIME_MODEL_H
#define FVI_RUNTIME_MODEL_H

#include "backend/device.h"
#include "model/network/network.h"
#include "runtime/lowered.h"
#include "runtime/memory_budget.h"

struct fv_model {
    fvi_network *network;
    fvi_device *device;   /* shared by the model's sessions; locked inside */
    fvi_budget *budget;   /* the same; what else is held for work with it */
    fvi_lowered *lowered; /* the same */
};

#endif
