/* SPDX-License-Identifier: Apache-2.0 */
/* What a fv_model is: a network, its graphs for the shapes asked for so far, and the device that
 * runs them, which holds the weights. */
#ifndef FVI_RUNTIME_MODEL_STATE_H
#define FVI_RUNTIME_MODEL_STATE_H

#include "backend/device.h"
#include "model/network/network.h"

struct fv_model {
    fvi_network *network;
    fvi_device *device;          /* shared by the model's sessions; locked inside */
    struct fvi_budget *budget;   /* the same; what else work with it holds (memory_budget.h) */
    struct fvi_lowered *lowered; /* the same (lowered.h) */
};

#endif
