/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of rendering that `fovea bench` times. Not installed, as bench.h is not. */
#ifndef FOVEA_PRIVATE_STAGE_H
#define FOVEA_PRIVATE_STAGE_H

/* What an update's time is spent on. */
typedef enum fv_stage {
    FV_STAGE_PARAM,     /* parameters -> pixels, and their gradient back */
    FV_STAGE_TRANSFORM, /* transforms, tiles, mean and scale; there and back */
    FV_STAGE_PLAN,      /* making the network ready for a size it has not had yet */
    FV_STAGE_NETWORK,   /* forward and backward */
    FV_STAGE_OBJECTIVE, /* values and their gradients, terms of the picture included */
    FV_STAGE_OPTIMIZER, /* normalised gradients, the step, regularisers */
    FV_STAGE_OTHER,     /* between updates: snapshots, progress */
    FV_STAGE_COUNT
} fv_stage;

#endif
