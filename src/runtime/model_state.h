/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a fv_model: a network, its lowered graphs, and the device that runs them and holds
 * the weights. */
#ifndef FVI_RUNTIME_MODEL_STATE_H
#define FVI_RUNTIME_MODEL_STATE_H

#include "backend/device.h"
#include "model/network/network.h"

struct fv_model {
    fvi_network *network;
    fv_precision precision;            /* asked for; never 0 */
    char *output_note;                 /* what was chosen among several outputs, or NULL */
    fvi_device *device;                /* shared by the model's sessions, with its own lock */
    struct fvi_model_devices *devices; /* others that sessions asked for (devices.h) */
    struct fvi_budget *budget;         /* the same; memory_budget.h */
    struct fvi_lowered *lowered;       /* the same (lowered.h) */
};

#endif
